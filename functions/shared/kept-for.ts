export interface KeepingTerms<T> {
  /** How long an answer is good for, from the moment that it was asked for. */
  readonly ms: number;
  /** Whether an answer may be kept at all. By default every one; a failure never is. */
  readonly isGood?: (answer: T) => boolean;
  readonly now?: () => number;
}

/**
 * Memoizes work for a while, across the invocations of one process: for answers that are the same for
 * many tenants. Callers at the same time share one answer.
 */
export function keptFor<T>(
  { ms, isGood = () => true, now = Date.now }: KeepingTerms<T>,
  work: () => Promise<T>,
): () => Promise<T> {
  let kept: { readonly since: number; readonly answer: Promise<T> } | undefined;
  return async () => {
    if (kept && now() - kept.since < ms) return await kept.answer;
    const asking = { since: now(), answer: work() };
    kept = asking;
    const forget = () => {
      if (kept === asking) kept = undefined;
    };
    try {
      const answer = await asking.answer;
      if (!isGood(answer)) forget();
      return answer;
    } catch (failure) {
      forget();
      throw failure;
    }
  };
}
