import type { IncomingMessage } from 'node:http';

/** A request to AWS: its service, its action, and the caller's credentials. */
export interface AwsCall {
  /** Signing name of the service: `dynamodb`, `kms`, `cloudformation`, `s3` ... */
  readonly service: string;
  /**
   * The API's name of the action. S3 has no action in its requests: here it is the method and the
   * kind of resource. Route 53 is recognized by paths.
   */
  readonly action: string;
  readonly accessKeyId: string;
  /** Body of the request, unchanged. */
  readonly body: Buffer;
  /**
   * Trace id of the caller's invocation: the SDK of a traced function sends it with each request
   * ("Lambda and X-Ray").
   */
  readonly traceRoot?: string;
  /** Id of the SDK's call, the same for all of its attempts. */
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

/** The one request to Lambda that names no action on the wire and that functions make ("Invoke"). */
const lambdaAction = (method: string, { pathname }: URL) =>
  method === 'POST' && /\/functions\/[^/]+\/invocations$/.test(pathname) ? 'Invoke' : undefined;

const header = ({ headers }: IncomingMessage, name: string) => [headers[name] ?? []].flat()[0] ?? '';

/**
 * Reads service and action from the signature's scope, `X-Amz-Target` (JSON protocols) or `Action`
 * (query protocols).
 */
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
    (service === 'lambda' ? lambdaAction(request.method ?? 'GET', url) : undefined) ??
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
