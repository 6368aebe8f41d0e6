import {
  type CORSRule,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type IntelligentTieringConfiguration,
  type LifecycleRule,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  type LoggingEnabled,
  type ObjectLockRule,
  type PublicAccessBlockConfiguration,
  paginateListBuckets,
  type ReplicationRule,
  type S3Client,
  type ServerSideEncryptionRule,
  type WebsiteConfiguration,
} from '@aws-sdk/client-s3';
import { tenantNames } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import { policyIfAny, type Statement } from '../policy-document';
import { bucketOf, type Subject, tenantIdOf } from '../subject';
import { readOnce, type Tags, tagsOf } from './reading';

export interface StorageFacts {
  readonly tags: () => Promise<Tags>;
  readonly encryption: () => Promise<readonly ServerSideEncryptionRule[]>;
  /** Empty when the bucket has none. */
  readonly policy: () => Promise<readonly Statement[]>;
  readonly publicAccessBlock: () => Promise<PublicAccessBlockConfiguration | undefined>;
  readonly objectOwnership: () => Promise<string | undefined>;
  readonly versioning: () => Promise<string | undefined>;
  readonly replication: () => Promise<readonly ReplicationRule[]>;
  readonly accessLogs: () => Promise<LoggingEnabled | undefined>;
  readonly lifecycle: () => Promise<readonly LifecycleRule[]>;
  /** What moves objects that nobody has read for a while into an archive. */
  readonly tiers: () => Promise<readonly IntelligentTieringConfiguration[]>;
  /** How long S3 keeps each new version from everybody's deletion, if it does. */
  readonly lock: () => Promise<ObjectLockRule | undefined>;
  readonly cors: () => Promise<readonly CORSRule[]>;
  /** Topics, queues, functions and the event bus that S3 notifies of the bucket's objects. */
  readonly notified: () => Promise<readonly string[]>;
  /** Buckets into which S3 writes lists of the bucket's objects: inventories and analyses, by the name of each. */
  readonly reports: () => Promise<readonly { readonly name: string; readonly bucket: string }[]>;
  readonly website: () => Promise<WebsiteConfiguration | undefined>;
  /** Names of the account's buckets that begin like the tenant's. */
  readonly named: () => Promise<readonly string[]>;
}

/**
 * "Error responses" of the Amazon S3 API reference: the error of each request when the
 * configuration is absent.
 */
export function storageFacts(client: S3Client, subject: Subject): StorageFacts {
  const ofBucket = { Bucket: bucketOf(subject), ExpectedBucketOwner: subject.accountId };
  return {
    tags: readOnce(async () => {
      const answer = await unlessNamed(client.send(new GetBucketTaggingCommand(ofBucket)), 'NoSuchTagSet');
      return tagsOf(answer?.TagSet);
    }),
    encryption: readOnce(async () => {
      const answer = await unlessNamed(
        client.send(new GetBucketEncryptionCommand(ofBucket)),
        'ServerSideEncryptionConfigurationNotFoundError',
      );
      return answer?.ServerSideEncryptionConfiguration?.Rules ?? [];
    }),
    policy: readOnce(async () => {
      const answer = await unlessNamed(client.send(new GetBucketPolicyCommand(ofBucket)), 'NoSuchBucketPolicy');
      return policyIfAny(answer?.Policy);
    }),
    publicAccessBlock: readOnce(async () => {
      const answer = await unlessNamed(
        client.send(new GetPublicAccessBlockCommand(ofBucket)),
        'NoSuchPublicAccessBlockConfiguration',
      );
      return answer?.PublicAccessBlockConfiguration;
    }),
    objectOwnership: readOnce(async () => {
      const answer = await unlessNamed(
        client.send(new GetBucketOwnershipControlsCommand(ofBucket)),
        'OwnershipControlsNotFoundError',
      );
      return answer?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    }),
    versioning: readOnce(async () => (await client.send(new GetBucketVersioningCommand(ofBucket))).Status),
    replication: readOnce(async () => {
      const answer = await unlessNamed(
        client.send(new GetBucketReplicationCommand(ofBucket)),
        'ReplicationConfigurationNotFoundError',
      );
      return answer?.ReplicationConfiguration?.Rules ?? [];
    }),
    accessLogs: readOnce(async () => (await client.send(new GetBucketLoggingCommand(ofBucket))).LoggingEnabled),
    lifecycle: readOnce(async () => {
      const answer = await unlessNamed(
        client.send(new GetBucketLifecycleConfigurationCommand(ofBucket)),
        'NoSuchLifecycleConfiguration',
      );
      return answer?.Rules ?? [];
    }),
    tiers: readOnce(async () => {
      const answer = await client.send(new ListBucketIntelligentTieringConfigurationsCommand(ofBucket));
      return answer.IntelligentTieringConfigurationList ?? [];
    }),
    lock: readOnce(async () => {
      const request = client.send(new GetObjectLockConfigurationCommand(ofBucket));
      const answer = await unlessNamed(request, 'ObjectLockConfigurationNotFoundError');
      return answer?.ObjectLockConfiguration?.Rule;
    }),
    cors: readOnce(async () => {
      const answer = await unlessNamed(client.send(new GetBucketCorsCommand(ofBucket)), 'NoSuchCORSConfiguration');
      return answer?.CORSRules ?? [];
    }),
    notified: readOnce(async () => {
      const to = await client.send(new GetBucketNotificationConfigurationCommand(ofBucket));
      return [
        ...(to.TopicConfigurations ?? []).map(({ TopicArn }) => TopicArn ?? ''),
        ...(to.QueueConfigurations ?? []).map(({ QueueArn }) => QueueArn ?? ''),
        ...(to.LambdaFunctionConfigurations ?? []).map(({ LambdaFunctionArn }) => LambdaFunctionArn ?? ''),
        ...(to.EventBridgeConfiguration ? ['the event bus of the account (EventBridge)'] : []),
      ];
    }),
    reports: readOnce(async () => {
      const [{ InventoryConfigurationList = [] }, { AnalyticsConfigurationList = [] }] = await settled([
        client.send(new ListBucketInventoryConfigurationsCommand(ofBucket)),
        client.send(new ListBucketAnalyticsConfigurationsCommand(ofBucket)),
      ]);
      return [
        ...InventoryConfigurationList.map(({ Id, Destination }) => ({
          ...{ name: `inventory ${Id}`, bucket: Destination?.S3BucketDestination?.Bucket ?? 'no bucket' },
        })),
        ...AnalyticsConfigurationList.flatMap(({ Id, StorageClassAnalysis }) => {
          const bucket = StorageClassAnalysis?.DataExport?.Destination?.S3BucketDestination?.Bucket;
          return bucket === undefined ? [] : [{ name: `analysis ${Id}`, bucket }];
        }),
      ];
    }),
    website: readOnce(() =>
      unlessNamed(client.send(new GetBucketWebsiteCommand(ofBucket)), 'NoSuchWebsiteConfiguration'),
    ),
    named: readOnce(async () => {
      const beginning = { Prefix: tenantNames.role(tenantIdOf(subject)) };
      const buckets = await everyItem(paginateListBuckets({ client }, beginning), (page) => page.Buckets);
      return buckets.map(({ Name = '' }) => Name);
    }),
  };
}
