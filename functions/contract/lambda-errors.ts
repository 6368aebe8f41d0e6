import type { PlatformErrorName } from './errors';

/**
 * Errors of a call of a function that only Lambda, or KMS on Lambda's behalf, knows, and the
 * platform's names for them. Source: "Invoke" (AWS Lambda API Reference), section Errors. The SDK
 * reports them by these names, Step Functions as `Lambda.NAME`.
 */
export const INVOKE_ERRORS: Readonly<Record<string, PlatformErrorName>> = {
  EC2ThrottledException: 'TransientThrottling',
  KMSThrottlingException: 'TransientThrottling',
  // EC2 gave Lambda no answer that Lambda knows.
  EC2UnexpectedException: 'TransientServiceFault',
  SnapStartTimeoutException: 'TransientServiceFault',
  // The function, its interface or its key is being made ready.
  CodeArtifactUserPendingException: 'TransientConflict',
  ENINotReadyException: 'TransientConflict',
  KMSInvalidStateException: 'TransientConflict',
  ResourceConflictException: 'TransientConflict',
  ResourceNotReadyException: 'TransientConflict',
  SnapStartNotReadyException: 'TransientConflict',
  EC2AccessDeniedException: 'AccessDenied',
  KMSAccessDeniedException: 'AccessDenied',
  ENILimitReachedException: 'QuotaExceeded',
  SubnetIPAddressLimitReachedException: 'QuotaExceeded',
  CodeArtifactUserDeletedException: 'ConfigurationInvalid',
  CodeArtifactUserFailedException: 'ConfigurationInvalid',
  InvalidRuntimeException: 'ConfigurationInvalid',
  InvalidSecurityGroupIDException: 'ConfigurationInvalid',
  InvalidSubnetIDException: 'ConfigurationInvalid',
  InvalidZipFileException: 'ConfigurationInvalid',
  KMSDisabledException: 'ConfigurationInvalid',
  KMSNotFoundException: 'ConfigurationInvalid',
  InvalidRequestContentException: 'InvalidRequest',
  RequestTooLargeException: 'InvalidRequest',
  UnsupportedMediaTypeException: 'InvalidRequest',
};

/** As Step Functions names them, with those whose names other services give another meaning. */
const AS_STEP_FUNCTIONS_TELLS: Readonly<Record<string, PlatformErrorName>> = {
  ...INVOKE_ERRORS,
  // "Handle Lambda service exceptions" (AWS Step Functions Developer Guide).
  TooManyRequestsException: 'TransientThrottling',
  ClientExecutionTimeoutException: 'TransientServiceFault',
  ServiceException: 'TransientServiceFault',
  AWSLambdaException: 'TransientServiceFault',
  SdkClientException: 'TransientServiceFault',
  AccessDeniedException: 'AccessDenied',
  // The function, or its version that the definition names, was deleted.
  ResourceNotFoundException: 'ConfigurationInvalid',
  InvalidParameterValueException: 'InvalidRequest',
};

/**
 * The platform's name for an error of a state that Lambda itself has refused.
 *
 * @returns undefined for an error that is not of Lambda's service, or not known
 */
export function ofLambdaService(error: string, reason: string): PlatformErrorName | undefined {
  const [service, name = ''] = error.split('.');
  if (service !== 'Lambda') return undefined;
  // Step Functions has one name for whatever Lambda refuses of the machine's role.
  if (name === 'AWSLambdaException' && /not authorized to perform/.test(reason)) return 'AccessDenied';
  return AS_STEP_FUNCTIONS_TELLS[name];
}

/** Names of Lambda's service that the retriers of the state machines list. */
export const PASSING_LAMBDA_ERRORS: readonly string[] = Object.entries(AS_STEP_FUNCTIONS_TELLS)
  .filter(([, name]) => name.startsWith('Transient'))
  .map(([name]) => `Lambda.${name}`);

/**
 * A function was killed, or did not answer in time: nobody knows whether it has done its work. Old
 * and new names, from "Handle Lambda service exceptions" and "Lambda Telemetry API Event schema
 * reference".
 */
export const KILLED_FUNCTION: readonly string[] = [
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'Runtime.Unknown',
  'Sandbox.Timedout',
  'Sandbox.Failure',
  'Extension.Crash',
  'Lambda.Unknown',
];
