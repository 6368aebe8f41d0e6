import { isRefusedByWebAcl, type PageRequest } from '../compute/tenant-page';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { pause } from '../shared/invocation';
import { someAtOnce } from '../shared/some-at-once';

export interface AskPagesDeps {
  readonly page: PageRequest;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** What the page of one host answered, in order. */
export interface PageAnswers {
  readonly host: string;
  /** 0 for a request without an answer. */
  readonly statuses: readonly number[];
  /** Of the requests with an answer. */
  readonly seconds: readonly number[];
}

const IN_A_ROW = 3;
/** A page that has failed is not asked again at once: three failures in a row are no moment of a network. */
const AFTER_FAILURE_MS = 300;

/** A customer may have removed the page: 404 is an answer of the shared service, too. */
export const isFailed = (status: number): boolean => status === 0 || status >= 500;

/** Whether the last three requests of the page have failed. */
export const isDown = ({ statuses }: Pick<PageAnswers, 'statuses'>): boolean =>
  statuses.length >= IN_A_ROW && statuses.slice(-IN_A_ROW).every(isFailed);

/** The middle one: a first request that opens a tenant's session says nothing about the others. */
export const medianOf = (seconds: readonly number[]): number | undefined =>
  seconds.toSorted((one, other) => one - other)[Math.floor(seconds.length / 2)];

/**
 * Asks for the pages of hosts as visitors do, each as often as `requests` says, or until it is down.
 *
 * A page that a web ACL refuses to show is asked for again later: it says nothing about the version.
 */
export async function askPages(
  { page, wait = pause }: AskPagesDeps,
  cell: CellDescriptor,
  hosts: readonly string[],
  requests: number,
): Promise<readonly PageAnswers[]> {
  const answers: PageAnswers[] = [];
  await someAtOnce(hosts, async (host) => {
    const statuses: number[] = [];
    const seconds: number[] = [];
    while (statuses.length < requests && !isDown({ statuses })) {
      const { status, ms } = await page(cell, host).catch(() => ({ status: 0, ms: undefined }));
      if (isRefusedByWebAcl(status))
        throw new PlatformError('TransientThrottling', `a web ACL answers ${status} for ${host}: too many requests`);
      statuses.push(status);
      if (ms !== undefined) seconds.push(ms / 1000);
      if (isFailed(status)) await wait(AFTER_FAILURE_MS);
    }
    answers.push({ host, statuses, seconds });
  });
  return answers;
}
