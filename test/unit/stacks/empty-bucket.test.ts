import { emptyBucket } from '../../../functions/stacks/empty-bucket';
import { FakeBuckets } from '../../support/fake-buckets';

const filled = (versions: number) => {
  const s3 = new FakeBuckets();
  s3.fill('tenant', versions);
  return s3;
};

test.each([0, 1, 1000, 2500])('a bucket with %d versions and delete markers becomes empty', async (versions) => {
  const s3 = filled(versions);
  await emptyBucket(s3, 'tenant');
  expect(s3.buckets.get('tenant')).toEqual([]);
});

test('a bucket that does not exist is empty', async () => {
  await expect(emptyBucket(new FakeBuckets(), 'tenant')).resolves.toBeUndefined();
});

test('what does not fit into one invocation is left to the next, and gets less each time', async () => {
  const s3 = filled(20_500);
  await expect(emptyBucket(s3, 'tenant')).rejects.toMatchObject({ name: 'TransientConflict' });
  expect(s3.buckets.get('tenant')).toHaveLength(500);
  await emptyBucket(s3, 'tenant');
  expect(s3.buckets.get('tenant')).toEqual([]);
});

test('a version that S3 does not delete is a failure under S3’s name for it, although the call succeeded', async () => {
  const s3 = filled(5);
  s3.refused.set('key-1', 'AccessDenied');
  await expect(emptyBucket(s3, 'tenant')).rejects.toMatchObject({ name: 'AccessDenied', message: 'key-1: no' });
});
