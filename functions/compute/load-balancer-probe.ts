import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';
import { MIGRATION_HEADER, VERSION_HEADER } from '../contract/naming';
import { invocationSignal } from '../shared/invocation';

export interface Answered {
  readonly status: number;
  readonly body: string;
  /** Until the answer was complete. */
  readonly ms?: number | undefined;
  /** Of the shared service: the version that has answered. */
  readonly version?: string | undefined;
  /** Of the shared service at /healthz: the last migration that the version knows. */
  readonly migration?: string | undefined;
}

const TIMEOUT_MS = 8_000;
/** More than any page of ours. The rest of a longer body is not read. */
const BODY_LIMIT = 64 * 1024;

/** A web ACL may refuse requests without one ("Baseline rule groups" of AWS WAF: NoUserAgent_HEADER). */
const USER_AGENT = 'tenant-onboarding';

/** Named as the SDK names its own timeout: a transient fault, so the state machine retries. */
const unanswered = (message: string) => Object.assign(new Error(message), { name: 'TimeoutError' });

/**
 * Sends requests for any host to a cell's load balancer. Over TLS each request asks for the
 * certificate of the tenant's own host and checks it, as a browser does: listener rules match the
 * Host header alone, and this load balancer has no certificate for a host of somebody else.
 */
export const loadBalancerProbe =
  (loadBalancerUrl: string, tenantHost: string) =>
  (host: string, path = '/') =>
    new Promise<Answered>((resolve, reject) => {
      const began = performance.now();
      const url = new URL(loadBalancerUrl);
      const [send, tls] = url.protocol === 'https:' ? [overTls, { servername: tenantHost }] : [overHttp, {}];
      const signal = invocationSignal();
      const ending = { timeout: TIMEOUT_MS, ...(signal && { signal }) };
      const options = {
        ...tls,
        ...ending,
        method: 'GET',
        path,
        headers: { host, 'user-agent': USER_AGENT },
        agent: false as const,
      };
      const request = send(url, options, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (body.length < BODY_LIMIT) body += chunk;
        });
        response.on('error', reject);
        const { [VERSION_HEADER]: version, [MIGRATION_HEADER]: migration } = response.headers;
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body,
            ms: performance.now() - began,
            ...(typeof version === 'string' && { version }),
            ...(typeof migration === 'string' && { migration }),
          }),
        );
      });
      request.on('timeout', () => request.destroy(unanswered(`no answer from ${loadBalancerUrl} in ${TIMEOUT_MS} ms`)));
      request.on('error', reject);
      request.end();
    });
