import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { PlatformError } from '../contract/errors';
import { isNamed } from '../shared/is-named';

/**
 * Number of requests for at most 1,000 versions each ("DeleteObjects") that fit into one
 * invocation.
 */
const ROUNDS = 20;

/**
 * Deletes every version and delete marker of a bucket, because CloudFormation deletes only empty
 * buckets ("DeletionPolicy attribute"). A bucket that does not exist counts as empty.
 *
 * @param permit called right before each deletion; throws to stop it
 * @throws PlatformError `TransientConflict` when one invocation cannot delete all versions; the
 * retry deletes the rest
 */
export async function emptyBucket(
  s3: Pick<S3Client, 'send'>,
  bucket: string,
  permit: () => Promise<void> = async () => {},
): Promise<void> {
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (Objects.length === 0) return;
      await permit();
      const { Errors = [] } = await s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      const [refused] = Errors;
      if (refused)
        throw Object.assign(new Error(`${refused.Key}: ${refused.Message}`), { name: refused.Code ?? 'Error' });
    }
  } catch (thrown) {
    if (isNamed(thrown, 'NoSuchBucket')) return;
    throw thrown;
  }
  throw new PlatformError(
    'TransientConflict',
    `bucket ${bucket} holds more than ${ROUNDS * 1000} versions; the retry deletes the rest`,
  );
}
