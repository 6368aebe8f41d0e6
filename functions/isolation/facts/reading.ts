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
    if (thrown instanceof Error && absent.includes(thrown.name)) return undefined;
    throw thrown;
  }
}

/** Everything of a kind, over all pages. */
export async function everyPage<P, T>(
  pages: AsyncIterable<P>,
  of: (page: P) => readonly T[] | undefined,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...(of(page) ?? []));
  return found;
}

export type Tags = Readonly<Record<string, string | undefined>>;

export const tagsOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tags =>
  Object.fromEntries(tags.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value]])));
