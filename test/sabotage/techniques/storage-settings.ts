import {
  CreateBucketCommand,
  type DefaultRetention,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketWebsiteCommand,
  type EventBridgeConfiguration,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketTaggingCommand,
  PutBucketWebsiteCommand,
  PutObjectLockConfigurationCommand,
  type TargetGrant,
} from '@aws-sdk/client-s3';
import { bucketOf, type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { type AttackTechnique, STRANGER, tenantTags } from '../technique';

/** Changes the bucket's lifecycle rules. */
const expiring = (
  name: string,
  change: (rules: readonly LifecycleRule[]) => LifecycleRule[],
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'storage.lifecycle',
  detonate: async ({ subject, root: { s3 } }) => {
    const Bucket = bucketOf(subject);
    const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    const put = (rules: LifecycleRule[]) =>
      s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: rules } }));
    await put(change(Rules));
    return { expectedEvidence, revert: () => put(Rules) };
  },
});

const notifying = (
  name: string,
  to:
    | { EventBridgeConfiguration: EventBridgeConfiguration }
    | { TopicConfigurations: { TopicArn: string; Events: ['s3:ObjectCreated:*'] }[] },
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'storage.notifications',
  detonate: async ({ subject, root: { s3 } }) => {
    const put = (NotificationConfiguration: typeof to | Record<string, never>) =>
      s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucketOf(subject),
          NotificationConfiguration,
          SkipDestinationValidation: true,
        }),
      );
    await put(to);
    return { expectedEvidence, revert: () => put({}) };
  },
});

const TOPIC = `arn:aws:sns:eu-central-1:${STRANGER}:objects`;

/** A further bucket with the tenant's tag. */
const taggedBucket = (name: string, bucket: (subject: Subject) => string): AttackTechnique => ({
  name,
  check: 'storage.only-one',
  detonate: async ({ subject, root: { s3 } }) => {
    const Bucket = bucket(subject);
    const TagSet = tenantTags(tenantIdOf(subject));
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    return {
      expectedEvidence: `bucket ${Bucket} has the tenant’s name or tag`,
      revert: () => s3.send(new DeleteBucketCommand({ Bucket })),
    };
  },
});

export const STORAGE_SETTINGS_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'lock each object of the tenant for ten years',
    check: 'storage.lifecycle',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const put = (DefaultRetention?: DefaultRetention) =>
        s3.send(
          new PutObjectLockConfigurationCommand({
            Bucket,
            ObjectLockConfiguration: {
              ObjectLockEnabled: 'Enabled',
              ...(DefaultRetention && { Rule: { DefaultRetention } }),
            },
          }),
        );
      await put({ Mode: 'GOVERNANCE', Years: 10 });
      return { expectedEvidence: 'each object is locked for 10 years (GOVERNANCE)', revert: () => put() };
    },
  },
  expiring(
    'let everything expire after a day',
    () => [
      {
        ID: 'clean-up',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        Expiration: { Days: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ],
    'objects under "" go after 1 days is unexpected',
  ),
  expiring(
    'let one prefix expire beside the release’s rules',
    (rules) => [...rules, { ID: 'pages', Status: 'Enabled', Filter: { Prefix: 'pages/' }, Expiration: { Days: 3 } }],
    'objects under "pages/" go after 3 days is unexpected',
  ),
  expiring(
    'archive all objects at once',
    (rules) => [
      ...rules,
      {
        ...{ ID: 'save-money', Status: 'Enabled', Filter: { Prefix: '' } },
        Transitions: [{ Days: 0, StorageClass: 'DEEP_ARCHIVE' }],
      },
    ],
    'objects under "" cannot be read after 0 days (DEEP_ARCHIVE)',
  ),
  expiring(
    'forget earlier versions after a day',
    (rules) =>
      rules.map((rule) =>
        rule.ID === 'ExpireOldVersions' ? { ...rule, NoncurrentVersionExpiration: { NoncurrentDays: 1 } } : rule,
      ),
    'earlier versions under "" go after 1 days is unexpected',
  ),
  expiring(
    'archive earlier versions after a day',
    (rules) => [
      ...rules,
      {
        ...{ ID: 'save-money', Status: 'Enabled', Filter: { Prefix: '' } },
        NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'GLACIER' }],
      },
    ],
    'objects under "" cannot be read after 1 days as an earlier version (GLACIER)',
  ),
  {
    name: 'open the bucket to scripts of every origin',
    check: 'storage.cors',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET', 'PUT'], AllowedHeaders: ['*'] }];
      await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
      return {
        expectedEvidence: 'pages of * may GET, PUT objects',
        revert: () => s3.send(new DeleteBucketCorsCommand({ Bucket })),
      };
    },
  },
  notifying(
    'notify the account’s event bus of every object',
    { EventBridgeConfiguration: {} },
    'the event bus of the account',
  ),
  notifying(
    'notify a stranger’s topic of every object',
    { TopicConfigurations: [{ TopicArn: TOPIC, Events: ['s3:ObjectCreated:*'] }] },
    `the bucket notifies ${TOPIC}`,
  ),
  {
    name: 'make the bucket a website that redirects',
    check: 'storage.website',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const HostName = 'stranger.example';
      await s3.send(
        new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration: { RedirectAllRequestsTo: { HostName } } }),
      );
      return {
        expectedEvidence: `the bucket is a website that leads to ${HostName}`,
        revert: () => s3.send(new DeleteBucketWebsiteCommand({ Bucket })),
      };
    },
  },
  taggedBucket('make a second bucket with the tenant’s name and tag', (subject) => `${bucketOf(subject)}-copy`),
  taggedBucket('tag somebody’s bucket as the tenant’s', () => 'nobody-looks-here'),
  {
    name: 'open the access logs to another account',
    check: 'storage.access-logs',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
      const { TargetBucket, TargetPrefix } = LoggingEnabled ?? {};
      const logging = (TargetGrants?: TargetGrant[]) =>
        s3.send(
          new PutBucketLoggingCommand({
            Bucket,
            BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix, TargetGrants } },
          }),
        );
      await logging([{ Grantee: { Type: 'CanonicalUser', ID: STRANGER }, Permission: 'READ' }]);
      return { expectedEvidence: `access logs are opened to ${STRANGER} (READ)`, revert: () => logging() };
    },
  },
  {
    name: 'file the access logs under another tenant’s prefix',
    check: 'storage.access-logs',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
      const TargetBucket = LoggingEnabled?.TargetBucket;
      const under = (TargetPrefix = '') =>
        s3.send(
          new PutBucketLoggingCommand({
            Bucket,
            BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix } },
          }),
        );
      const prefix = `${subject.cell.decoy.tenantId}/`;
      await under(prefix);
      return {
        expectedEvidence: `the prefix of access logs is ${prefix}`,
        revert: () => under(LoggingEnabled?.TargetPrefix),
      };
    },
  },
];
