import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import * as z from 'zod';
import { tenantNames } from '../contract/naming';
import { PrepareDatabaseInput, PrepareDatabaseOutput } from '../contract/onboarding';
import { SET_UP_DATABASE_SECONDS } from '../contract/time-limits';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, EndingWithInvocation, REQUEST_LIMITS } from '../shared/clients';
import { onceVisible } from '../shared/once-visible';
import { parseAt } from '../shared/parse-at';
import { assumeTenantRole, type SessionCredentials } from '../tenants/tenant-session';
import { guardForward, recordDatabase } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { callSetUp } from './cell-database';
import { ROLES_REVISION } from './release-facts';

interface Login {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
}

export interface PrepareDatabaseDeps {
  readonly table: TenantsTable;
  readonly sts: Pick<STSClient, 'send'>;
  /** A client of Secrets Manager with the credentials of a session. */
  readonly secretsAs: (credentials: SessionCredentials) => Pick<SecretsManagerClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly signLogin: (login: Login) => Promise<string>;
  readonly now: () => Date;
}

/** What RDS and the template have put into the secret. */
const MasterSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

/**
 * Makes the tenant's database ready for the application: roles, schema, migrations.
 *
 * 1. This execution must own the tenant, and the tenant must be ONBOARDING.
 * 2. Read the master user's secret with the tenant's role, as nobody else may.
 * 3. Call SetUpDatabase of the tenant's cell, which logs in and does the work.
 * 4. Record the version of the schema, and how long it took.
 *
 * Called again after a crash, it finds its roles and migrations there. Undone by the deletion of the database
 * stack.
 *
 * Throws `ClaimLost`, `MigrationFailed`, and `TransientNotYetVisible` while the tenant's role is too young.
 * "Troubleshoot IAM": "Changes that I make are not always immediately visible".
 *
 * Retry budget: 20 retries, 2 + 4 + 8 + 16 + 32 + 15 x 60 = 962 s at most, half on average.
 */
export const prepareDatabase: Action<typeof PrepareDatabaseInput, typeof PrepareDatabaseOutput, PrepareDatabaseDeps> = {
  name: 'PrepareDatabase',
  input: PrepareDatabaseInput,
  output: PrepareDatabaseOutput,
  run: async ({ table, sts, secretsAs, lambda, signLogin, now }, { tenant, cell, stacks, executionArn }) => {
    const { tenantId, externalId } = tenant;
    const owned = { tenantId, executionArn };
    await guardForward(table, 'recordDatabase', owned);
    const began = now();
    const terms = { roleArn: stacks.access.outputs.RoleArn, externalId, tenantId };
    const credentials = await onceVisible(assumeTenantRole(sts, terms, `PrepareDatabase-${tenantId}`));
    const { SecretArn, EndpointAddress, EndpointPort } = stacks.database.outputs;
    const read = new GetSecretValueCommand({ SecretId: SecretArn });
    const { SecretString = '' } = await onceVisible(secretsAs(credentials).send(read));
    const { username, password } = parseAt(`secret ${SecretArn}`, MasterSchema, JSON.parse(SecretString || 'null'));
    const port = Number(EndpointPort);
    const { version } = await callSetUp(lambda, cell.name, {
      ...{ tenantId, host: EndpointAddress, port, user: username, password },
      token: await signLogin({ hostname: EndpointAddress, port, username }),
      applicationUser: tenantNames.databaseUser(tenantId),
      readerUser: tenantNames.databaseReader(tenantId),
    });
    const preparedAt = now();
    const database = {
      version,
      preparedAt: preparedAt.toISOString(),
      roles: ROLES_REVISION,
      seconds: (preparedAt.getTime() - began.getTime()) / 1000,
    };
    await recordDatabase(table, owned, database);
    return database;
  },
};

const realDeps = (): PrepareDatabaseDeps => ({
  table: tenantsTable(),
  sts: new STSClient(clientOptions),
  secretsAs: (credentials) => new SecretsManagerClient({ ...clientOptions, credentials }),
  lambda: new LambdaClient({
    ...clientOptions,
    // The answer comes when the work is done; a second attempt would only wait for the first one's lock.
    maxAttempts: 1,
    requestHandler: new EndingWithInvocation({
      ...REQUEST_LIMITS,
      requestTimeout: (SET_UP_DATABASE_SECONDS + 10) * 1000,
    }),
  }),
  signLogin: (login) => new Signer(login).getAuthToken(),
  now: () => new Date(),
});

export const handler = actionHandler(prepareDatabase, realDeps());
