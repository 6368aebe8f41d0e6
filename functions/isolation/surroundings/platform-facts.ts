import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  type ContinuousBackupsDescription,
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  DescribeKinesisStreamingDestinationCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type ExportDescription,
  GetResourcePolicyCommand,
  paginateListExports,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeEventBusCommand,
  type DescribeEventBusCommandOutput,
  type EventBridgeClient,
} from '@aws-sdk/client-eventbridge';
import {
  GetBucketReplicationCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type ObjectLockRule,
  type PublicAccessBlockConfiguration,
  type ReplicationRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  GetTopicAttributesCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import { inGroups } from '../../shared/in-groups';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import type { Account } from '../facts/account-facts';
import { readOnce, readOnceEach } from '../facts/reading';
import { policyIfAny, type Statement } from '../policy-document';
import type { Alarms } from './alarm-violations';
import type { PlatformSurroundings } from './surroundings';

export type BusSettings = Pick<DescribeEventBusCommandOutput, 'KmsKeyIdentifier' | 'DeadLetterConfig' | 'LogConfig'>;

export interface PlatformFacts {
  readonly table: () => Promise<TableDescription | undefined>;
  readonly tableBackups: () => Promise<ContinuousBackupsDescription | undefined>;
  /** The resource policy of a table. */
  readonly tablePolicy: (tableName: string) => Promise<readonly Statement[]>;
  /** ARNs of Kinesis streams that get each change of the table. */
  readonly tableStreams: () => Promise<readonly string[]>;
  /** Exports of these tables into buckets, of the last 90 days and those under way; without failed ones, which leave nothing. */
  readonly tableExports: (tableNames: readonly string[]) => Promise<readonly ExportDescription[]>;
  readonly busPolicy: () => Promise<readonly Statement[]>;
  /** Its key, where it sends what it could not deliver, and where it logs events. */
  readonly busSettings: () => Promise<BusSettings>;
  readonly topicPolicy: () => Promise<readonly Statement[]>;
  /** As somebody has named it: an id, an ARN or an alias. */
  readonly topicKey: () => Promise<string | undefined>;
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  /** The alarms of these names, as far as there are any. */
  readonly alarms: (names: readonly string[]) => Promise<Alarms>;
  readonly evidenceLock: () => Promise<ObjectLockRule | undefined>;
  readonly evidencePublicAccess: () => Promise<PublicAccessBlockConfiguration | undefined>;
  readonly evidenceReplication: () => Promise<readonly ReplicationRule[]>;
}

export interface PlatformFactClients {
  readonly dynamodb: DynamoDBClient;
  readonly events: EventBridgeClient;
  readonly sns: SNSClient;
  readonly cloudwatch: CloudWatchClient;
  readonly s3: S3Client;
}

/** "DescribeAlarms": so many names a request, and so many alarms a page. */
const MOST_ALARMS = 100;

/**
 * The role that DynamoDB brings into the account with the first table that streams to Kinesis ("Using IAM policies for
 * Amazon Kinesis Data Streams and Amazon DynamoDB"). Without it no table does.
 */
const STREAMING_ROLE = 'AWSServiceRoleForDynamoDBKinesisDataStreamsReplication';

/** The name of a table in the ARN of one of its exports. */
const tableOf = (exportArn = '') => exportArn.split('/')[1] ?? '';

export function platformFacts(
  clients: PlatformFactClients,
  surroundings: PlatformSurroundings,
  account: () => Promise<Account>,
): PlatformFacts {
  const { accountId, region, tableName: TableName, topicArn: TopicArn, busName, evidenceBucketName } = surroundings;
  const { dynamodb, events, sns, cloudwatch, s3 } = clients;
  const exported = readOnce(() =>
    everyItem(paginateListExports({ client: dynamodb }, {}), (page) => page.ExportSummaries),
  );
  const alarmsCalled = readOnceEach((...AlarmNames: string[]) => {
    // Without types it tells of alarms on metrics only.
    const AlarmTypes = ['MetricAlarm' as const, 'CompositeAlarm' as const];
    return cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames, AlarmTypes, MaxRecords: MOST_ALARMS }));
  });
  const topic = readOnce(() => sns.send(new GetTopicAttributesCommand({ TopicArn })));
  const bus = readOnce(() => events.send(new DescribeEventBusCommand({ Name: busName })));
  return {
    table: readOnce(async () => (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table),
    tableBackups: readOnce(async () => {
      const answer = await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));
      return answer.ContinuousBackupsDescription;
    }),
    tablePolicy: readOnceEach(async (name: string) => {
      const ResourceArn = `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
      const request = dynamodb.send(new GetResourcePolicyCommand({ ResourceArn }));
      return policyIfAny((await unlessNamed(request, 'PolicyNotFoundException'))?.Policy);
    }),
    tableStreams: readOnce(async () => {
      if (!(await account()).principals.some(({ name }) => name === STREAMING_ROLE)) return [];
      const answer = await dynamodb.send(new DescribeKinesisStreamingDestinationCommand({ TableName }));
      return (answer.KinesisDataStreamDestinations ?? [])
        .filter(({ DestinationStatus }) => DestinationStatus !== 'DISABLED')
        .map(({ StreamArn = 'without an ARN' }) => StreamArn);
    }),
    tableExports: async (names) => {
      const found = await settled(
        (await exported())
          .filter(({ ExportArn, ExportStatus }) => ExportStatus !== 'FAILED' && names.includes(tableOf(ExportArn)))
          .map(({ ExportArn }) => dynamodb.send(new DescribeExportCommand({ ExportArn }))),
      );
      return found.flatMap(({ ExportDescription: described }) => described ?? []);
    },
    busPolicy: async () => policyIfAny((await bus()).Policy),
    busSettings: bus,
    topicPolicy: async () => policyIfAny((await topic()).Attributes?.Policy),
    topicKey: async () => (await topic()).Attributes?.KmsMasterKeyId,
    subscriptions: readOnce(() =>
      everyItem(paginateListSubscriptionsByTopic({ client: sns }, { TopicArn }), (page) => page.Subscriptions),
    ),
    alarms: async (names) => {
      const found = await settled(inGroups(names, MOST_ALARMS).map((group) => alarmsCalled(...group)));
      return {
        metric: found.flatMap(({ MetricAlarms = [] }) => MetricAlarms),
        composite: found.flatMap(({ CompositeAlarms = [] }) => CompositeAlarms),
      };
    },
    evidenceLock: readOnce(async () => {
      const answer = await unlessNamed(
        s3.send(new GetObjectLockConfigurationCommand({ Bucket: evidenceBucketName, ExpectedBucketOwner: accountId })),
        'ObjectLockConfigurationNotFoundError',
      );
      return answer?.ObjectLockConfiguration?.Rule;
    }),
    evidencePublicAccess: readOnce(async () => {
      const answer = await unlessNamed(
        s3.send(new GetPublicAccessBlockCommand({ Bucket: evidenceBucketName, ExpectedBucketOwner: accountId })),
        'NoSuchPublicAccessBlockConfiguration',
      );
      return answer?.PublicAccessBlockConfiguration;
    }),
    evidenceReplication: readOnce(async () => {
      const answer = await unlessNamed(
        s3.send(new GetBucketReplicationCommand({ Bucket: evidenceBucketName, ExpectedBucketOwner: accountId })),
        'ReplicationConfigurationNotFoundError',
      );
      return answer?.ReplicationConfiguration?.Rules ?? [];
    }),
  };
}
