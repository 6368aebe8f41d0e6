import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import { PlatformError } from '../contract/errors';
import { tenantNames } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { onceVisible } from '../shared/once-visible';
import { assumeTenantRole, type SessionCredentials } from '../tenants/tenant-session';
import { callSetUp } from './cell-database';
import type { RestoreStep } from './copy-call';
import { type MasterLogin, masterLogin, pendingLogin } from './secret-versions';

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
  /** Whether the roles of the database are on record as this release's. */
  readonly rolesAreMade: boolean;
  /** A step of a restore of the database. */
  readonly restore?: RestoreStep;
}

/** "PostgreSQL Error Codes": the server knows the user, and not this password. */
const isWrongPassword = (thrown: unknown): thrown is Error =>
  isNamed(thrown, 'AccessDenied') && thrown.message.includes('(28P01)');

/**
 * Reads the master user's secret with the tenant's role, as nobody else may, and calls SetUpDatabase of the
 * tenant's cell with it.
 *
 * A rotation may change the password at any moment. So a refused password is read anew: first as the rotation has
 * just set it, and then as it has been promoted meanwhile.
 *
 * @throws PlatformError `TransientNotYetVisible` while the tenant's role is too young; `TransientConflict` when a
 * rotation is between two passwords; and as `answerOf`
 */
export async function setUpAsTenant(
  { sts, secretsAs, lambda, signLogin }: SetUpAsTenantDeps,
  { tenantId, externalId, roleArn, cell, secretId, host, port, to, living, rolesAreMade, restore }: DatabaseOfTenant,
) {
  const terms = { roleArn, externalId, tenantId };
  const credentials = await onceVisible(assumeTenantRole(sts, terms, `PrepareDatabase-${tenantId}`));
  const secrets = secretsAs(credentials);
  const setUp = async ({ username, password }: MasterLogin) =>
    await callSetUp(lambda, cell, {
      ...{ tenantId, host, port, user: username, password, to, living, rolesAreMade, restore },
      token: await signLogin({ hostname: host, port, username }),
      applicationUser: tenantNames.databaseUser(tenantId),
      readerUser: tenantNames.databaseReader(tenantId),
    });
  const first = await onceVisible(masterLogin(secrets, secretId, 'AWSCURRENT'));
  try {
    return await setUp(first);
  } catch (thrown) {
    if (!isWrongPassword(thrown)) throw thrown;
    const next = await pendingLogin(secrets, secretId);
    const login = next && next.password !== first.password ? next : await masterLogin(secrets, secretId, 'AWSCURRENT');
    if (login.password === first.password) throw thrown;
    return await setUp(login).catch((again: unknown) => {
      if (!isWrongPassword(again)) throw again;
      const message = `the master password of tenant ${tenantId} is being rotated: ${again.message}`;
      throw new PlatformError('TransientConflict', message, { cause: again });
    });
  }
}
