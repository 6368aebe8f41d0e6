/**
 * Error names are an interface: the state machine decides by the name alone whether to retry or to
 * compensate. The name is a literal because minifiers rename classes.
 *
 * `ErrorEquals` has no wildcards, so the retriers of the state machine list every name of
 * TRANSIENT_ERRORS. A test compares the two lists.
 */
export const TRANSIENT_ERRORS = [
  /** A service asked to slow down. */
  'TransientThrottling',
  /** A service answered 5xx, or not at all. */
  'TransientServiceFault',
  /** The function ran out of time. Its calls were aborted; the action may be called again. */
  'TransientOutOfTime',
  /** The resource or record was changed at the same time, or it is still changing. */
  'TransientConflict',
  /** IAM, KMS or the tag index does not show a new resource yet (eventual consistency). */
  'TransientNotYetVisible',
  /** The failed stack of an earlier launch has been deleted; the launch can start over. */
  'TransientStackReplaced',
  /** A stack failed for a reason that passes. The launch starts over after a pause. */
  'TransientStackFailure',
  /** AWS still holds the name of a deleted resource: minutes, in S3 up to an hour. */
  'TransientNameTaken',
  /** CloudFormation has rolled the failed stack back; its deletion can begin. */
  'TransientStackRolledBack',
  /** A launch that has begun may still create this stack; the deletion must wait. */
  'TransientLaunchInFlight',
  /** The shared service has no healthy task at the moment. */
  'TransientServiceUnsteady',
] as const;
export type TransientErrorName = (typeof TRANSIENT_ERRORS)[number];

export const PERMANENT_ERRORS = [
  /** The signup is malformed; the message names each bad field and what was expected. */
  'InvalidSignup',
  /**
   * The signup differs from the one of the same id that its tenant was made of; the message names
   * the fields. Nothing was changed.
   */
  'SignupConflict',
  /** Another tenant has the subdomain. */
  'SubdomainTaken',
  /** No cell has a free slot. */
  'CapacityExhausted',
  /** A newer execution owns this signup; this execution must not change the tenant. */
  'ClaimLost',
  /** The listener rule with the slot's priority does not belong to this tenant. */
  'SlotOccupied',
  /** A DNS record at the tenant's host does not belong to this tenant. */
  'NameOccupied',
  /** The tenant's key exists in a state from which it cannot be enabled. */
  'KeyUnusable',
  /** CloudFormation could not create a tenant stack; the message names the first failing resource. */
  'StackFailed',
  /** CloudFormation could not delete a tenant stack; the message names the first failing resource. */
  'StackDeletionFailed',
  /** A migration of the tenant's database failed; the message names the file and the SQL state. */
  'MigrationFailed',
  /** Another migration has the tenants of the cell. */
  'MigrationUnderWay',
  /** The database of a tenant lacks migrations that an image of the shared service needs. */
  'TenantBehind',
  /** At least one isolation check failed; the message names them. */
  'IsolationBreach',
  /**
   * A tenant is in service, and its record is gone. Nothing of it is changed until a person has
   * restored the record.
   */
  'TenantRecordLost',
  /** The undo functions refuse a tenant that has been ACTIVE. */
  'TenantIsActive',
  /** AWS denied a request: a grant is missing. */
  'AccessDenied',
  /** An AWS quota is exhausted. */
  'QuotaExceeded',
  /** A request is malformed: one to AWS, or one to an action. */
  'InvalidRequest',
  /** A state did not get its answer in time. */
  'StepTimedOut',
  /** An operator has given the onboarding up; the message names the operator and the reason. */
  'OnboardingAbandoned',
  /** Another release has the cell. */
  'ReleaseUnderWay',
  /** The image of a release is not in the registry, or its scan has found what is critical. */
  'ImageUnusable',
  /** The tasks of a release's image did not become healthy; the message says what became of them. */
  'ReleaseFillFailed',
  /** The new version does not serve tenants as it should; the message names who saw what. */
  'ReleaseUnhealthy',
  /** An operator has taken the release back. */
  'ReleaseRecalled',
  /** Somebody stopped the execution without naming an error. */
  'RunAborted',
  /** Deployment or stage configuration is wrong. */
  'ConfigurationInvalid',
  /** Every other error. */
  'UnexpectedFailure',
] as const;
export type PermanentErrorName = (typeof PERMANENT_ERRORS)[number];
export type PlatformErrorName = TransientErrorName | PermanentErrorName;

/**
 * The one error class of the product.
 *
 * @param name the literal name that Step Functions sees as `Error`
 * @param message text for operators; never a secret
 */
export class PlatformError extends Error {
  override readonly name: PlatformErrorName;

  constructor(name: PlatformErrorName, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = name;
  }
}

/** Whether the state machine retries the error. */
export function isTransient(name: string): name is TransientErrorName {
  return (TRANSIENT_ERRORS as readonly string[]).includes(name);
}
