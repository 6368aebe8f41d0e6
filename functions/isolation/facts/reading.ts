import { once } from '../../shared/once';
import { repeated } from '../../shared/repeated';

/** A memoized read of AWS, which is repeated when it is throttled. */
export const readOnce = <T>(read: () => Promise<T>) => once(() => repeated(read));

/** Memoized reads of what has a name: each name once. */
export function readOnceEach<Name extends readonly (string | undefined)[], T>(read: (...name: Name) => Promise<T>) {
  const reads = new Map<string, () => Promise<T>>();
  return (...name: Name): Promise<T> => {
    const id = JSON.stringify(name);
    const known = reads.get(id) ?? readOnce(() => read(...name));
    reads.set(id, known);
    return known();
  };
}

export type Tags = Readonly<Record<string, string | undefined>>;

export const tagsOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tags =>
  Object.fromEntries(tags.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value]])));
