import {
  DeleteObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Emulator, startEmulator } from '../../../local/emulator/emulator';
import { access, launch } from './aws';

let emulator: Emulator;
let s3: S3Client;

beforeAll(async () => {
  emulator = await startEmulator();
  s3 = new S3Client({ ...access(emulator), forcePathStyle: true });
}, 60_000);
afterAll(async () => {
  s3.destroy();
  await emulator.stop();
});

test('a bucket made by CloudFormation holds each version for its default retention', async () => {
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
});
