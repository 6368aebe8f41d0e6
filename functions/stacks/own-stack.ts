import type { Stack } from '@aws-sdk/client-cloudformation';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG } from '../contract/naming';
import type { TenantRecord } from '../contract/records';

/** A stack that nobody has executed yet has nothing that could be somebody's. */
const isEmpty = ({ StackStatus }: Stack) => StackStatus === 'REVIEW_IN_PROGRESS';

/**
 * Whether a stack with a tenant's stack name is the tenant's: LaunchStack tags each stack that it
 * makes. A stack without the tag is a person's, whatever it holds: an onboarding neither uses nor
 * deletes it.
 */
export const isTenantsStack = (stack: Stack, tenantId: string): boolean =>
  isEmpty(stack) || stack.Tags?.some(({ Key, Value }) => Key === TENANT_TAG && Value === tenantId) === true;

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
