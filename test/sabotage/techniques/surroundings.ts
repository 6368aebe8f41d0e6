import {
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CancelExportTaskCommand,
  CreateExportTaskCommand,
  DeleteResourcePolicyCommand as DeleteLogPolicyCommand,
  PutResourcePolicyCommand as PutLogPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteResourcePolicyCommand,
  DescribeTableCommand,
  PutResourcePolicyCommand,
  type SSESpecification,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeSubnetsCommand, RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, DescribeTaskDefinitionCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { CreateListenerCommand, DeleteListenerCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutPermissionCommand, RemovePermissionCommand } from '@aws-sdk/client-eventbridge';
import { CreateUserCommand, DeleteUserCommand } from '@aws-sdk/client-iam';
import {
  DeleteBucketReplicationCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import {
  GetTopicAttributesCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { tenantIdIn } from '../../../functions/contract/naming';
import { loadBalancerAttribute } from '../load-balancer-attribute';
import { strangersNameServer } from '../name-changes';
import { aPeering, aVpc, ELSEWHERE } from '../network-changes';
import { answered } from '../probe-changes';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { STRANGER, STRANGERS_ROOT } from '../technique';

const attribute = (name: string, Key: string, Value: string): SharedTechnique => ({
  name,
  check: 'routing.load-balancer',
  detonate: async (scene) => ({
    expectedEvidence: `${Key} is ${Value}`,
    revert: await loadBalancerAttribute(scene, Key, Value),
  }),
});

const onBus = (name: string, Principal: string, evidence: string): SharedTechnique => ({
  name,
  check: 'platform.bus',
  detonate: async ({ surroundings, root: { events } }) => {
    const statement = { EventBusName: surroundings.busName, StatementId: 'Support' };
    await events.send(new PutPermissionCommand({ ...statement, Action: 'events:PutEvents', Principal }));
    return {
      expectedEvidence: `statement Allow Support lets ${evidence} in`,
      revert: () => events.send(new RemovePermissionCommand(statement)),
    };
  },
});

const topicKey = (name: string, to: string): SharedTechnique => ({
  name,
  check: 'platform.topic',
  detonate: async ({ surroundings: { topicArn: TopicArn }, root: { sns } }) => {
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    const set = (AttributeValue: string | undefined) =>
      sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'KmsMasterKeyId', AttributeValue }));
    await set(to);
    return {
      expectedEvidence: `the key of the topic is ${to || 'absent'}`,
      revert: () => set(Attributes?.KmsMasterKeyId),
    };
  },
});

/** The log group that the stack’s task definition writes to. */
async function serviceLog({ surroundings: { cell }, root: { ecs } }: SharedScene): Promise<string> {
  const every = { cluster: cell.clusterName, services: Object.values(cell.services) };
  const { services = [] } = await ecs.send(new DescribeServicesCommand(every));
  const [{ taskDefinition } = {}] = services;
  const { taskDefinition: found } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const { options = {} } = found?.containerDefinitions?.[0]?.logConfiguration ?? {};
  const group = options['awslogs-group'];
  if (!group) throw new Error('the shared service logs to no group');
  return group;
}

