import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { VERSION_HEADER } from '../contract/naming';
import { pause } from '../shared/invocation';
import { settled } from '../shared/settled';
import { type Answered, loadBalancerProbe } from './load-balancer-probe';

/** Asks for the page of a host as a browser does, through the load balancer of the cell. */
export type PageRequest = (cell: CellDescriptor, host: string) => Promise<Answered>;

/**
 * The listener's public address, which every function reaches: the functions are in no VPC, and the
 * load balancer faces the internet.
 */
export const requestPage: PageRequest = (cell, host) => loadBalancerProbe(cell.loadBalancerUrl, host)(host);

/** The service answers none of these. A web ACL does, to an address that has sent too many requests in five minutes. */
const REFUSED_BY_WEB_ACL: readonly number[] = [403, 429];

export const isRefusedByWebAcl = (status: number): boolean => REFUSED_BY_WEB_ACL.includes(status);

/**
 * Whether a version of the shared service has answered. Nothing else of the cell sends its header: neither the listener's
 * 404, which a node answers that does not know the rule yet, nor somebody's rule for the same host.
 */
const isOfService = ({ version }: Answered): boolean => version !== undefined;

/**
 * Whether the shared service has answered, and without a failure. A customer may have removed the page: then the
 * service answers 404, and serves the tenant. An answer of the web ACL says nothing about the service.
 */
export const isServed = (answered: Answered): boolean =>
  isOfService(answered) && answered.status < 500 && !isRefusedByWebAcl(answered.status);

/** Whether the shared service has answered with the page. */
export const isShown = (answered: Answered): boolean => isOfService(answered) && answered.status === 200;

/** Milliseconds between requests, 9 s in all: `pauses` of contract/time-limits.ts. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 2_500, 2_750];

/** A load balancer has a node or more in each of two or three zones: with fewer connections, one that lags is missed too often. */
export const MANY_NODES = 8;

export interface Asking {
  /**
   * Connections at once. DNS tells the addresses of all nodes of a load balancer, and a client takes one of them at random
   * ("How Elastic Load Balancing works"): one answer is that of one node.
   */
  readonly connections?: number;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Asks for a page until the answer is the expected one. Elastic Load Balancing does not change a rule
 * on all of its nodes at once (reports from the field say some seconds:
 * kubernetes-sigs/aws-load-balancer-controller#1433), and a target may have become unhealthy.
 *
 * @returns a last answer that is still another
 */
async function unexpectedAnswer(
  ask: () => Promise<Answered>,
  isExpected: (answered: Answered) => boolean,
  { connections = 1, wait = pause }: Asking,
): Promise<Answered | undefined> {
  const unexpected = async () =>
    (await settled(Array.from({ length: connections }, ask))).find((answered) => !isExpected(answered));
  let answered = await unexpected();
  for (const ms of PAUSES_MS) {
    if (!answered) return undefined;
    await wait(ms);
    answered = await unexpected();
  }
  return answered;
}

/**
 * @param isServed whether the answer shows that the page is served
 * @throws PlatformError `TransientServiceUnsteady` when the page is still not served
 */
export async function untilServed(
  ask: () => Promise<Answered>,
  host: string,
  isServed: (answered: Answered) => boolean,
  asking: Asking = {},
): Promise<void> {
  const answered = await unexpectedAnswer(ask, isServed, asking);
  if (!answered) return;
  const { status } = answered;
  const isStrange = !isOfService(answered) && status < 500 && !isRefusedByWebAcl(status);
  const whose = isStrange
    ? `, and not from the shared service, which sends ${VERSION_HEADER}: its rule is not in force, or another one matches the host`
    : '';
  throw new PlatformError('TransientServiceUnsteady', `the page of ${host} answers ${status}${whose}`);
}

/**
 * @param isClosed whether the route is closed, by the status of the answer
 * @throws PlatformError `TransientNotYetVisible` when the load balancer still serves the page
 */
export async function untilClosed(
  ask: () => Promise<Answered>,
  host: string,
  isClosed: (status: number) => boolean,
  asking: Asking = {},
): Promise<void> {
  const answered = await unexpectedAnswer(ask, ({ status }) => isClosed(status), asking);
  if (answered)
    throw new PlatformError(
      'TransientNotYetVisible',
      `the route of ${host} is closed, and still answers ${answered.status}`,
    );
}
