/**
 * Error names are an interface: the state machine decides by the name alone whether to retry or to compensate.
 * The literal name is set by hand because minifiers rename classes.
 *
 * `ErrorEquals` has no wildcards, so the machine's retrier lists TRANSIENT_ERRORS one by one; a test keeps the two equal.
 */
export const TRANSIENT_ERRORS = [
  /** A service asked to slow down. */
  'TransientThrottling',
  /** A service answered 5xx, or not at all. */
  'TransientServiceFault',
  /** Somebody else changed the same thing at the same time, or it is still changing. */
  'TransientConflict',
  /** What IAM, KMS or a registry will know in a moment is not known there yet (eventual consistency). */
  'TransientNotYetVisible',
  /** A failed leftover of the stack has been deleted; the launch can start over. */
  'TransientStackReplaced',
  /** A launch of this stack may still be on its way; the deletion must wait for it. */
  'TransientLaunchInFlight',
  /** The shared service has no healthy task at the moment. */
  'TransientServiceUnsteady',
] as const;
export type TransientErrorName = (typeof TRANSIENT_ERRORS)[number];

export const PERMANENT_ERRORS = [
  /** The signup is malformed; the message names each bad field and what was expected. */
  'InvalidSignup',
  /** Another tenant has the subdomain. */
  'SubdomainTaken',
  /** No cell has a free slot. */
  'CapacityExhausted',
  /** A newer execution owns this signup now; this one must not touch it. */
  'ClaimLost',
  /** The slot's listener priority is taken by a rule that is not this tenant's. */
  'SlotOccupied',
  /** The tenant's key exists and cannot be used (pending deletion, disabled). */
  'KeyUnusable',
  /** CloudFormation could not create a tenant stack; the message names the first failing resource. */
  'StackFailed',
  /** CloudFormation could not delete a tenant stack; the message names the first failing resource. */
  'StackDeletionFailed',
  /** At least one isolation check failed; the message names them. */
  'IsolationBreach',
  /** The undo functions refuse a tenant that has been ACTIVE. */
  'TenantIsActive',
  /** AWS refused: a grant is missing. */
  'AccessDenied',
  /** An AWS quota is exhausted. */
  'QuotaExceeded',
  /** AWS called a request of ours malformed. */
  'InvalidRequest',
  /** A step did not answer in time. */
  'StepTimedOut',
  /** Somebody stopped the execution, and gave no error of their own. */
  'RunAborted',
  /** Deployment or stage configuration is wrong. */
  'ConfigurationInvalid',
  /** Everything else. */
  'UnexpectedFailure',
] as const;
export type PermanentErrorName = (typeof PERMANENT_ERRORS)[number];
export type PlatformErrorName = TransientErrorName | PermanentErrorName;

/**
 * The one error class of the product.
 *
 * @param name the literal name that Step Functions sees as `Error`
 * @param message what an operator reads; never a secret
 */
export class PlatformError extends Error {
  override readonly name: PlatformErrorName;

  constructor(name: PlatformErrorName, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = name;
  }
}

/** Whether the machine may try again. */
export function isTransient(name: string): name is TransientErrorName {
  return (TRANSIENT_ERRORS as readonly string[]).includes(name);
}
