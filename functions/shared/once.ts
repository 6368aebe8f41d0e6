/**
 * Memoizes work: the first caller starts it, later callers share the answer. So the cost of a run
 * does not depend on how many checks need an answer. A failure is not kept; the next caller starts
 * the work again.
 */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= work().catch((failure: unknown) => {
      answer = undefined;
      throw failure;
    });
    return answer;
  };
}
