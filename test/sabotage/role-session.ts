import { functionRoleName } from '../../functions/contract/naming';
import type { Platform } from '../../local/platform';
import { roleCredentials } from '../bench/role-credentials';

/**
 * Credentials of a function's role, from a function that Lambda runs under it: nothing about the role
 * or its trust changes, and the test has no right that the function lacks.
 */
export async function sessionOf(platform: Platform, name: string) {
  const roleArn = `arn:aws:iam::${platform.outputs.accountId}:role/${functionRoleName(name)}`;
  const session = (await roleCredentials(platform, [{ name, roleArn }]))[name];
  if (!session) throw new Error(`no credentials of ${name}`);
  return {
    accessKeyId: session.AWS_ACCESS_KEY_ID,
    secretAccessKey: session.AWS_SECRET_ACCESS_KEY,
    sessionToken: session.AWS_SESSION_TOKEN,
  };
}
