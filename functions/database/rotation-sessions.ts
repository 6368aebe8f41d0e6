import type { RDSClient } from '@aws-sdk/client-rds';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import { rotationRoleArn } from '../contract/naming';
import { keptFor } from '../shared/kept-for';
import { assumeTenantRole, type SessionCredentials } from '../tenants/tenant-session';
import type { MasterLogin } from './secret-versions';

/** A login that an earlier step has just made. */
interface MadeLogin {
  readonly login: MasterLogin;
  /** Whether RDS may know it: a step has begun to tell. */
  isTold: boolean;
}

/** Clients with the credentials of a session for one tenant. */
export interface RotationSession {
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly rds: Pick<RDSClient, 'send'>;
  /** By id of its version. The value of a version never changes ("PutSecretValue"). */
  readonly made: Map<string, MadeLogin>;
}

interface Opening {
  readonly sts: Pick<STSClient, 'send'>;
  readonly accountId: string;
  readonly secretsAs: (credentials: SessionCredentials) => RotationSession['secrets'];
  readonly rdsAs: (credentials: SessionCredentials) => RotationSession['rds'];
}

/**
 * Milliseconds. The four steps of a rotation follow one another within a minute or two, mostly in one process. AWS
 * grants a session for fifteen minutes, and the longest step takes three.
 */
const GOOD_FOR = 120_000;

/** Opens a session for a tenant, or returns the one that an earlier step of its rotation has opened. */
export function rotationSessions(opening: Opening, now = Date.now): (tenantId: string) => Promise<RotationSession> {
  const open = async (tenantId: string) => {
    const terms = { roleArn: rotationRoleArn(opening.accountId), tenantId };
    const credentials = await assumeTenantRole(opening.sts, terms, `RotateMasterSecret-${tenantId}`);
    const [secrets, rds] = [opening.secretsAs(credentials), opening.rdsAs(credentials)];
    return { secrets, rds, made: new Map<string, MadeLogin>() };
  };
  const sessions = new Map<string, { readonly since: number; readonly session: () => Promise<RotationSession> }>();
  return async (tenantId) => {
    for (const [each, { since }] of sessions) if (now() - since >= GOOD_FOR) sessions.delete(each);
    const kept = sessions.get(tenantId) ?? {
      since: now(),
      session: keptFor({ ms: GOOD_FOR, now }, () => open(tenantId)),
    };
    sessions.set(tenantId, kept);
    return await kept.session();
  };
}
