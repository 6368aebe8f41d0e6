import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { pause } from '../shared/invocation';
import { type Answered, loadBalancerProbe } from './load-balancer-probe';

/** Asks for the page of a host as a browser does, through the load balancer of the cell. */
export type PageRequest = (cell: CellDescriptor, host: string) => Promise<Answered>;

/**
 * The listener's public address, which every function reaches: the functions are in no VPC, and the
 * load balancer faces the internet.
 */
export const requestPage: PageRequest = (cell, host) => loadBalancerProbe(cell.loadBalancerUrl, host)(host);

/** Milliseconds between requests, 9 s in all: `pauses` of contract/time-limits.ts. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 2_500, 2_750];

/**
 * Asks for a page until it is served. Elastic Load Balancing does not change a rule on all of its
 * nodes at once (reports from the field say some seconds: kubernetes-sigs/aws-load-balancer-controller#1433),
 * and a target may have become unhealthy.
 *
 * @param isServed whether the page is served, by the status of the answer
 * @throws PlatformError `TransientServiceUnsteady` when it is still not served
 */
export async function untilServed(
  ask: () => Promise<Answered>,
  host: string,
  isServed: (status: number) => boolean,
  wait: (ms: number) => Promise<unknown> = pause,
): Promise<void> {
  let { status } = await ask();
  for (const ms of PAUSES_MS) {
    if (isServed(status)) return;
    await wait(ms);
    ({ status } = await ask());
  }
  if (!isServed(status)) throw new PlatformError('TransientServiceUnsteady', `the page of ${host} answers ${status}`);
}
