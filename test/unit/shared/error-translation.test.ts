import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import * as kms from '@aws-sdk/client-kms';
import * as sfn from '@aws-sdk/client-sfn';
import { isTransient, PlatformError, type PlatformErrorName } from '../../../functions/contract/errors';
import { translateError } from '../../../functions/shared/error-translation';
import { awsError } from '../../support/fake-client';

const named = (name: string, more: object = {}) => Object.assign(new Error('in AWS’s words'), { name, ...more });
const cancelled = (...codes: string[]) =>
  named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });
const lasting = (name: string, httpStatusCode: number) => named(name, { $metadata: { httpStatusCode } });
const answered = (httpStatusCode: number) => named('SomethingNew', { $metadata: { httpStatusCode } });

const TABLE: [string, unknown, PlatformErrorName][] = [
  ['a throttled call', awsError('ThrottlingException'), 'TransientThrottling'],
  ['a throttled call of CloudFormation', awsError('Throttling'), 'TransientThrottling'],
  ['a throttled call of S3', awsError('SlowDown'), 'TransientThrottling'],
  ['a throttled call of EC2', awsError('RequestLimitExceeded'), 'TransientThrottling'],
  ['a busy table', awsError('ProvisionedThroughputExceededException'), 'TransientThrottling'],
  ['status 429', answered(429), 'TransientThrottling'],
  ['a fault of KMS', awsError('KMSInternalException'), 'TransientServiceFault'],
  ['a fault of S3', awsError('InternalError'), 'TransientServiceFault'],
  ['a request that timed out', awsError('TimeoutError'), 'TransientServiceFault'],
  ['status 500', answered(500), 'TransientServiceFault'],
  ['status 503', answered(503), 'TransientServiceFault'],
  ['a connection that broke', named('Error', { code: 'ECONNRESET' }), 'TransientServiceFault'],
  ['a connection that was refused', named('Error', { code: 'ECONNREFUSED' }), 'TransientServiceFault'],
  ['a name that did not resolve', named('Error', { code: 'EAI_AGAIN' }), 'TransientServiceFault'],
  ['a network that is down', named('Error', { code: 'ENETUNREACH' }), 'TransientServiceFault'],
  ['a stack that is changing', awsError('OperationInProgressException'), 'TransientConflict'],
  ['a key that is changing', awsError('KMSInvalidStateException'), 'TransientConflict'],
  ['a transaction that met another', cancelled('None', 'TransactionConflict'), 'TransientConflict'],
  ['a transaction that was throttled', cancelled('None', 'ThrottlingError'), 'TransientThrottling'],
  ['a transaction on a busy table', cancelled('ProvisionedThroughputExceeded'), 'TransientThrottling'],
  ['a transaction whose condition failed', cancelled('ConditionalCheckFailed', 'None'), 'UnexpectedFailure'],
  ['a transaction without reasons', named('TransactionCanceledException'), 'UnexpectedFailure'],
  ['a condition that failed', awsError('ConditionalCheckFailedException'), 'UnexpectedFailure'],
  ['a refusal', awsError('AccessDeniedException'), 'AccessDenied'],
  ['a refusal of S3', awsError('AccessDenied'), 'AccessDenied'],
  ['a refusal of EC2', awsError('UnauthorizedOperation'), 'AccessDenied'],
  ['a listener that is full', awsError('TooManyRulesException'), 'QuotaExceeded'],
  ['a quota of CloudFormation', awsError('LimitExceededException'), 'QuotaExceeded'],
  ['a quota of RDS', awsError('InstanceQuotaExceededFault'), 'QuotaExceeded'],
  [
    'a zone that is full',
    awsError('InvalidChangeBatch', '[Number of records limit of 10000 exceeded.]'),
    'QuotaExceeded',
  ],
  ['a record that is in the way', awsError('InvalidChangeBatch', '[it already exists]'), 'InvalidRequest'],
  ['RDS without a machine', awsError('InsufficientDBInstanceCapacityFault'), 'TransientServiceFault'],
  ['credentials that have expired', awsError('ExpiredTokenException'), 'TransientServiceFault'],
  ['an account that has not enabled the service', awsError('OptInRequired'), 'AccessDenied'],
  ['a malformed request', awsError('ValidationError'), 'InvalidRequest'],
  ['SNS that KMS throttles', awsError('KMSThrottlingException'), 'TransientThrottling'],
  ['SQS that KMS throttles', awsError('KmsThrottled'), 'TransientThrottling'],
  ['S3 that KMS throttles', awsError('KMS.ThrottlingException'), 'TransientThrottling'],
  ['Lambda that EC2 throttles', awsError('EC2ThrottledException'), 'TransientThrottling'],
  ['Route 53 at work on an earlier change', awsError('PriorRequestNotComplete'), 'TransientThrottling'],
  ['a log group that is changing', awsError('OperationAbortedException'), 'TransientConflict'],
  ['a role that is changing', awsError('EntityTemporarilyUnmodifiableException'), 'TransientConflict'],
  ['a service of ECS that is changing', awsError('UpdateInProgressException'), 'TransientConflict'],
  ['an instance of RDS that is changing', awsError('InvalidDBInstanceState'), 'TransientConflict'],
  ['a function that is not ready', awsError('ResourceNotReadyException'), 'TransientConflict'],
  ['a web ACL that WAF does not find yet', awsError('WAFUnavailableEntityException'), 'TransientNotYetVisible'],
  ['a fault of Secrets Manager', awsError('InternalServiceError'), 'TransientServiceFault'],
  ['a fault of SNS', awsError('InternalErrorException'), 'TransientServiceFault'],
  ['targets whose health nobody knows', awsError('HealthUnavailableException'), 'TransientServiceFault'],
  ['a key store without an answer', awsError('KeyUnavailableException'), 'TransientServiceFault'],
  ['a fault of EC2', awsError('Unavailable'), 'TransientServiceFault'],
  ['a clock that was wrong', awsError('RequestTimeTooSkewed'), 'TransientServiceFault'],
  ['a function whose key is denied', lasting('KMSAccessDeniedException', 502), 'AccessDenied'],
  ['a function whose key is disabled', lasting('KMSDisabledException', 502), 'ConfigurationInvalid'],
  ['a function without a free interface', lasting('ENILimitReachedException', 502), 'QuotaExceeded'],
  ['a function whose subnet is gone', lasting('InvalidSubnetIDException', 502), 'ConfigurationInvalid'],
  ['a token that AWS does not know', awsError('InvalidClientTokenId'), 'AccessDenied'],
  ['a refusal of SNS', awsError('AuthorizationErrorException'), 'AccessDenied'],
  ['a target group in too many listeners', awsError('TargetGroupAssociationLimitException'), 'QuotaExceeded'],
  ['a rule with too many targets', awsError('TooManyUniqueTargetGroupsPerLoadBalancerException'), 'QuotaExceeded'],
  ['a quota of EC2', awsError('VpcLimitExceeded'), 'QuotaExceeded'],
  ['a quota of WAF', awsError('WAFLimitsExceededException'), 'QuotaExceeded'],
  ['an entry with too many requests', { name: 'TooManyRequests', message: 'slow' }, 'TransientThrottling'],
  ['a quota of Step Functions', awsError('ExecutionLimitExceeded'), 'QuotaExceeded'],
  ['a listener that is gone', awsError('ListenerNotFoundException'), 'ConfigurationInvalid'],
  ['a target group that was replaced', awsError('TargetGroupNotFoundException'), 'ConfigurationInvalid'],
  ['a service of ECS that is gone', awsError('ServiceNotActiveException'), 'ConfigurationInvalid'],
  ['a malformed item of a transaction', cancelled('None', 'ValidationError'), 'InvalidRequest'],
  ['an entry of an answer without a code', { message: 'no code' }, 'UnexpectedFailure'],
  ['a malformed key policy', awsError('MalformedPolicyDocumentException'), 'InvalidRequest'],
  ['status 400', answered(400), 'UnexpectedFailure'],
  ['a defect of ours', new TypeError('x is not a function'), 'UnexpectedFailure'],
  ['a defect whose cause is no error', new TypeError('no', { cause: null }), 'UnexpectedFailure'],
  ['a throttled entry of an answer', { name: 'ThrottlingException', message: 'slow' }, 'TransientThrottling'],
  ['a string', 'boom', 'UnexpectedFailure'],
  ['nothing', undefined, 'UnexpectedFailure'],
];

