import {
  CreateBucketCommand,
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketIntelligentTieringConfigurationCommand,
  DeleteBucketInventoryConfigurationCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  PutBucketAnalyticsConfigurationCommand,
  PutBucketIntelligentTieringConfigurationCommand,
  PutBucketInventoryConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Emulator, startEmulator } from '../emulator';
import { access, launch } from './aws';

let emulator: Emulator;
let s3: S3Client;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  s3 = new S3Client({ ...access(emulator), forcePathStyle: true });
}, 60_000);
afterAll(async () => {
  s3.destroy();
  await emulator.stop();
});

test('a bucket of a CloudFormation stack holds each version for its default retention', async () => {
  const DefaultRetention = { Mode: 'COMPLIANCE', Days: 1 };
  const Bucket = 'locked';
  await launch(emulator, 'locked', {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: Bucket,
        ObjectLockEnabled: true,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
      },
    },
  });
  const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
  expect(ObjectLockConfiguration).toEqual({ ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } });

  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'report', Body: 'seen' }));
  expect(VersionId).toBeDefined();
  const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key: 'report' }));
  expect(Retention?.Mode).toBe('COMPLIANCE');
  await expect(
    s3.send(new DeleteObjectCommand({ Bucket, Key: 'report', VersionId, BypassGovernanceRetention: true })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  const RetainUntilDate = new Date(Date.now() + 1_000);
  const shorten = new PutObjectRetentionCommand({
    Bucket,
    Key: 'report',
    VersionId,
    Retention: { Mode: 'COMPLIANCE', RetainUntilDate },
  });
  await expect(s3.send(shorten)).rejects.toMatchObject({ name: 'AccessDenied' });
  const suspend = new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } });
  await expect(s3.send(suspend)).rejects.toMatchObject({ name: 'InvalidBucketState' });
  expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
});

test('a bucket of a CloudFormation stack has the encryption, ownership, logging, lifecycle and tags of its template', async () => {
  const [Bucket, logs] = ['configured', 'logs'];
  await s3.send(new CreateBucketCommand({ Bucket: logs }));
  const byDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:aws:kms:eu-central-1:000000000000:key/mine' };
  const { stack } = await launch(emulator, 'configured', {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: Bucket,
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: byDefault }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] },
        LoggingConfiguration: { DestinationBucketName: logs, LogFilePrefix: 'here/' },
        LifecycleConfiguration: {
          Rules: [
            {
              Id: 'Expire',
              Status: 'Enabled',
              NoncurrentVersionExpiration: { NoncurrentDays: 90 },
              ExpiredObjectDeleteMarker: true,
            },
            { Id: 'Abort', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
          ],
        },
        Tags: [{ Key: 'tenantId', Value: 't1' }],
      },
    },
  });
  const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
  expect(ServerSideEncryptionConfiguration?.Rules).toEqual([
    { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: true },
  ]);
  const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
  expect(OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerPreferred' }]);
  const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
  expect(LoggingEnabled).toMatchObject({ TargetBucket: logs, TargetPrefix: 'here/' });
  const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  expect(Rules).toMatchObject([
    {
      ID: 'Expire',
      NoncurrentVersionExpiration: { NoncurrentDays: 90 },
      Expiration: { ExpiredObjectDeleteMarker: true },
    },
    { ID: 'Abort', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
  ]);
  const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
  expect(TagSet).toEqual(
    expect.arrayContaining([
      { Key: 'tenantId', Value: 't1' },
      { Key: 'aws:cloudformation:stack-id', Value: stack.StackId },
    ]),
  );
});

test('GetBucketPolicyStatus says whether a policy is public', async () => {
  const Bucket = 'policed';
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  const status = async () => (await s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic;
  await expect(status()).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' });
  for (const [Principal, open] of [
    ['*', true],
    [{ AWS: 'arn:aws:iam::000000000000:root' }, false],
  ] as const) {
    const Statement = [{ Effect: 'Allow', Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect(await status()).toBe(open);
  }
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  await expect(status()).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' });
});

test('a bucket lists its inventories, its analyses and its tiers until they are deleted', async () => {
  const Bucket = 'reported';
  await s3.send(new CreateBucketCommand({ Bucket }));
  const S3BucketDestination = { Bucket: 'arn:aws:s3:::theirs', Format: 'CSV' as const };
  const Destination = { S3BucketDestination };
  const Schedule = { Frequency: 'Daily' as const };
  const InventoryConfiguration = {
    Id: 'a',
    IsEnabled: true,
    IncludedObjectVersions: 'All' as const,
    Schedule,
    Destination,
  };
  const DataExport = { OutputSchemaVersion: 'V_1' as const, Destination };
  const AnalyticsConfiguration = { Id: 'b', StorageClassAnalysis: { DataExport } };
  await s3.send(new PutBucketInventoryConfigurationCommand({ Bucket, Id: 'a', InventoryConfiguration }));
  await s3.send(new PutBucketAnalyticsConfigurationCommand({ Bucket, Id: 'b', AnalyticsConfiguration }));
  const inventories = async () =>
    (await s3.send(new ListBucketInventoryConfigurationsCommand({ Bucket }))).InventoryConfigurationList ?? [];
  const analyses = async () =>
    (await s3.send(new ListBucketAnalyticsConfigurationsCommand({ Bucket }))).AnalyticsConfigurationList ?? [];
  expect(await inventories()).toEqual([InventoryConfiguration]);
  expect(await analyses()).toEqual([AnalyticsConfiguration]);
  const Tierings = [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' as const }];
  const IntelligentTieringConfiguration = { Id: 'c', Status: 'Enabled' as const, Tierings };
  await s3.send(
    new PutBucketIntelligentTieringConfigurationCommand({ Bucket, Id: 'c', IntelligentTieringConfiguration }),
  );
  const tiers = async () =>
    (await s3.send(new ListBucketIntelligentTieringConfigurationsCommand({ Bucket })))
      .IntelligentTieringConfigurationList ?? [];
  expect(await tiers()).toEqual([IntelligentTieringConfiguration]);
  await s3.send(new DeleteBucketIntelligentTieringConfigurationCommand({ Bucket, Id: 'c' }));
  expect(await tiers()).toEqual([]);
  await s3.send(new DeleteBucketInventoryConfigurationCommand({ Bucket, Id: 'a' }));
  await s3.send(new DeleteBucketAnalyticsConfigurationCommand({ Bucket, Id: 'b' }));
  expect([...(await inventories()), ...(await analyses())]).toEqual([]);
});
