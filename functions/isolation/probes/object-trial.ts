import { once } from '../facts/reading';
import type { Attempt } from './attempt';
import type { ObjectTrial } from './doors';

interface ObjectTrialProps {
  /** Told in errors. */
  readonly bucket: string;
  readonly write: () => Promise<Attempt>;
  readonly readBack: () => Promise<Attempt>;
  readonly readByOther: () => Promise<Attempt>;
  readonly remove: () => Promise<unknown>;
}

interface Tried {
  readonly written: Attempt;
  readonly reads?: { readonly [who in 'owner' | 'other']: PromiseSettledResult<Attempt> };
}

/** The object is there while both read, and is gone before anybody hears of it. */
async function tryObject({ write, readBack, readByOther, remove }: ObjectTrialProps): Promise<Tried> {
  const written = await write();
  if (!written.opened) return { written };
  const [owner, other] = await Promise.allSettled([readBack(), readByOther()]);
  await remove();
  return { written, reads: { owner, other } };
}

/**
 * Has one object written, read and removed, once. Whether somebody may read cannot be asked of an object that is absent: S3
 * refuses whoever may not list the bucket, whatever else they may ("GetObject": without s3:ListBucket, 403 in place of 404).
 */
export function objectTrial(props: ObjectTrialProps): ObjectTrial {
  const trial = once(() => tryObject(props));
  const read = (who: 'owner' | 'other') => async () => {
    const { reads } = await trial();
    if (!reads) throw new Error(`there is no object to read: none could be written to ${props.bucket}`);
    const result = reads[who];
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
  return { written: async () => (await trial()).written, readBack: read('owner'), readByOther: read('other') };
}
