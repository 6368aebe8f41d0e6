import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import * as z from 'zod';
import { PlatformError, type PlatformErrorName } from '../contract/errors';
import { INVOKE_ERRORS } from '../contract/lambda-errors';

/**
 * Error names that the SDK does not classify, or classifies differently: for the SDK an exhausted
 * quota and a running transaction are throttling. Source: "Common Error Types" of each service's
 * API reference. Some APIs end a name with Exception or Fault, others do not: each counts with and without.
 */
const NAMES: readonly (readonly [error: PlatformErrorName, names: readonly string[]])[] = [
  [
    'TransientThrottling',
    [
      'KmsThrottlingException',
      // SNS and SQS: KMS has throttled them.
      'KMSThrottling',
      'KmsThrottled',
      'KMS.ThrottlingException',
      // SQS: too many messages are being worked on at the moment ("ReceiveMessage").
      'OverLimit',
      // In an entry of an answer there is no status 429 by which the SDK would know a rate.
      'TooManyRequests',
    ],
  ],
  [
    'TransientConflict',
    [
      'TransactionInProgressException',
      'ReplicatedWriteConflictException',
      'ConcurrentModification',
      'ConcurrentUpdateException',
      'ConflictException',
      'OperationInProgressException',
      'OperationAborted',
      'ConditionalRequestConflict',
      'ResourceInUse',
      'TransactionConflictException',
      'EntityTemporarilyUnmodifiable',
      'UpdateInProgressException',
      'KmsInvalidState',
      'KMSInvalidState',
      // S3 puts the service's name before an error of KMS.
      'KMS.KMSInvalidStateException',
      // RDS is changing the instance, its snapshot or its backup.
      'InvalidDBInstanceState',
      'InvalidDBSnapshotState',
      'InvalidDBInstanceAutomatedBackupState',
    ],
  ],
  [
    'TransientNotYetVisible',
    [
      // "AWS WAF couldn't retrieve a resource": it asks for another attempt in a few minutes.
      'WAFUnavailableEntityException',
    ],
  ],
  [
    'TransientServiceFault',
    [
      'InternalServerError',
      'InternalServerException',
      'InternalFailure',
      'InternalError',
      'InternalServiceException',
      'InternalException',
      'KMSInternalException',
      'DependencyTimeoutException',
      'ServerException',
      'ServiceUnavailable',
      'ServiceFailure',
      'ServiceException',
      'InternalServiceError',
      'WAFInternalErrorException',
      'KeyUnavailableException',
      'HealthUnavailable',
      'Unavailable',
      'RequestAbortedException',
      // The request was under way for too long, or the clock was wrong: the SDK has set it by the answer.
      'RequestExpired',
      'RequestInTheFuture',
      'RequestTimeTooSkewed',
      // RDS has no machine of the class in these zones at the moment ("Troubleshooting for Amazon RDS").
      'InsufficientDBInstanceCapacity',
      // Lambda gives the next invocation new credentials, and every session of ours is new with each attempt.
      'ExpiredToken',
    ],
  ],
  [
    'AccessDenied',
    [
      'AccessDenied',
      'UnauthorizedOperation',
      'UnauthorizedException',
      'AuthorizationError',
      'NotAuthorized',
      'OptInRequired',
      'AuthFailure',
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'RegionDisabledException',
      'KMSAccessDenied',
      'KmsAccessDenied',
      'KMSOptInRequired',
      'KmsOptInRequired',
    ],
  ],
  ['QuotaExceeded', ['LimitExceededException', 'TargetGroupAssociationLimit']],
  [
    'InvalidRequest',
    [
      'ValidationError',
      'ValidationException',
      'InvalidParameterException',
      'MalformedPolicyDocumentException',
      'InvalidChangeBatch',
      'InvalidInput',
      'InvalidParameterValue',
      'PackedPolicyTooLargeException',
    ],
  ],
  [
    'ConfigurationInvalid',
    [
      'NoSuchHostedZone',
      // What a stage's stacks have made is gone.
      'ClusterNotFoundException',
      'ServiceNotFoundException',
      'ServiceNotActiveException',
      'ListenerNotFound',
      'LoadBalancerNotFound',
      'TargetGroupNotFound',
      'QueueDoesNotExist',
      'StateMachineDoesNotExist',
      'KMSDisabled',
      'KmsDisabled',
      'KMSNotFound',
      'KmsNotFound',
    ],
  ],
];

const withoutEnding = (name: string) => name.replace(/(?:Exception|Fault)$/, '');

const BY_NAME: ReadonlyMap<string, PlatformErrorName> = new Map(
  [
    ...Object.entries(INVOKE_ERRORS),
    ...NAMES.flatMap(([error, names]) => names.map((name) => [name, error] as const)),
  ].map(([name, error]) => [withoutEnding(name), error]),
);

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
 * Quotas of whatever service: `InstanceQuotaExceededFault`, `VpcLimitExceeded`, `WAFLimitsExceededException`, `TooManyRules`.
 * Rates, such as `RequestLimitExceeded`, are throttling for the SDK.
 */
const QUOTA = /(?:Quota|Limit)s?(?:Exceeded|Reached)|^TooMany/;

function nameFor(error: Error): PlatformErrorName {
  if (error.name === 'TransactionCanceledException') return ofTransaction(error);
  if (isFullZone(error)) return 'QuotaExceeded';
  const known = BY_NAME.get(withoutEnding(error.name));
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

/** Whether somebody else has changed the same at the same moment. */
export const isConflict = (thrown: unknown): boolean => translateError(thrown).name === 'TransientConflict';
