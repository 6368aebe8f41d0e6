import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { tenantIdIn, tenantNames } from '../contract/naming';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, surroundingsOf } from '../shared/clients';
import { env } from '../shared/env';
import { pause } from '../shared/invocation';
import { logger } from '../shared/logger';
import { findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { awaitPassword, setPassword } from './master-password';
import { type RotationSession, rotationSessions } from './rotation-sessions';
import { beginVersion, passwordOf, promote, stagesOf, stateIn } from './secret-versions';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

const Input = z.object({ SecretId: z.string(), ClientRequestToken: z.string(), Step: z.enum(STEPS) });
const Output = z.object({});

export interface RotateDeps {
  readonly table: TenantsTable;
  readonly sessionOf: (tenantId: string) => Promise<RotationSession>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** A tenant whose database is being made, or is in use. */
const HAS_DATABASE: readonly string[] = ['ONBOARDING', 'ACTIVE', 'SUSPENDED', 'HELD'];

/** The tenant that a secret is of, by its name: `tenants/TENANTID/database`. @throws PlatformError `InvalidRequest` */
function tenantOf(secretArn: string): string {
  const tenantId = tenantIdIn(secretArn);
  if (tenantId && secretArn.includes(`:secret:${tenantNames.secret(tenantId)}-`)) return tenantId;
  throw new PlatformError('InvalidRequest', `${secretArn} is no master secret of a tenant`);
}

/**
 * Rotates the master password of a tenant's database, one step a call, as Secrets Manager asks for them:
 *
 * 1. createSecret: a new password, as the secret's version AWSPENDING.
 * 2. setSecret: RDS sets it on the instance. RDS needs no earlier password for that, so a rotation that was
 *    killed anywhere is taken up from its first step.
 * 3. testSecret: wait until the database accepts it. RDS applies it some time after its answer.
 * 4. finishSecret: the version becomes AWSCURRENT.
 *
 * Each step may be called again, and does nothing that is done. All access to secret and instance is by a session of
 * one role for this one tenant: the function's own role has none. The steps of a rotation share it.
 *
 * The password is rotated for a tenant that has a database. For one that is being undone nothing is done, as its
 * secret is about to go.
 *
 * "Rotation by Lambda function" (AWS Secrets Manager User Guide).
 *
 * Throws `TransientConflict` while RDS changes the instance, or when the password has not come into force in
 * time. Secrets Manager then begins anew with the first step.
 */
export const rotateMasterSecret: Action<typeof Input, typeof Output, RotateDeps> = {
  name: 'RotateMasterSecret',
  input: Input,
  output: Output,
  run: async ({ table, sessionOf, lambda, pause }, input) => {
    const { SecretId, ClientRequestToken, Step } = input;
    const tenantId = tenantOf(SecretId);
    const record = await findTenant(table, tenantId);
    const cell = record?.slot?.cell;
    if (!record || !cell || !HAS_DATABASE.includes(record.status)) {
      logger.info('rotation.left', { tenantId, rotationStep: Step, status: record?.status });
      return {};
    }
    const { secrets, rds, made } = await sessionOf(tenantId);
    const version = { secrets, secretId: SecretId, versionId: ClientRequestToken };
    const stages = await stagesOf(version);
    if (stateIn(stages, version) === 'current') return {};
    const database = { rds, lambda, tenantId, cell };
    const known = made.get(ClientRequestToken);
    const login = async () => known?.login ?? (await passwordOf(version));
    if (Step === 'createSecret') {
      const begun = await beginVersion(version);
      if (begun) made.set(ClientRequestToken, { login: begun, isTold: false });
    }
    if (Step === 'setSecret') {
      const isNew = known?.isTold === false;
      // The step may be called again after RDS was told, and its answer lost: then the database is asked.
      if (known) known.isTold = true;
      await setPassword(database, await login(), { isNew });
    }
    if (Step === 'testSecret') await awaitPassword(database, await login(), pause);
    if (Step === 'finishSecret') await promote(version, stages);
    logger.info('rotation.step', { tenantId, rotationStep: Step });
    return {};
  },
};

const rotating = (): RotateDeps => {
  const [secrets, rds] = [new SecretsManagerClient(clientOptions), new RDSClient(clientOptions)];
  return {
    table: tenantsTable(),
    sessionOf: rotationSessions({
      get accountId() {
        return env('ACCOUNT_ID');
      },
      sts: new STSClient(clientOptions),
      secretsAs: (credentials) => new SecretsManagerClient({ ...surroundingsOf(secrets), credentials }),
      rdsAs: (credentials) => new RDSClient({ ...surroundingsOf(rds), credentials }),
    }),
    lambda: new LambdaClient(clientOptions),
    pause,
  };
};

export const handler = actionHandler(rotateMasterSecret, rotating());
