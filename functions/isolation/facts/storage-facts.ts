import {
  GetBucketEncryptionCommand,
  GetBucketLoggingCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type LoggingEnabled,
  type PublicAccessBlockConfiguration,
  type ReplicationRule,
  type S3Client,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { parsePolicy, type Statement } from '../policy-document';
import { bucketOf, type Subject } from '../subject';
import { readOnce, type Tags, tagsOf, unlessAbsent } from './reading';

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
}

/**
 * "Error responses" of the Amazon S3 API reference: the error of each request when the
 * configuration is absent.
 */
export function storageFacts(client: S3Client, subject: Subject): StorageFacts {
  const ofBucket = { Bucket: bucketOf(subject), ExpectedBucketOwner: subject.accountId };
  return {
    tags: readOnce(async () => {
      const answer = await unlessAbsent(client.send(new GetBucketTaggingCommand(ofBucket)), 'NoSuchTagSet');
      return tagsOf(answer?.TagSet);
    }),
    encryption: readOnce(async () => {
      const answer = await unlessAbsent(
        client.send(new GetBucketEncryptionCommand(ofBucket)),
        'ServerSideEncryptionConfigurationNotFoundError',
      );
      return answer?.ServerSideEncryptionConfiguration?.Rules ?? [];
    }),
    policy: readOnce(async () => {
      const answer = await unlessAbsent(client.send(new GetBucketPolicyCommand(ofBucket)), 'NoSuchBucketPolicy');
      return answer?.Policy ? parsePolicy(answer.Policy) : [];
    }),
    publicAccessBlock: readOnce(async () => {
      const answer = await unlessAbsent(
        client.send(new GetPublicAccessBlockCommand(ofBucket)),
        'NoSuchPublicAccessBlockConfiguration',
      );
      return answer?.PublicAccessBlockConfiguration;
    }),
    objectOwnership: readOnce(async () => {
      const answer = await unlessAbsent(
        client.send(new GetBucketOwnershipControlsCommand(ofBucket)),
        'OwnershipControlsNotFoundError',
      );
      return answer?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
    }),
    versioning: readOnce(async () => (await client.send(new GetBucketVersioningCommand(ofBucket))).Status),
    replication: readOnce(async () => {
      const answer = await unlessAbsent(
        client.send(new GetBucketReplicationCommand(ofBucket)),
        'ReplicationConfigurationNotFoundError',
      );
      return answer?.ReplicationConfiguration?.Rules ?? [];
    }),
    accessLogs: readOnce(async () => (await client.send(new GetBucketLoggingCommand(ofBucket))).LoggingEnabled),
  };
}
