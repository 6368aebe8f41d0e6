import {
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { termsOf } from '../../../functions/isolation/probes/terms';
import { bucketOf } from '../../../functions/isolation/subject';
import { assumeTenantRole } from '../../../functions/tenants/tenant-session';
import type { Target } from '../target';
import type { BenignChange, Made } from './benign-change';

/** S3 with the credentials that the shared service uses for the tenant. */
async function tenantsStore({ subject, verifier, aws }: Target): Promise<S3Client> {
  const { endpoint, region } = aws;
  const credentials = await assumeTenantRole(verifier.sts, termsOf(subject), 'benign');
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}

interface Upload {
  readonly key: string;
  readonly metadata?: Record<string, string>;
  readonly keyArn?: string;
}

/** The customer uploads objects, and removes each of their versions again. */
async function uploads(target: Target, ...objects: readonly Upload[]): Promise<Made> {
  const s3 = await tenantsStore(target);
  const Bucket = bucketOf(target.subject);
  const stored: { Key: string; VersionId: string | undefined }[] = [];
  for (const { key: Key, metadata: Metadata, keyArn } of objects) {
    const encryption = keyArn && { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: keyArn };
    const put = new PutObjectCommand({ Bucket, Key, Body: 'a page', Metadata, ...encryption });
    stored.push({ Key, VersionId: (await s3.send(put)).VersionId });
  }
  const revert = async () => {
    for (const version of stored) await target.root.s3.send(new DeleteObjectCommand({ Bucket, ...version }));
  };
  return { revert };
}

const upload = (name: string, ...objects: readonly Upload[]): BenignChange => ({
  name,
  make: (target) => uploads(target, ...objects),
});

/** What a customer and its visitors do. */
export const CHANGES_BY_THE_TENANT: readonly BenignChange[] = [
  {
    name: 'delete index.html, as its owner',
    make: async (target) => {
      const s3 = await tenantsStore(target);
      const place = { Bucket: bucketOf(target.subject), Key: 'index.html' };
      const { VersionId } = await s3.send(new DeleteObjectCommand(place));
      return { revert: () => target.root.s3.send(new DeleteObjectCommand({ ...place, VersionId })) };
    },
  },
  upload('write a new version of index.html', { key: 'index.html' }),
  upload('upload a page into a folder', { key: 'campaigns/spring/index.html' }),
  upload('upload an object whose name looks like a probe’s', { key: '.isolation/probe.txt' }),
  upload('upload an object with a name in other letters', { key: 'größe/日本 + &.html' }),
  upload('upload an object with metadata of its own', { key: 'a.html', metadata: { author: 'jane' } }),
  upload('upload the same object three times', { key: 'a.html' }, { key: 'a.html' }, { key: 'a.html' }),
  {
    name: 'upload under the own key, by name',
    make: (target) => uploads(target, { key: 'named.html', keyArn: target.subject.key.keyArn }),
  },
  {
    name: 'delete an object that never was',
    make: async (target) => {
      const s3 = await tenantsStore(target);
      const place = { Bucket: bucketOf(target.subject), Key: 'never.html' };
      const { VersionId } = await s3.send(new DeleteObjectCommand(place));
      return { revert: () => target.root.s3.send(new DeleteObjectCommand({ ...place, VersionId })) };
    },
  },
  {
    name: 'have old versions and delete markers in the bucket',
    make: async (target) => {
      const s3 = await tenantsStore(target);
      const Bucket = bucketOf(target.subject);
      const Key = 'old.html';
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'old' }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      const revert = async () => {
        const listed = await target.root.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
        for (const { VersionId } of [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])])
          await target.root.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      };
      return { revert };
    },
  },
  {
    name: 'tag the tenant’s bucket for cost allocation',
    make: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
      const tag = (tags: typeof TagSet) => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tags } }));
      await tag([...TagSet, { Key: 'CostCenter', Value: '4711' }]);
      return { revert: () => tag(TagSet) };
    },
  },
];
