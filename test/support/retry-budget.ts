import type { State } from './asl';

type Retrier = NonNullable<State['Retry']>[number];

/** How long a state goes on trying after one error, seconds. */
export interface RetryBudget {
  readonly retries: number;
  /** Of each retry, before jitter. */
  readonly pauses: readonly number[];
  readonly most: number;
  /**
   * What the pauses add up to, practically always: without jitter their sum. Full jitter draws each pause
   * evenly from zero on, so four standard deviations below the average (one run in 30,000 has less).
   */
  readonly sure: number;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

export function budgetOfRetrier(retrier: Retrier): RetryBudget {
  const { IntervalSeconds, MaxAttempts, BackoffRate } = retrier;
  const longest = typeof retrier.MaxDelaySeconds === 'number' ? retrier.MaxDelaySeconds : Number.POSITIVE_INFINITY;
  const pauses = Array.from({ length: MaxAttempts }, (_, n) => Math.min(IntervalSeconds * BackoffRate ** n, longest));
  const most = sum(pauses);
  const deviation = Math.sqrt(sum(pauses.map((pause) => pause ** 2 / 12)));
  const sure = retrier.JitterStrategy === 'FULL' ? most / 2 - 4 * deviation : most;
  return { retries: MaxAttempts, pauses, most, sure };
}

/** The budget of a state for an error; the first retrier that names the error counts ("Error handling"). */
export function budgetOf(state: State, error: string): RetryBudget {
  const retrier = state.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(error));
  if (!retrier) throw new Error(`no retrier names ${error}`);
  return budgetOfRetrier(retrier);
}

/** The arithmetic as comments write it: `2 + 4 + 15 x 60 = 906 s`. */
export function arithmetic({ pauses, most }: RetryBudget): string {
  const runs: [times: number, pause: number][] = [];
  for (const pause of pauses) {
    const last = runs.at(-1);
    if (last?.[1] === pause) last[0] += 1;
    else runs.push([1, pause]);
  }
  return `${runs.map(([times, pause]) => (times > 1 ? `${times} x ${pause}` : pause)).join(' + ')} = ${most} s`;
}
