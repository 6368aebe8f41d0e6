import { once } from '../facts/reading';
import type { Attempt } from './attempt';
import type { ObjectProbe } from './probes';

interface ObjectProbeProps {
  /** Named in errors. */
  readonly bucket: string;
  readonly write: () => Promise<Attempt>;
  readonly readBack: () => Promise<Attempt>;
  readonly readByOther: () => Promise<Attempt>;
  readonly remove: () => Promise<unknown>;
}

interface Results {
  readonly written: Attempt;
  readonly reads?: { readonly [reader in 'owner' | 'other']: PromiseSettledResult<Attempt> };
}

/** The object exists while both read it, and is removed before any result is returned. */
async function probeObject({ write, readBack, readByOther, remove }: ObjectProbeProps): Promise<Results> {
  const written = await write();
  if (!written.allowed) return { written };
  const [owner, other] = await Promise.allSettled([readBack(), readByOther()]);
  await remove();
  return { written, reads: { owner, other } };
}

/**
 * Writes, reads and removes one object, once. The object must exist: S3 answers 403 in place of 404
 * to a caller that may not list the bucket, so a missing object says nothing about the right to
 * read ("GetObject").
 */
export function objectProbe(props: ObjectProbeProps): ObjectProbe {
  const results = once(() => probeObject(props));
  const read = (reader: 'owner' | 'other') => async () => {
    const { reads } = await results();
    if (!reads) throw new Error(`no object to read: the write to ${props.bucket} was denied`);
    const result = reads[reader];
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
  return { written: async () => (await results()).written, readBack: read('owner'), readByOther: read('other') };
}
