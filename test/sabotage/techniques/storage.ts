import {
  DeleteBucketEncryptionCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketReplicationCommand,
  DeleteBucketTaggingCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLoggingCommand,
  GetBucketTaggingCommand,
  PutBucketEncryptionCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { bucketOf, tenantIdOf } from '../../../functions/isolation/subject';
import { BLOCKED, encryptedBy, SETTINGS } from '../storage-changes';
import type { AttackTechnique } from '../technique';

export const STORAGE_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'tag the bucket as another tenant’s',
    check: 'storage.tag',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
      const { tenantId } = subject.cell.decoy;
      const tagged = TagSet.map(({ Key, Value }) => ({ Key, Value: Key === TENANT_TAG ? tenantId : Value }));
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tagged } }));
      return {
        expectedEvidence: `is ${tenantId}, not ${tenantIdOf(subject)}`,
        revert: () => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
      };
    },
  },
  {
    name: 'remove the bucket’s tags',
    check: 'storage.tag',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
      await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
      return {
        expectedEvidence: `tag ${TENANT_TAG} is absent`,
        revert: () => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
      };
    },
  },
  encryptedBy(
    'encrypt under another tenant’s key by default',
    ({ subject }) => ({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: subject.cell.decoy.keyArn },
      BucketKeyEnabled: true,
    }),
    ({ subject }) => `the default key is ${subject.cell.decoy.keyArn}`,
  ),
  encryptedBy(
    'encrypt with S3’s own keys by default',
    () => ({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }),
    () => 'the default encryption is AES256',
  ),
  encryptedBy(
    'turn the bucket key off',
    ({ subject }) => ({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: subject.key.keyArn },
      BucketKeyEnabled: false,
    }),
    () => 'the bucket key is false',
  ),
  {
    name: 'delete the bucket’s default encryption',
    check: 'storage.encryption',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
      return {
        expectedEvidence: 'the default key is absent',
        revert: () => s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration })),
      };
    },
  },
  {
    name: 'open the bucket to the public',
    check: 'storage.public-access',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
      return {
        expectedEvidence: 'BlockPublicPolicy is absent',
        revert: () => s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: BLOCKED })),
      };
    },
  },
  ...SETTINGS.map(
    (setting): AttackTechnique => ({
      name: `turn ${setting} off`,
      check: 'storage.public-access',
      detonate: async ({ subject, root: { s3 } }) => {
        const put = (PublicAccessBlockConfiguration: Readonly<Record<string, boolean>>) =>
          s3.send(new PutPublicAccessBlockCommand({ Bucket: bucketOf(subject), PublicAccessBlockConfiguration }));
        await put({ ...BLOCKED, [setting]: false });
        return { expectedEvidence: `${setting} is false`, revert: () => put(BLOCKED) };
      },
    }),
  ),
  {
    name: 'turn ACLs on',
    check: 'storage.ownership',
    detonate: async ({ subject, root: { s3 } }) => {
      const owned = (ObjectOwnership: 'BucketOwnerEnforced' | 'BucketOwnerPreferred') =>
        s3.send(
          new PutBucketOwnershipControlsCommand({
            Bucket: bucketOf(subject),
            OwnershipControls: { Rules: [{ ObjectOwnership }] },
          }),
        );
      await owned('BucketOwnerPreferred');
      return {
        expectedEvidence: 'object ownership is BucketOwnerPreferred',
        revert: () => owned('BucketOwnerEnforced'),
      };
    },
  },
  {
    name: 'remove the ownership controls',
    check: 'storage.ownership',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
      const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
      return {
        expectedEvidence: 'object ownership is absent',
        revert: () => s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls })),
      };
    },
  },
  {
    name: 'suspend versioning',
    check: 'storage.versioning',
    detonate: async ({ subject, root: { s3 } }) => {
      const versioning = (Status: 'Enabled' | 'Suspended') =>
        s3.send(new PutBucketVersioningCommand({ Bucket: bucketOf(subject), VersioningConfiguration: { Status } }));
      await versioning('Suspended');
      return { expectedEvidence: 'versioning is Suspended', revert: () => versioning('Enabled') };
    },
  },
  {
    name: 'replicate the bucket to another tenant’s',
    check: 'storage.replication',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const target = `arn:aws:s3:::${subject.cell.decoy.bucketName}`;
      await s3.send(
        new PutBucketReplicationCommand({
          Bucket,
          ReplicationConfiguration: {
            Role: subject.stackRoleArn,
            Rules: [
              {
                ID: 'exfiltrate',
                Status: 'Enabled',
                Priority: 1,
                Filter: { Prefix: '' },
                DeleteMarkerReplication: { Status: 'Disabled' },
                Destination: { Bucket: target },
              },
            ],
          },
        }),
      );
      return {
        expectedEvidence: `rule exfiltrate copies objects to ${target}`,
        revert: () => s3.send(new DeleteBucketReplicationCommand({ Bucket })),
      };
    },
  },
  {
    name: 'send the access logs to another tenant’s bucket',
    check: 'storage.access-logs',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
      const log = (TargetBucket = subject.cell.accessLogBucketName) =>
        s3.send(
          new PutBucketLoggingCommand({
            Bucket,
            BucketLoggingStatus: { LoggingEnabled: { TargetPrefix: '', ...LoggingEnabled, TargetBucket } },
          }),
        );
      const { bucketName } = subject.cell.decoy;
      await log(bucketName);
      return { expectedEvidence: `the target bucket of access logs is ${bucketName}`, revert: () => log() };
    },
  },
  {
    name: 'turn the access logs off',
    check: 'storage.access-logs',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
      await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
      return {
        expectedEvidence: 'the target bucket of access logs is absent',
        revert: () =>
          s3.send(
            new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: LoggingEnabled ? { LoggingEnabled } : {} }),
          ),
      };
    },
  },
];
