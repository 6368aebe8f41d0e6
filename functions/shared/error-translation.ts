import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import * as z from 'zod';
import { PlatformError, type PlatformErrorName } from '../contract/errors';
import { INVOKE_ERRORS } from '../contract/lambda-errors';

/**
 * Error names that the SDK does not classify, or classifies differently: for the SDK an exhausted
 * quota and a running transaction are throttling. Source: "Common Error Types" of each service's
 * API reference.
 */
const BY_NAME: Readonly<Record<string, PlatformErrorName>> = {
  ...INVOKE_ERRORS,
  KmsThrottlingException: 'TransientThrottling',
  // SNS and SQS: KMS has throttled them.
  KMSThrottling: 'TransientThrottling',
  KmsThrottled: 'TransientThrottling',
  'KMS.ThrottlingException': 'TransientThrottling',
  // SQS: too many messages are being worked on at the moment ("ReceiveMessage").
  OverLimit: 'TransientThrottling',
  TransactionInProgressException: 'TransientConflict',
  ReplicatedWriteConflictException: 'TransientConflict',
  ConcurrentModificationException: 'TransientConflict',
  ConcurrentModification: 'TransientConflict',
  ConcurrentUpdateException: 'TransientConflict',
  ConflictException: 'TransientConflict',
  OperationInProgressException: 'TransientConflict',
  OperationAborted: 'TransientConflict',
  ConditionalRequestConflict: 'TransientConflict',
  ResourceInUse: 'TransientConflict',
  ResourceInUseException: 'TransientConflict',
  TransactionConflictException: 'TransientConflict',
  OperationAbortedException: 'TransientConflict',
  EntityTemporarilyUnmodifiable: 'TransientConflict',
  EntityTemporarilyUnmodifiableException: 'TransientConflict',
  UpdateInProgressException: 'TransientConflict',
  KmsInvalidStateException: 'TransientConflict',
  KmsInvalidState: 'TransientConflict',
  KMSInvalidState: 'TransientConflict',
  // S3 puts the service's name before an error of KMS.
  'KMS.KMSInvalidStateException': 'TransientConflict',
  // RDS is changing the instance, its snapshot or its backup.
  InvalidDBInstanceState: 'TransientConflict',
  InvalidDBInstanceStateFault: 'TransientConflict',
  InvalidDBSnapshotState: 'TransientConflict',
  InvalidDBSnapshotStateFault: 'TransientConflict',
  InvalidDBInstanceAutomatedBackupState: 'TransientConflict',
  InvalidDBInstanceAutomatedBackupStateFault: 'TransientConflict',
  // "AWS WAF couldn't retrieve a resource": it asks for another attempt in a few minutes.
  WAFUnavailableEntityException: 'TransientNotYetVisible',
  InternalServerError: 'TransientServiceFault',
  InternalServerException: 'TransientServiceFault',
  InternalFailure: 'TransientServiceFault',
  InternalError: 'TransientServiceFault',
  InternalServiceException: 'TransientServiceFault',
  InternalException: 'TransientServiceFault',
  KMSInternalException: 'TransientServiceFault',
  DependencyTimeoutException: 'TransientServiceFault',
  ServerException: 'TransientServiceFault',
  ServiceUnavailable: 'TransientServiceFault',
  ServiceUnavailableException: 'TransientServiceFault',
  ServiceFailure: 'TransientServiceFault',
  ServiceFailureException: 'TransientServiceFault',
  ServiceException: 'TransientServiceFault',
  InternalServiceError: 'TransientServiceFault',
  InternalServiceErrorException: 'TransientServiceFault',
  InternalErrorException: 'TransientServiceFault',
  WAFInternalErrorException: 'TransientServiceFault',
  KeyUnavailableException: 'TransientServiceFault',
  HealthUnavailable: 'TransientServiceFault',
  HealthUnavailableException: 'TransientServiceFault',
  Unavailable: 'TransientServiceFault',
  RequestAbortedException: 'TransientServiceFault',
  // The request was under way for too long, or the clock was wrong: the SDK has set it by the answer.
  RequestExpired: 'TransientServiceFault',
  RequestInTheFuture: 'TransientServiceFault',
  RequestTimeTooSkewed: 'TransientServiceFault',
  // RDS has no machine of the class in these zones at the moment ("Troubleshooting for Amazon RDS").
  InsufficientDBInstanceCapacity: 'TransientServiceFault',
  InsufficientDBInstanceCapacityFault: 'TransientServiceFault',
  // Lambda gives the next invocation new credentials, and every session of ours is new with each attempt.
  ExpiredToken: 'TransientServiceFault',
  ExpiredTokenException: 'TransientServiceFault',
  AccessDenied: 'AccessDenied',
  AccessDeniedException: 'AccessDenied',
  UnauthorizedOperation: 'AccessDenied',
  UnauthorizedException: 'AccessDenied',
  AuthorizationError: 'AccessDenied',
  NotAuthorized: 'AccessDenied',
  OptInRequired: 'AccessDenied',
  AuthorizationErrorException: 'AccessDenied',
  AuthFailure: 'AccessDenied',
  InvalidClientTokenId: 'AccessDenied',
  UnrecognizedClientException: 'AccessDenied',
  RegionDisabledException: 'AccessDenied',
  KMSAccessDenied: 'AccessDenied',
  KmsAccessDenied: 'AccessDenied',
  KmsAccessDeniedException: 'AccessDenied',
  KMSOptInRequired: 'AccessDenied',
  KmsOptInRequired: 'AccessDenied',
  LimitExceededException: 'QuotaExceeded',
  TargetGroupAssociationLimit: 'QuotaExceeded',
  TargetGroupAssociationLimitException: 'QuotaExceeded',
  ValidationError: 'InvalidRequest',
  ValidationException: 'InvalidRequest',
  InvalidParameterException: 'InvalidRequest',
  MalformedPolicyDocumentException: 'InvalidRequest',
  InvalidChangeBatch: 'InvalidRequest',
  InvalidInput: 'InvalidRequest',
  InvalidInputException: 'InvalidRequest',
  InvalidParameterValue: 'InvalidRequest',
  InvalidParameterValueException: 'InvalidRequest',
  PackedPolicyTooLargeException: 'InvalidRequest',
  NoSuchHostedZone: 'ConfigurationInvalid',
  // What a stage's stacks have made is gone.
  ClusterNotFoundException: 'ConfigurationInvalid',
  ServiceNotFoundException: 'ConfigurationInvalid',
  ServiceNotActiveException: 'ConfigurationInvalid',
  ListenerNotFound: 'ConfigurationInvalid',
  ListenerNotFoundException: 'ConfigurationInvalid',
  LoadBalancerNotFound: 'ConfigurationInvalid',
  LoadBalancerNotFoundException: 'ConfigurationInvalid',
  TargetGroupNotFound: 'ConfigurationInvalid',
  TargetGroupNotFoundException: 'ConfigurationInvalid',
  QueueDoesNotExist: 'ConfigurationInvalid',
  StateMachineDoesNotExist: 'ConfigurationInvalid',
  KMSDisabled: 'ConfigurationInvalid',
  KmsDisabled: 'ConfigurationInvalid',
  KMSNotFound: 'ConfigurationInvalid',
  KmsNotFound: 'ConfigurationInvalid',
};

