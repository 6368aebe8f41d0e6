import type { Stack } from '@aws-sdk/client-cloudformation';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';

/** CreationTime may be cut to seconds. */
const toSeconds = (time: number) => Math.floor(time / 1000);

/**
 * Checks that a stack with termination protection belongs to the record's own onboarding.
 * ActivateTenant protects a tenant's stacks right before the tenant is ACTIVE. A protected stack that
 * is older than the record, or has no record, is therefore the stack of a tenant in service whose
 * record was lost: an onboarding must not use it, and must not undo it.
 *
 * @throws PlatformError `TenantRecordLost`
 */
export function requireOwnStack(stack: Stack, record: TenantRecord | undefined): void {
  const { StackName, EnableTerminationProtection, CreationTime } = stack;
  if (!EnableTerminationProtection) return;
  if (record && CreationTime && toSeconds(CreationTime.getTime()) >= toSeconds(Date.parse(record.createdAt))) return;
  throw new PlatformError(
    'TenantRecordLost',
    `stack ${StackName} is protected from deletion and ${record ? 'older than' : 'without'} the record of its tenant: ` +
      'it serves a tenant whose record was lost',
  );
}
