import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KILLED_FUNCTION } from '../../../functions/contract/lambda-errors';
import { CaughtFailureSchema, REASON_MAX_LENGTH } from '../../../functions/contract/tenant';

const caught = (error: string, cause?: string) => CaughtFailureSchema.parse({ step: 'CreateTenantKey', error, cause });

test("reads the message out of a Lambda function's cause", () => {
  const cause = JSON.stringify({ errorType: 'AccessDenied', errorMessage: 'kms said no', trace: ['at x'] });
  expect(caught('AccessDenied', cause)).toEqual({
    step: 'CreateTenantKey',
    error: 'AccessDenied',
    reason: 'kms said no',
  });
});

test('takes a plain cause as it is', () => {
  expect(caught('StackFailed', 'AWS::S3::Bucket Bucket: exists').reason).toBe('AWS::S3::Bucket Bucket: exists');
});

test.each([undefined, ''])('still gives a reason when there is no cause (%s)', (cause) => {
  expect(caught('States.Timeout', cause).reason).toBe('CreateTenantKey ended with States.Timeout, without a cause');
});

test.each([
  ['States.Timeout', 'StepTimedOut'],
  ['States.HeartbeatTimeout', 'StepTimedOut'],
  ['States.TaskFailed', 'UnexpectedFailure'],
  ['Lambda.Unknown', 'Lambda.Unknown'],
])('reports %s as %s: a task may not fail under a name that Step Functions reserves', (error, name) => {
  expect(caught(error, 'x').error).toBe(name);
});

test.each([
  ['Lambda.TooManyRequestsException', 'TransientThrottling'],
  ['Lambda.ServiceException', 'TransientServiceFault'],
  ['Lambda.AWSLambdaException', 'TransientServiceFault'],
  ['Lambda.SdkClientException', 'TransientServiceFault'],
  ['Lambda.ClientExecutionTimeoutException', 'TransientServiceFault'],
  ['Lambda.EC2ThrottledException', 'TransientThrottling'],
  ['Lambda.ResourceNotReadyException', 'TransientConflict'],
  ['Lambda.ENILimitReachedException', 'QuotaExceeded'],
  ['Lambda.KMSAccessDeniedException', 'AccessDenied'],
  ['Lambda.ResourceNotFoundException', 'ConfigurationInvalid'],
  ['Lambda.RequestTooLargeException', 'InvalidRequest'],
  ['Lambda.SomethingNewException', 'UnexpectedFailure'],
  ['Runtime.ImportModuleError', 'UnexpectedFailure'],
  ['Function.ResponseSizeTooLarge', 'UnexpectedFailure'],
])('F12: reports Lambda’s own error %s as %s, which the runbook explains, and keeps Lambda’s name', (error, name) => {
  expect(caught(error, 'in AWS’s words')).toMatchObject({ error: name, reason: `${error}: in AWS’s words` });
});

test('reports a function that the machine’s role may not call as a missing grant', () => {
  const denied = 'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: lambda:InvokeFunction';
  expect(caught('Lambda.AWSLambdaException', denied).error).toBe('AccessDenied');
});

test('F4: every error of a killed function keeps its name, which has a row of its own in the runbook', () => {
  const runbook = readFileSync(join(__dirname, '../../../docs/runbook.md'), 'utf8');
  for (const error of KILLED_FUNCTION)
    expect([caught(error, 'x').error, runbook.includes(error)]).toEqual([error, true]);
});

test('cuts a cause that is too long', () => {
  expect(caught('StackFailed', 'x'.repeat(40_000)).reason).toHaveLength(REASON_MAX_LENGTH);
});