const CancelledSchema = z.object({ CancellationReasons: z.array(z.object({ Code: z.string().optional() })) });

/**
 * A cancelled DynamoDB transaction has one reason per item. A conflict may pass; the caller handles
 * a failed condition.
 */
function ofTransaction(error: Error): PlatformErrorName {
  const cancelled = CancelledSchema.safeParse(error);
  const codes = cancelled.data?.CancellationReasons.map(({ Code }) => Code) ?? [];
  if (codes.includes('ThrottlingError') || codes.includes('ProvisionedThroughputExceeded'))
    return 'TransientThrottling';
  if (codes.includes('TransactionConflict')) return 'TransientConflict';
  return codes.includes('ValidationError') ? 'InvalidRequest' : 'UnexpectedFailure';
}

type SdkError = Parameters<typeof isTransientError>[0];

/** The SDK's classification also reads `cause`, and expects an error there. */
const isSdkError = (error: Error): error is SdkError => error.cause === undefined || error.cause instanceof Error;

/** Route 53 has one name for a record that is in the way and for a zone that is full ("Quotas" of Route 53). */
const isFullZone = ({ name, message }: Error) => name === 'InvalidChangeBatch' && /\blimit\b/i.test(message);

/**
 * Quotas of whatever service: `InstanceQuotaExceededFault`, `VpcLimitExceeded`, `TooManyRulesException`.
 * Rates, such as `RequestLimitExceeded`, are throttling for the SDK.
 */
const QUOTA = /(?:Quota|Limit)(?:Exceeded|Reached)|^TooMany/;

function nameFor(error: Error): PlatformErrorName {
  if (error.name === 'TransactionCanceledException') return ofTransaction(error);
  if (isFullZone(error)) return 'QuotaExceeded';
  const known = BY_NAME[error.name];
  if (known) return known;
  if (!isSdkError(error)) return 'UnexpectedFailure';
  if (isThrottlingError(error)) return 'TransientThrottling';
  if (QUOTA.test(error.name)) return 'QuotaExceeded';
  return isTransientError(error) || isServerError(error) ? 'TransientServiceFault' : 'UnexpectedFailure';
}

/**
 * AWS reports some errors in an answer and not as an exception, e.g. the entries that PutEvents has
 * refused.
 */
function errorIn(thrown: unknown): Error | undefined {
  if (thrown instanceof Error) return thrown;
  return typeof thrown === 'object' && thrown !== null ? Object.assign(new Error('no message'), thrown) : undefined;
}

/** AWS's name and reason: who reads the message of a retry that came to nothing needs both. */
export const inAwsWords = ({ name, message }: Error) => `${name}: ${message}`;

/**
 * Translates a thrown value into an error of the contract. A `PlatformError` passes unchanged. The
 * message of a translated AWS error contains AWS's name and reason (`AccessDeniedException: ...`).
 */
export function translateError(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown;
  const error = errorIn(thrown);
  if (!error) return new PlatformError('UnexpectedFailure', String(thrown), { cause: thrown });
  return new PlatformError(nameFor(error), inAwsWords(error), { cause: thrown });
}
