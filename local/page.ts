import { type RequestOptions, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks the load balancer itself for a host's page, whether or not DNS leads there. */
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
 * Opens a URL as it is, as a browser does: every name under `localhost` is loopback ("Special-Use Domain Names", RFC 6761),
 * whatever this machine's resolver says of it.
 */
export function openPage(url: string, signal?: AbortSignal): Promise<Answer> {
  const there = new URL(url);
  const { host } = there;
  if (there.hostname.endsWith('.localhost')) there.hostname = '127.0.0.1';
  return requestPage(there.href, host, signal);
}

/** What a visitor saw who asked again and again: each change of status, and when. */
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

/** Asks for a page until it is there, or until it is given up. */
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