test.each(TABLE)('%s', (_, thrown, expected) => {
  expect(translateError(thrown).name).toBe(expected);
});

test('returns a PlatformError unchanged', () => {
  const ours = new PlatformError('SubdomainTaken', 'acme');
  expect(translateError(ours)).toBe(ours);
});

test('keeps AWS’s own error name and message for the operator', () => {
  expect(translateError(awsError('AccessDeniedException', 'not authorized to perform: kms:CreateKey')).message).toBe(
    'AccessDeniedException: not authorized to perform: kms:CreateKey',
  );
});

test('keeps the request and its headers out of the error that Lambda shows', () => {
  const thrown = awsError('ThrottlingException');
  const translated = translateError(Object.assign(thrown, { $response: { headers: { authorization: 'secret' } } }));
  expect(translated.cause).toBe(thrown);
  expect(Object.keys(translated)).toEqual(['name']);
  expect(JSON.stringify({ ...translated })).not.toContain('secret');
});

/** Every error class of the SDK that says of itself that it may be retried. */
const retryable = Object.values({ ...cloudformation, ...dynamodb, ...elb, ...kms, ...sfn }).flatMap((exported) => {
  if (typeof exported !== 'function' || !(exported.prototype instanceof Error)) return [];
  const error = new (exported as new (of: object) => Error & { $retryable?: object })({ $metadata: {} });
  return error.$retryable ? [error] : [];
});

test('every error that the SDK retries is transient', () => {
  expect(retryable.length).toBeGreaterThan(0);
  const permanent = retryable.filter((error) => !isTransient(translateError(error).name));
  expect(permanent.map(({ name }) => name)).toEqual([]);
});