export const SURROUNDINGS_TECHNIQUES: readonly SharedTechnique[] = [
  attribute('write the load balancer’s access logs to a stranger’s bucket', 'access_logs.s3.bucket', 'strangers-logs'),
  attribute('let invalid headers in', 'routing.http.drop_invalid_header_fields.enabled', 'false'),
  attribute('monitor desync only', 'routing.http.desync_mitigation_mode', 'monitor'),
  attribute('tell the service a port in each visitor’s address', 'routing.http.xff_client_port.enabled', 'true'),
  attribute('write no access logs', 'access_logs.s3.enabled', 'false'),
  {
    name: 'listen on another port',
    check: 'routing.listeners',
    detonate: async ({ surroundings, root: { elb } }) => {
      const { loadBalancerArn: LoadBalancerArn } = surroundings.cell;
      const { Listeners } = await elb.send(
        new CreateListenerCommand({ LoadBalancerArn, Protocol: 'HTTP', Port: 8081, DefaultActions: [answered('200')] }),
      );
      const { ListenerArn } = Listeners?.[0] ?? {};
      return {
        expectedEvidence: `listener ${ListenerArn} is unexpected`,
        revert: () => elb.send(new DeleteListenerCommand({ ListenerArn })),
      };
    },
  },
  {
    name: 'run an instance in the cell’s network',
    check: 'cell.instances',
    detonate: async ({ surroundings, root: { ec2 } }) => {
      const Filters = [{ Name: 'vpc-id', Values: [surroundings.cell.vpcId] }];
      const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
      const { Instances } = await ec2.send(
        new RunInstancesCommand({
          ImageId: 'ami-12345678',
          MinCount: 1,
          MaxCount: 1,
          SubnetId: Subnets?.[0]?.SubnetId,
        }),
      );
      const id = Instances?.[0]?.InstanceId ?? '';
      return {
        expectedEvidence: `instance ${id} is`,
        revert: () => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
      };
    },
  },
  {
    name: 'have the cell ask a stranger’s name server',
    check: 'cell.dns',
    detonate: ({ surroundings: { cell }, root: { ec2 } }) => strangersNameServer(ec2, cell.vpcId),
  },
  {
    name: 'peer the cell’s network with a stranger’s',
    check: 'cell.network',
    detonate: async ({ surroundings, root: { ec2 } }) => {
      const stranger = await aVpc(ec2, ELSEWHERE);
      const peering = await aPeering(ec2, stranger.id, surroundings.cell.vpcId);
      const revert = async () => {
        await peering.remove();
        await stranger.remove();
      };
      return { expectedEvidence: `peering ${peering.id} of ${stranger.id}`, revert };
    },
  },
  {
    name: 'let shells into the shared service’s tasks',
    check: 'cell.service',
    detonate: async ({ surroundings, root: { ecs } }) => {
      const { clusterName: cluster, services } = surroundings.cell;
      const exec = (enableExecuteCommand: boolean) =>
        ecs.send(new UpdateServiceCommand({ cluster, service: services.green, enableExecuteCommand }));
      await exec(true);
      return { expectedEvidence: `service ${services.green} lets shells`, revert: () => exec(false) };
    },
  },
  {
    name: 'let another account read the cell’s access logs',
    check: 'cell.access-logs',
    detonate: async ({ surroundings, root: { s3 } }) => {
      const Bucket = surroundings.cell.accessLogBucketName;
      const { Policy: before = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      const policy = JSON.parse(before);
      const Resource = `arn:aws:s3:::${Bucket}/*`;
      const Principal = { AWS: STRANGERS_ROOT };
      policy.Statement.push({ Sid: 'Support', Effect: 'Allow', Principal, Action: 's3:GetObject', Resource });
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
      return {
        expectedEvidence: `lets AWS:${STRANGERS_ROOT} in`,
        revert: () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: before })),
      };
    },
  },
  {
    name: 'export the log of the shared service into a stranger’s bucket',
    check: 'cell.access-logs',
    detonate: async (scene) => {
      const { logs } = scene.root;
      const logGroupName = await serviceLog(scene);
      const destination = 'strangers-logs';
      const request = new CreateExportTaskCommand({ logGroupName, from: 0, to: Date.now(), destination });
      const { taskId } = await logs.send(request);
      return {
        expectedEvidence: `writes log group ${logGroupName} to bucket ${destination}`,
        revert: () => logs.send(new CancelExportTaskCommand({ taskId })),
      };
    },
  },
  {
    name: 'let another account search the log of the shared service',
    check: 'cell.access-logs',
    detonate: async (scene) => {
      const { logs } = scene.root;
      const { region, accountId } = scene.surroundings;
      const Resource = `arn:aws:logs:${region}:${accountId}:log-group:${await serviceLog(scene)}:*`;
      const Principal = { AWS: STRANGERS_ROOT };
      const statement = { Sid: 'Support', Effect: 'Allow', Principal, Action: 'logs:FilterLogEvents', Resource };
      const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await logs.send(new PutLogPolicyCommand({ policyName: 'service-support', policyDocument }));
      return {
        expectedEvidence: 'policy service-support has the statement Allow Support',
        revert: () => logs.send(new DeleteLogPolicyCommand({ policyName: 'service-support' })),
      };
    },
  },
  {
    name: 'turn the tenants table’s point-in-time recovery off',
    check: 'platform.table',
    detonate: async ({ surroundings: { tableName: TableName }, root: { dynamodb } }) => {
      const set = (PointInTimeRecoveryEnabled: boolean) =>
        dynamodb.send(
          new UpdateContinuousBackupsCommand({
            TableName,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
          }),
        );
      await set(false);
      return { expectedEvidence: 'the table cannot be brought back to a point in time', revert: () => set(true) };
    },
  },
  topicKey('take the alarm topic its key', ''),
  topicKey('put the alarm topic under a key that nobody can name in a policy', 'alias/aws/sns'),
  {
    name: 'take the evidence bucket its wall against public access',
    check: 'platform.evidence',
    detonate: async ({ surroundings: { evidenceBucketName: Bucket }, root: { s3 } }) => {
      const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
      return {
        expectedEvidence: 'BlockPublicPolicy of the evidence bucket is off',
        revert: () => s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
      };
    },
  },
  {
    name: 'replicate the evidence to a stranger’s bucket',
    check: 'platform.evidence',
    detonate: async ({ surroundings: { accountId, evidenceBucketName: Bucket }, root: { s3 } }) => {
      const Destination = { Bucket: 'arn:aws:s3:::theirs', Account: STRANGER };
      const Rules = [{ ID: 'support', Status: 'Enabled' as const, Prefix: '', Destination }];
      const Role = `arn:aws:iam::${accountId}:role/support`;
      await s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: { Role, Rules } }));
      return {
        expectedEvidence: 'rule support replicates reports to arn:aws:s3:::theirs',
        revert: () => s3.send(new DeleteBucketReplicationCommand({ Bucket })),
      };
    },
  },
  {
    name: 'let another account read the tenants table',
    check: 'platform.table',
    detonate: async ({ surroundings: { accountId, region, tableName }, root: { dynamodb } }) => {
      const ResourceArn = `arn:aws:dynamodb:${region}:${accountId}:table/${tableName}`;
      const Principal = { AWS: STRANGERS_ROOT };
      const Statement = [
        { Sid: 'Support', Effect: 'Allow', Principal, Action: 'dynamodb:GetItem', Resource: ResourceArn },
      ];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await dynamodb.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
      return {
        expectedEvidence: `lets AWS:${STRANGERS_ROOT} in`,
        revert: () => dynamodb.send(new DeleteResourcePolicyCommand({ ResourceArn })),
      };
    },
  },
  {
    name: 'let a user of the account read the tenants table, by its own policy',
    check: 'platform.table',
    detonate: async ({ surroundings: { accountId, region, tableName }, root: { dynamodb, iam } }) => {
      const ResourceArn = `arn:aws:dynamodb:${region}:${accountId}:table/${tableName}`;
      const UserName = 'reporting';
      const Principal = { AWS: `arn:aws:iam::${accountId}:user/${UserName}` };
      const Statement = [
        { Sid: 'Reports', Effect: 'Allow', Principal, Action: 'dynamodb:Query', Resource: ResourceArn },
      ];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new CreateUserCommand({ UserName }));
      await dynamodb.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
      return {
        expectedEvidence: 'the policy of the tenants table has the statement Allow Reports',
        revert: async () => {
          await dynamodb.send(new DeleteResourcePolicyCommand({ ResourceArn }));
          await iam.send(new DeleteUserCommand({ UserName }));
        },
      };
    },
  },
  {
    name: 'stream each change of the tenants table',
    check: 'platform.table',
    detonate: async ({ surroundings: { tableName: TableName }, root: { dynamodb } }) => {
      const stream = (StreamSpecification: UpdateTableCommand['input']['StreamSpecification']) =>
        dynamodb.send(new UpdateTableCommand({ TableName, StreamSpecification }));
      await stream({ StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' });
      return { expectedEvidence: 'the table has the stream', revert: () => stream({ StreamEnabled: false }) };
    },
  },
  {
    name: 'put the tenants table under AWS’s own key',
    check: 'platform.table',
    detonate: async ({ surroundings: { tableName: TableName }, root: { dynamodb } }) => {
      const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
      const KMSMasterKeyId = Table?.SSEDescription?.KMSMasterKeyArn;
      const set = (specification: SSESpecification) =>
        dynamodb.send(new UpdateTableCommand({ TableName, SSESpecification: specification }));
      await set({ Enabled: false });
      return {
        expectedEvidence: 'the key of the table is',
        revert: () => set({ Enabled: true, SSEType: 'KMS', KMSMasterKeyId }),
      };
    },
  },
  onBus('let everybody put signups on the bus', '*', '*'),
  onBus('let another account put signups on the bus', STRANGER, `AWS:arn:aws:iam::${STRANGER}:root`),
  {
    name: 'let a stranger hear the alarms',
    check: 'platform.topic',
    detonate: async ({ surroundings: { region, topicArn: TopicArn }, root: { sns } }) => {
      const Endpoint = `arn:aws:sqs:${region}:${STRANGER}:strangers`;
      const { SubscriptionArn } = await sns.send(
        new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, ReturnSubscriptionArn: true }),
      );
      return {
        expectedEvidence: `sqs ${Endpoint}`,
        revert: () => sns.send(new UnsubscribeCommand({ SubscriptionArn })),
      };
    },
  },
  {
    name: 'take the default retention off the evidence bucket',
    check: 'platform.evidence',
    detonate: async ({ surroundings, root: { s3 } }) => {
      const Bucket = surroundings.evidenceBucketName;
      const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
      const put = (configuration: typeof ObjectLockConfiguration) =>
        s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: configuration }));
      await put({ ObjectLockEnabled: 'Enabled' });
      return { expectedEvidence: 'has no default retention', revert: () => put(ObjectLockConfiguration) };
    },
  },
  {
    name: 'disable the actions of one alarm',
    check: 'audit.alarms',
    detonate: async ({ surroundings, root: { cloudwatch } }) => {
      const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
      const ours = MetricAlarms.find(
        ({ AlarmName = '', AlarmActions = [] }) =>
          AlarmActions.includes(surroundings.topicArn) && tenantIdIn(AlarmName) === undefined,
      );
      const AlarmNames = [ours?.AlarmName ?? ''];
      await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames }));
      return {
        expectedEvidence: `the actions of alarm ${AlarmNames[0]} are disabled`,
        revert: () => cloudwatch.send(new EnableAlarmActionsCommand({ AlarmNames })),
      };
    },
  },
];
