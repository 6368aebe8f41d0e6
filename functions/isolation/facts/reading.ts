import { isNamed } from '../../shared/is-named';

/**
 * Reads a fact when it is first asked for and then keeps it: what a run costs does not depend on how many checks ask. A
 * failure is no fact; whoever asks next reads again.
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

/** AWS reports some things that do not exist as an error: that is an answer. Every other error stays one. */
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
