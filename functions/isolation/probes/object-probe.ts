import { once } from '../../shared/once';
import type { Attempt } from './attempt';
import type { ObjectProbe } from './probes';

interface ObjectProbeProps {
  /** Named in errors. */
  readonly bucket: string;
  readonly write: () => Promise<Attempt>;
  readonly readBack: () => Promise<Attempt>;
  /** Settles when the other reader's own bucket has let it in or denied it. */
  readonly otherIsReady: () => Promise<unknown>;
  readonly readByOther: () => Promise<Attempt>;
  readonly remove: () => Promise<unknown>;
}

type Outcome = PromiseSettledResult<Attempt>;

async function outcomeOf(probe: () => Promise<Attempt>): Promise<Outcome> {
  const [outcome] = await Promise.allSettled([probe()]);
  return outcome;
}

function resultOf(outcome: Outcome): Attempt {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/**
 * Writes, reads and removes one object, once. The object must exist: S3 answers 403 in place of 404
 * to a caller that may not list the bucket, so a missing object says nothing about the right to
 * read ("GetObject"). It exists while both read it, and is removed before a result of the other
 * reader is returned.
 */
export function objectProbe(props: ObjectProbeProps): ObjectProbe {
  const { bucket, write, readBack, otherIsReady, readByOther, remove } = props;
  const own = once(async () => {
    const written = await write();
    return written.allowed ? { written, readBack: await outcomeOf(readBack) } : { written };
  });
  const all = once(async () => {
    const first = await own();
    if (!first.written.allowed) return first;
    await Promise.allSettled([otherIsReady()]);
    const other = await outcomeOf(readByOther);
    await remove();
    return { ...first, other };
  });
  const read = (outcome: Outcome | undefined) => {
    if (!outcome) throw new Error(`no object to read: the write to ${bucket} was denied`);
    return resultOf(outcome);
  };
  return {
    opened: async () => {
      const { written, readBack: back } = await own();
      return back ? resultOf(back) : written;
    },
    written: async () => (await all()).written,
    readBack: async () => read((await all()).readBack),
    readByOther: async () => {
      const results = await all();
      return read('other' in results ? results.other : undefined);
    },
  };
}
