import { AssumeRoleCommand, type AssumeRoleCommandInput, type STSClient } from '@aws-sdk/client-sts';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG } from '../contract/naming';

/** What a caller names when it assumes a tenant's role. Only a probe leaves something out. */
export interface SessionTerms {
  readonly roleArn: string;
  readonly externalId?: string;
  /** The tenant of the session tag. */
  readonly tenantId?: string;
}

/** Credentials of one session, in the form that the clients of the SDK take. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration?: Date;
}

/** "AssumeRole": the shortest session that AWS grants. */
export const SESSION_SECONDS = 900;

/**
 * Opens a session of a role, for as short as AWS grants.
 *
 * @throws PlatformError `UnexpectedFailure` when AWS answers without credentials; every error of
 * STS under its own name
 */
export async function openSession(
  sts: Pick<STSClient, 'send'>,
  input: Omit<AssumeRoleCommandInput, 'DurationSeconds'>,
): Promise<SessionCredentials> {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ ...input, DurationSeconds: SESSION_SECONDS }));
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken)
    throw new PlatformError('UnexpectedFailure', 'AssumeRole answered without credentials');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    ...(Expiration && { expiration: Expiration }),
  };
}

/**
 * Assumes a tenant's role. It is the only code that does: the shared service, ActivateTenant and
 * the probes of VerifyIsolation send the same request, so a probe tries what the shared service
 * relies on.
 *
 * @param sessionName names the caller in CloudTrail
 * @throws as `openSession`
 */
export async function assumeTenantRole(
  sts: Pick<STSClient, 'send'>,
  { roleArn, externalId, tenantId }: SessionTerms,
  sessionName: string,
): Promise<SessionCredentials> {
  return await openSession(sts, {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId !== undefined && { ExternalId: externalId }),
    ...(tenantId !== undefined && { Tags: [{ Key: TENANT_TAG, Value: tenantId }] }),
  });
}
