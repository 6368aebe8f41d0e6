import type { LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { tenantNames } from '../contract/naming';
import { onceVisible } from '../shared/once-visible';
import { parseAt } from '../shared/parse-at';
import { assumeTenantRole, type SessionCredentials } from '../tenants/tenant-session';
import { callSetUp } from './cell-database';

interface Login {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
}

export interface SetUpAsTenantDeps {
  readonly sts: Pick<STSClient, 'send'>;
  /** A client of Secrets Manager with the credentials of a session. */
  readonly secretsAs: (credentials: SessionCredentials) => Pick<SecretsManagerClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly signLogin: (login: Login) => Promise<string>;
}

/** A tenant's database, and how far to bring it. */
export interface DatabaseOfTenant {
  readonly tenantId: string;
  readonly externalId: string;
  readonly roleArn: string;
  readonly cell: string;
  /** ARN or name of the master user's secret. */
  readonly secretId: string;
  readonly host: string;
  readonly port: number;
  readonly to: string;
  readonly living: boolean;
}

/** What RDS and the template have put into the secret. */
const MasterSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

/**
 * Reads the master user's secret with the tenant's role, as nobody else may, and calls SetUpDatabase of the
 * tenant's cell with it.
 *
 * @throws PlatformError `TransientNotYetVisible` while the tenant's role is too young, and as `callSetUp`
 */
export async function setUpAsTenant(
  { sts, secretsAs, lambda, signLogin }: SetUpAsTenantDeps,
  { tenantId, externalId, roleArn, cell, secretId, host, port, to, living }: DatabaseOfTenant,
) {
  const terms = { roleArn, externalId, tenantId };
  const credentials = await onceVisible(assumeTenantRole(sts, terms, `PrepareDatabase-${tenantId}`));
  const read = new GetSecretValueCommand({ SecretId: secretId });
  const { SecretString = '' } = await onceVisible(secretsAs(credentials).send(read));
  const { username, password } = parseAt(`secret ${secretId}`, MasterSchema, JSON.parse(SecretString || 'null'));
  return await callSetUp(lambda, cell, {
    ...{ tenantId, host, port, user: username, password, to, living },
    token: await signLogin({ hostname: host, port, username }),
    applicationUser: tenantNames.databaseUser(tenantId),
    readerUser: tenantNames.databaseReader(tenantId),
  });
}
