import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';
import type { Answered } from './doors';

const TIMEOUT_MS = 8_000;
/** More than any page of ours; a body beyond it is of no interest to a probe. */
const BODY_LIMIT = 64 * 1024;

/** Named as the SDK names its own: a passing fault, which the machine answers by asking again. */
const unanswered = (message: string) => Object.assign(new Error(message), { name: 'TimeoutError' });

/**
 * Sends requests to a cell's load balancer, each for whatever host. Over TLS all of them ask for the certificate of the
 * tenant's own host and check it, as a browser does that has reached the load balancer by DNS: rules go by the Host header
 * alone, and a stranger's host has no certificate here to check.
 */
export const loadBalancerDoor = (loadBalancerUrl: string, tenantHost: string) => (host: string) =>
  new Promise<Answered>((resolve, reject) => {
    const url = new URL(loadBalancerUrl);
    const [send, tls] = url.protocol === 'https:' ? [overTls, { servername: tenantHost }] : [overHttp, {}];
    const options = { ...tls, method: 'GET', headers: { host }, timeout: TIMEOUT_MS, agent: false as const };
    const request = send(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < BODY_LIMIT) body += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('timeout', () => request.destroy(unanswered(`no answer from ${loadBalancerUrl} in ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
    request.end();
  });
