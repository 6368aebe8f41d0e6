import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { differingFields } from '../contract/signup-difference';

/**
 * Checks that a signup is the one that its tenant was made of. The tenant stays as it is in either
 * case.
 *
 * @param input an execution's input, which may be malformed
 * @throws PlatformError `SignupConflict`; the message names the fields that differ
 */
export function requireSameSignup(input: unknown, record: TenantRecord): void {
  const fields = differingFields(input, record);
  if (fields.length === 0) return;
  const { signupId, tenantId, status } = record;
  throw new PlatformError(
    'SignupConflict',
    `signup ${signupId} differs in ${fields.join(', ')} from the one of tenant ${tenantId}, which stays ${status}`,
  );
}
