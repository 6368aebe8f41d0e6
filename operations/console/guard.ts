import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refused } from './refused';

/** The only address of the console. */
export const LOOPBACK = '127.0.0.1';

/** What a request must show. */
export interface Door {
  readonly port: number;
  readonly token: string;
}

const digest = (text: string) => createHash('sha256').update(text).digest();
/** Digests have one length, so that the comparison takes the same time for every text. */
const isSame = (one: string, other: string) => timingSafeEqual(digest(one), digest(other));

/**
 * Refuses requests that another page of the operator's browser could have made.
 * - A name that somebody else's DNS resolves to loopback is not the console's (DNS rebinding).
 * - A browser says where a request comes from: `Origin` and `Sec-Fetch-Site`, which a page cannot
 *   change. Another port of this machine is another origin, although it is the same site.
 *
 * @throws Refused `ForeignHost`, `Forbidden`
 */
export function requireOwnOrigin(headers: IncomingHttpHeaders, { port }: Door): void {
  const own = `${LOOPBACK}:${port}`;
  if (headers.host !== own) throw new Refused('ForeignHost', `this console is at ${own} only`);
  if (headers.origin !== undefined && headers.origin !== `http://${own}`)
    throw new Refused('Forbidden', 'the request comes from another origin');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new Refused('Forbidden', 'the request comes from another site');
}

/** @throws Refused `Unauthorized` */
export function requireToken({ authorization = '' }: IncomingHttpHeaders, { token }: Door): void {
  if (isSame(authorization, `Bearer ${token}`)) return;
  throw new Refused(
    'Unauthorized',
    'the token of this console is missing or wrong; open the address that it has printed',
  );
}
