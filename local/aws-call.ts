import type { IncomingMessage } from 'node:http';

/** One request to AWS as it passes by: which service, which action, on whose credentials. */
export interface AwsCall {
  /** Signing name of the service: `dynamodb`, `kms`, `cloudformation`, `s3` ... */
  readonly service: string;
  /** The API's name of the action; for S3, which has none on the wire, the method and what it is about. Route 53 goes by paths. */
  readonly action: string;
  readonly accessKeyId: string;
  /** The request's, as it was sent. */
  readonly body: Buffer;
  /** Of the caller's invocation: a traced function's SDK sends it with each request ("Lambda and X-Ray"). */
  readonly traceRoot?: string;
  /** One per call, the same for all the SDK's attempts at it. */
  readonly sdkInvocationId?: string;
}

const SCOPE = /Credential=([^/]+)\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/;
const TRACE_ROOT = /Root=([^;]+)/;
const S3_SUBRESOURCES = [
  'versions',
  'versioning',
  'policy',
  'policyStatus',
  'encryption',
  'publicAccessBlock',
  'replication',
];

function s3Action(method: string, url: URL): string {
  const [, , ...key] = url.pathname.split('/');
  const about = S3_SUBRESOURCES.find((name) => url.searchParams.has(name));
  const target = key.join('/') === '' ? 'Bucket' : 'Object';
  const named = about ? about.charAt(0).toUpperCase() + about.slice(1) : '';
  return `${method.charAt(0)}${method.slice(1).toLowerCase()}${target}${named}`;
}

/** Paths of the requests that this product makes ("Amazon Route 53 API Reference"). */
function route53Action(method: string, { pathname }: URL): string | undefined {
  if (/\/change\/[^/]+$/.test(pathname)) return 'GetChange';
  if (!/\/rrset\/?$/.test(pathname)) return undefined;
  return method === 'POST' ? 'ChangeResourceRecordSets' : 'ListResourceRecordSets';
}

const header = ({ headers }: IncomingMessage, name: string) => [headers[name] ?? []].flat()[0] ?? '';

/** Reads the call off the wire: signature scope, `X-Amz-Target` of the JSON protocols, `Action` of the query protocols. */
export function awsCallOf(request: IncomingMessage, body: Buffer): AwsCall | undefined {
  const [, accessKeyId, service] = SCOPE.exec(request.headers.authorization ?? '') ?? [];
  if (!accessKeyId || !service) return undefined;
  const target = request.headers['x-amz-target'];
  const url = new URL(request.url ?? '/', 'http://aws');
  const query = new URLSearchParams(body.length < 200_000 ? body.toString('latin1') : '');
  const action =
    (typeof target === 'string' ? target.split('.').at(-1) : undefined) ??
    (service === 's3' ? s3Action(request.method ?? 'GET', url) : undefined) ??
    (service === 'route53' ? route53Action(request.method ?? 'GET', url) : undefined) ??
    query.get('Action') ??
    url.searchParams.get('Action') ??
    `${request.method} ${url.pathname}`;
  const [, traceRoot] = TRACE_ROOT.exec(header(request, 'x-amzn-trace-id')) ?? [];
  const sdkInvocationId = header(request, 'amz-sdk-invocation-id');
  return {
    service,
    action,
    accessKeyId,
    body,
    ...(traceRoot && { traceRoot }),
    ...(sdkInvocationId && { sdkInvocationId }),
  };
}
