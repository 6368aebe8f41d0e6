import type { Traffic } from '../compute/colour-traffic';

/** Fewer requests than this are no proof that a version is good. */
const LEAST_REQUESTS = 300;
/** So many failed requests of all, and more than one in a hundred, are no accident. */
const LEAST_FAILED = 3;
const FAILED_SHARE = 0.01;
/** A version may fail so many times as often as the live one, and take so many times as long. */
const TIMES_AS_OFTEN = 3;
const TIMES_AS_LONG = 1.5;
/** Seconds by which a version must be slower, too: half as much again of little is little. */
const NOTICED_SECONDS = 0.1;
/** Seconds that pages may take where the live version has no figure of its own to compare with. */
const LONGEST_SECONDS = { p95: 2, p99: 5 } as const;
/** Per cent of a task's memory. ECS kills a task at 100. */
const FULL = 90;

/** Whether so many failed requests of so many are too many, beside the live version's. */
export function isFailing(failed: number, requests: number, liveRate = 0): boolean {
  return failed >= LEAST_FAILED && failed > requests * Math.max(FAILED_SHARE, TIMES_AS_OFTEN * liveRate);
}

/** @param live seconds of the live version; undefined when it was asked for nothing */
export function isSlower(seconds: number, live: number | undefined, longest: number = LONGEST_SECONDS.p95): boolean {
  if (live === undefined) return seconds > longest;
  return seconds > live * TIMES_AS_LONG && seconds > live + NOTICED_SECONDS;
}

/** Seconds, in words. */
export const told = (seconds: number) => `${Math.round(seconds * 1000)} ms`;

function slowness(fresh: Traffic, live: Traffic, slower: boolean): string[] {
  return (['p95', 'p99'] as const).flatMap((percentile) => {
    const seconds = fresh[percentile];
    const measure = live.requests >= LEAST_REQUESTS && !slower ? live[percentile] : undefined;
    if (seconds === undefined || !isSlower(seconds, measure, LONGEST_SECONDS[percentile])) return [];
    const beside =
      measure === undefined ? `at most ${LONGEST_SECONDS[percentile]} s` : `the live version ${told(measure)}`;
    return [`${percentile} of its answers is ${told(seconds)}, ${beside}`];
  });
}

/**
 * Judges a version by the requests of visitors, beside the version that is live.
 *
 * - `bad`: too many failed, or no task could be reached, or answers take too long, or a task's memory
 *   is nearly full
 * - `good`: enough requests, and none of this
 * - `quiet`: too few requests to say that it is good. Nobody may take silence for health.
 *
 * @param slower whether the version may be slower than the live one: then it has the limits of a version without one
 */
export function judgeTraffic(
  fresh: Traffic,
  live: Traffic,
  slower = false,
): { readonly verdict: 'good' | 'quiet' } | { readonly verdict: 'bad'; readonly because: string } {
  const liveRate = live.requests >= LEAST_REQUESTS ? live.failed / live.requests : 0;
  const because = [
    ...(isFailing(fresh.failed, fresh.requests, liveRate)
      ? [`${fresh.failed} of ${fresh.requests} requests of visitors were answered with 5xx`]
      : []),
    ...(fresh.unconnected >= LEAST_FAILED ? [`${fresh.unconnected} requests of visitors could not reach a task`] : []),
    ...(fresh.requests >= LEAST_REQUESTS ? slowness(fresh, live, slower) : []),
    ...(fresh.memory !== undefined && fresh.memory >= FULL ? [`a task uses ${fresh.memory} % of its memory`] : []),
  ];
  if (because.length > 0) return { verdict: 'bad', because: because.join('; ') };
  return { verdict: fresh.requests >= LEAST_REQUESTS ? 'good' : 'quiet' };
}
