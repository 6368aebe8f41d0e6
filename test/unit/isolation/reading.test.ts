import { tagsOf } from '../../../functions/isolation/facts/reading';
import { once } from '../../../functions/shared/once';
import { unlessNamed } from '../../../functions/shared/unless';
import { awsError } from '../../support/fake-client';

test('a fact is read when it is first needed, and only once, also by simultaneous readers', async () => {
  let reads = 0;
  const fact = once(async () => {
    reads += 1;
    return reads;
  });
  expect(reads).toBe(0);
  expect(await Promise.all([fact(), fact(), fact()])).toEqual([1, 1, 1]);
  expect(await fact()).toBe(1);
});

test('a failed read fails all who wait for it, and the next one reads again', async () => {
  let reads = 0;
  const fact = once(async () => {
    reads += 1;
    if (reads === 1) throw new Error('not now');
    return reads;
  });
  const both = await Promise.allSettled([fact(), fact()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await fact()).toBe(2);
});

test('an error that means “absent” is an answer, and no other error is', async () => {
  const read = (name: string) => unlessNamed(Promise.reject(awsError(name)), 'NoSuchTagSet');
  expect(await read('NoSuchTagSet')).toBeUndefined();
  await expect(read('NoSuchBucket')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  await expect(read('AccessDenied')).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('tags become an object by their keys', () => {
  expect(tagsOf([{ Key: 'a', Value: '1' }, { Value: '2' }])).toEqual({ a: '1' });
  expect(tagsOf(undefined)).toEqual({});
});
