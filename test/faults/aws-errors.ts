import type { AwsCall } from '../../local/aws-call';
import type { Intervention } from '../../local/aws-proxy';

export type AwsErrorKind = 'throttling' | 'refusal' | 'fault';
type Answer = NonNullable<Intervention['answer']>;
type Protocol = 'json' | 'query' | 'ec2' | 's3';

interface AwsError {
  readonly status: number;
  readonly code: string;
}

/** "Common Error Types" of the services' API references; "Error responses" of Amazon S3 and of Amazon EC2. */
const ERRORS: Readonly<Record<Protocol, Readonly<Record<AwsErrorKind, AwsError>>>> = {
  json: {
    throttling: { status: 400, code: 'ThrottlingException' },
    refusal: { status: 400, code: 'AccessDeniedException' },
    fault: { status: 500, code: 'InternalServerError' },
  },
  query: {
    throttling: { status: 400, code: 'Throttling' },
    refusal: { status: 403, code: 'AccessDenied' },
    fault: { status: 503, code: 'ServiceUnavailable' },
  },
  ec2: {
    throttling: { status: 503, code: 'RequestLimitExceeded' },
    refusal: { status: 403, code: 'UnauthorizedOperation' },
    fault: { status: 500, code: 'InternalError' },
  },
  s3: {
    throttling: { status: 503, code: 'SlowDown' },
    refusal: { status: 403, code: 'AccessDenied' },
    fault: { status: 500, code: 'InternalError' },
  },
};

function protocolOf({ service, body }: AwsCall): Protocol {
  if (service === 's3' || service === 'ec2') return service;
  return body.subarray(0, 1).toString() === '{' ? 'json' : 'query';
}

/** How the message of an injected error begins. */
export const injected = (kind: AwsErrorKind) => `injected ${kind} of`;

/** What AWS answers in the protocol of the call's service, naming the call as the cause. */
export function awsError(call: AwsCall, kind: AwsErrorKind): Answer {
  const protocol = protocolOf(call);
  const { status, code } = ERRORS[protocol][kind];
  const message = `${injected(kind)} ${call.service}:${call.action}`;
  if (protocol === 'json') {
    const body = JSON.stringify({ __type: code, message });
    return { status, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code }, body };
  }
  const error = `<Code>${code}</Code><Message>${message}</Message>`;
  const body = {
    query: `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>0</RequestId></ErrorResponse>`,
    ec2: `<Response><Errors><Error>${error}</Error></Errors><RequestID>0</RequestID></Response>`,
    s3: `<Error>${error}<RequestId>0</RequestId></Error>`,
  }[protocol];
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
