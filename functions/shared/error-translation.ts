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
  LimitExceededException: 'QuotaExceeded',
  LimitExceeded: 'QuotaExceeded',
  TooManyRules: 'QuotaExceeded',
  TooManyRulesException: 'QuotaExceeded',
  ServiceQuotaExceededException: 'QuotaExceeded',
  InstanceQuotaExceeded: 'QuotaExceeded',
  InstanceQuotaExceededFault: 'QuotaExceeded',
  StorageQuotaExceeded: 'QuotaExceeded',
  StorageQuotaExceededFault: 'QuotaExceeded',
  ValidationError: 'InvalidRequest',
  ValidationException: 'InvalidRequest',
  InvalidParameterException: 'InvalidRequest',
  MalformedPolicyDocumentException: 'InvalidRequest',
  InvalidChangeBatch: 'InvalidRequest',
  NoSuchHostedZone: 'ConfigurationInvalid',
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
  return codes.includes('TransactionConflict') ? 'TransientConflict' : 'UnexpectedFailure';
}

type SdkError = Parameters<typeof isTransientError>[0];

/** The SDK's classification also reads `cause`, and expects an error there. */
const isSdkError = (error: Error): error is SdkError => error.cause === undefined || error.cause instanceof Error;

/** Route 53 has one name for a record that is in the way and for a zone that is full ("Quotas" of Route 53). */
const isFullZone = ({ name, message }: Error) => name === 'InvalidChangeBatch' && /\blimit\b/i.test(message);

function nameFor(error: Error): PlatformErrorName {
  if (error.name === 'TransactionCanceledException') return ofTransaction(error);
  if (isFullZone(error)) return 'QuotaExceeded';
  const known = BY_NAME[error.name];
  if (known) return known;
  if (!isSdkError(error)) return 'UnexpectedFailure';
  if (isThrottlingError(error)) return 'TransientThrottling';
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
