import { PlatformError, type PlatformErrorName } from '../contract/errors';

/**
 * Foreign error names that need no look at the message. Sources: "Common Error Types" of each service's API reference,
 * and "Error handling" of the AWS SDK for JavaScript (throttling and transient codes of @smithy/core).
 */
const BY_NAME: Readonly<Record<string, PlatformErrorName>> = {
  Throttling: 'TransientThrottling',
  ThrottlingException: 'TransientThrottling',
  ThrottledException: 'TransientThrottling',
  EC2ThrottledException: 'TransientThrottling',
  KmsThrottlingException: 'TransientThrottling',
  RequestThrottled: 'TransientThrottling',
  RequestThrottledException: 'TransientThrottling',
  RequestLimitExceeded: 'TransientThrottling',
  TooManyRequestsException: 'TransientThrottling',
  ProvisionedThroughputExceededException: 'TransientThrottling',
  BandwidthLimitExceeded: 'TransientThrottling',
  SlowDown: 'TransientThrottling',
  PriorRequestNotComplete: 'TransientThrottling',
  TransactionInProgressException: 'TransientConflict',
  KMSInvalidStateException: 'TransientConflict',
  ReplicatedWriteConflictException: 'TransientConflict',
  ConcurrentModificationException: 'TransientConflict',
  ConcurrentModification: 'TransientConflict',
  ConflictException: 'TransientConflict',
  OperationInProgressException: 'TransientConflict',
  OperationAborted: 'TransientConflict',
  ResourceInUse: 'TransientConflict',
  ResourceInUseException: 'TransientConflict',
  TransactionConflictException: 'TransientConflict',
  InternalServerError: 'TransientServiceFault',
  InternalServerException: 'TransientServiceFault',
  InternalFailure: 'TransientServiceFault',
  InternalError: 'TransientServiceFault',
  InternalException: 'TransientServiceFault',
  KMSInternalException: 'TransientServiceFault',
  DependencyTimeoutException: 'TransientServiceFault',
  ServerException: 'TransientServiceFault',
  ServiceUnavailable: 'TransientServiceFault',
  ServiceUnavailableException: 'TransientServiceFault',
  ServiceFailure: 'TransientServiceFault',
  RequestTimeout: 'TransientServiceFault',
  RequestTimeoutException: 'TransientServiceFault',
  TimeoutError: 'TransientServiceFault',
  AccessDenied: 'AccessDenied',
  AccessDeniedException: 'AccessDenied',
  UnauthorizedOperation: 'AccessDenied',
  UnauthorizedException: 'AccessDenied',
  AuthorizationError: 'AccessDenied',
  LimitExceededException: 'QuotaExceeded',
  LimitExceeded: 'QuotaExceeded',
  TooManyRules: 'QuotaExceeded',
  TooManyRulesException: 'QuotaExceeded',
  ServiceQuotaExceededException: 'QuotaExceeded',
  ValidationError: 'InvalidRequest',
  ValidationException: 'InvalidRequest',
  InvalidParameterException: 'InvalidRequest',
  MalformedPolicyDocumentException: 'InvalidRequest',
};

const NETWORK_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

interface ForeignError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly CancellationReasons?: readonly { readonly Code?: string }[];
}

const isObject = (thrown: unknown): thrown is ForeignError => typeof thrown === 'object' && thrown !== null;

/** A DynamoDB transaction names one reason per item; a conflict may pass, a failed condition is the caller's to read. */
function ofTransaction(reasons: ForeignError['CancellationReasons']): PlatformErrorName {
  const codes = (reasons ?? []).map((reason) => reason.Code);
  if (codes.includes('ThrottlingError') || codes.includes('ProvisionedThroughputExceeded'))
    return 'TransientThrottling';
  return codes.includes('TransactionConflict') ? 'TransientConflict' : 'UnexpectedFailure';
}

function nameFor(thrown: ForeignError): PlatformErrorName {
  if (thrown.name === 'TransactionCanceledException') return ofTransaction(thrown.CancellationReasons);
  const known = thrown.name === undefined ? undefined : BY_NAME[thrown.name];
  if (known) return known;
  if (thrown.code && NETWORK_CODES.has(thrown.code)) return 'TransientServiceFault';
  const status = thrown.$metadata?.httpStatusCode ?? 0;
  if (status === 429) return 'TransientThrottling';
  return status >= 500 ? 'TransientServiceFault' : 'UnexpectedFailure';
}

/**
 * Turns whatever was thrown into an error of the contract. Errors of ours pass unchanged; AWS's keep their own name and
 * words in the message (`AccessDeniedException: ...`), so that the operator reads AWS's reason.
 */
export function translateError(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError) return thrown;
  if (!isObject(thrown)) return new PlatformError('UnexpectedFailure', String(thrown), { cause: thrown });
  const message = `${thrown.name ?? 'Error'}: ${thrown.message ?? 'no message'}`;
  return new PlatformError(nameFor(thrown), message, { cause: thrown });
}
