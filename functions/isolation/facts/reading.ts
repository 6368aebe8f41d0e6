import { isNamed } from '../../shared/is-named';

/**
 * Memoizes a read: the first caller reads, later callers share the answer. So the cost of a run
 * does not depend on how many checks need a fact. A failure is not kept; the next caller reads
 * again.
 */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= read().catch((failure: unknown) => {
      answer = undefined;
      throw failure;
    });
    return answer;
  };
}

/**
 * AWS reports some absent configurations as an error. That error means undefined; every other error
 * is thrown.
 */
export async function unlessAbsent<T>(read: Promise<T>, ...absent: readonly string[]): Promise<T | undefined> {
  try {
    return await read;
  } catch (thrown) {
    if (isNamed(thrown, ...absent)) return undefined;
    throw thrown;
  }
}

export type Tags = Readonly<Record<string, string | undefined>>;

export const tagsOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tags =>
  Object.fromEntries(tags.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value]])));
