import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { TENANT_TAG } from '../../contract/naming';
import type { Terms } from './doors';

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** "AssumeRole": the shortest session there is. */
const SESSION_SECONDS = 900;

/** Takes on a role on whatever terms; the shared service names external id and session tag. */
export async function takingOn(sts: STSClient, terms: Terms, sessionName: string): Promise<SessionCredentials> {
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: terms.roleArn,
      RoleSessionName: sessionName,
      DurationSeconds: SESSION_SECONDS,
      ...(terms.externalId !== undefined && { ExternalId: terms.externalId }),
      ...(terms.tenantId !== undefined && { Tags: [{ Key: TENANT_TAG, Value: terms.tenantId }] }),
    }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new Error('AssumeRole answered without credentials');
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}
