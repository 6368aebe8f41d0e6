import type { STSClient } from '@aws-sdk/client-sts';
import { repeated } from '../../shared/repeated';
import { assumeTenantRole, type SessionCredentials, type SessionTerms } from '../../tenants/tenant-session';
import { Unanswered } from '../check';
import { isDenial } from './attempt';

/**
 * Opens a session on terms that AWS should allow.
 *
 * @throws Unanswered when AWS denies it: no probe behind it can be made
 */
export async function openSession(sts: STSClient, terms: SessionTerms, name: string): Promise<SessionCredentials> {
  try {
    return await repeated(() => assumeTenantRole(sts, terms, name));
  } catch (thrown) {
    if (!isDenial(thrown)) throw thrown;
    throw new Unanswered(`role ${terms.roleArn} cannot be assumed: AWS denies it`, 'role');
  }
}
