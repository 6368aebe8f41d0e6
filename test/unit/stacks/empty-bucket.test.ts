import { emptyBucket } from '../../../functions/stacks/empty-bucket';
import { FakeBuckets } from '../../support/fake-buckets';

const filled = (versions: number) => {
  const s3 = new FakeBuckets();
  s3.fill('tenant', versions);
  return s3;
};

test.each([0, 1, 1000, 2500])('deletes %d versions and delete markers of a bucket', async (versions) => {
  const s3 = filled(versions);
  await emptyBucket(s3, 'tenant');
  expect(s3.buckets.get('tenant')).toEqual([]);
});

test('treats a missing bucket as empty', async () => {
  await expect(emptyBucket(new FakeBuckets(), 'tenant')).resolves.toBeUndefined();
});

test('leaves to the next invocation what it has no time for, which is less each time', async () => {
  const s3 = filled(20_500);
  await expect(emptyBucket(s3, 'tenant')).rejects.toMatchObject({ name: 'TransientConflict' });
  expect(s3.buckets.get('tenant')).toHaveLength(500);
  await emptyBucket(s3, 'tenant');
  expect(s3.buckets.get('tenant')).toEqual([]);
});

test('a version that S3 does not delete throws S3’s error, although the call succeeded', async () => {
  const s3 = filled(5);
  s3.refused.set('key-1', 'AccessDenied');
  await expect(emptyBucket(s3, 'tenant')).rejects.toMatchObject({ name: 'AccessDenied', message: 'key-1: no' });
});
