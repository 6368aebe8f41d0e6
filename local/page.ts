import { type RequestOptions, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Requests a host's page directly from the load balancer, whatever DNS says. */
export const requestPage = (loadBalancerUrl: string, host: string, signal?: AbortSignal): Promise<Answer> =>
  requestOf(loadBalancerUrl, { headers: { host }, signal });

/** Sends a request to a load balancer; the headers name the host. */
export function requestOf(url: string, options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { ...options, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body })).on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}

/**
 * Opens a URL as a browser does: every name under `localhost` means loopback ("Special-Use Domain
 * Names", RFC 6761), whatever this machine's resolver answers.
 */
export function openPage(url: string, signal?: AbortSignal): Promise<Answer> {
  const there = new URL(url);
  const { host } = there;
  if (there.hostname.endsWith('.localhost')) there.hostname = '127.0.0.1';
  return requestPage(there.href, host, signal);
}

/** What a visitor with repeated requests saw: each change of status, and when. */
export interface PageSight {
  readonly changes: readonly { readonly status: number; readonly at: Date }[];
  readonly last: Answer;
}

export interface WatchOptions {
  readonly givenUp: () => boolean;
  readonly onChange?: (status: number) => void;
  readonly signal?: AbortSignal;
}

const EVERY_MS = 150;

/** Requests a page until it answers 200, or until `givenUp`. */
export async function watchPage(url: string, { givenUp, onChange, signal }: WatchOptions): Promise<PageSight> {
  const changes: { status: number; at: Date }[] = [];
  for (;;) {
    const last = await openPage(url, signal);
    if (last.status !== changes.at(-1)?.status) {
      changes.push({ status: last.status, at: new Date() });
      onChange?.(last.status);
    }
    if (last.status === 200 || givenUp()) return { changes, last };
    await pause(EVERY_MS, undefined, { signal });
  }
}
