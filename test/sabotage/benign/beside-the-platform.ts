import { DeleteAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateTableCommand,
  DeleteTableCommand,
  ExportTableToPointInTimeCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DeleteArchiveCommand,
  DeleteEventBusCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, DeleteStateMachineCommand } from '@aws-sdk/client-sfn';
import { functionOf, resourceOf } from '../techniques/platform';
import type { SharedChange } from './of-surroundings';

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });

/** A user of the account, whose policy is about nothing of a tenant or of the platform. */
const user = (name: string, UserName: string, statement: object): SharedChange => ({
  name,
  make: async ({ root: { iam } }) => {
    const policy = { UserName, PolicyName: 'own' };
    await iam.send(new CreateUserCommand({ UserName }));
    await iam.send(
      new PutUserPolicyCommand({ ...policy, PolicyDocument: document({ Effect: 'Allow', ...statement }) }),
    );
    return async () => {
      await iam.send(new DeleteUserPolicyCommand(policy));
      await iam.send(new DeleteUserCommand({ UserName }));
    };
  },
});

/** As a rule of the organization, or somebody who follows a benchmark, adds it to every resource policy. */
const TLS_ONLY = {
  ...{ Sid: 'TlsOnly', Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' },
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};
const stricter = (policy: string, Action = '*', Resource = '*') => {
  const { Statement, ...rest } = JSON.parse(policy);
  return JSON.stringify({ ...rest, Statement: [...[Statement].flat(), { ...TLS_ONLY, Action, Resource }] });
};

/** What other teams of the account, its organization and an operator do beside what all tenants share. */
export const CHANGES_BESIDE_THE_PLATFORM: readonly SharedChange[] = [
  user('the controller of another cluster changes every load balancer', 'load-balancers', {
    Action: ['elasticloadbalancing:*'],
    Resource: [
      'arn:aws:elasticloadbalancing:*:*:listener/app/*/*/*',
      'arn:aws:elasticloadbalancing:*:*:targetgroup/*/*',
    ],
  }),
  user('an archive of logs reads them from every bucket', 'log-archive', {
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::*/AWSLogs/*',
  }),
  user('a deployment passes roles on by the end of their names', 'deployer', {
    Action: ['iam:PassRole'],
    Resource: 'arn:aws:iam::*:role/*-execution',
  }),
  user('another product has a tag of the same name', 'another-product', {
    Action: 'kms:*',
    Resource: '*',
    Condition: { StringEquals: { 'aws:ResourceTag/tenantId': 'another-product' } },
  }),
  user('another team owns a key of its own', 'key-owner', {
    Action: 'kms:*',
    Resource: 'arn:aws:kms:*:*:key/11111111-2222-3333-4444-555555555555',
  }),
  {
    name: 'another team has a state machine in a role of its own',
    make: async ({ root: { iam, sfn } }) => {
      const RoleName = 'another-teams-machine';
      const Principal = { Service: 'states.amazonaws.com' };
      const AssumeRolePolicyDocument = document({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' });
      const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      const definition = JSON.stringify({ StartAt: 'Nothing', States: { Nothing: { Type: 'Succeed' } } });
      const request = new CreateStateMachineCommand({ name: 'another-team', roleArn: Role?.Arn, definition });
      const { stateMachineArn } = await sfn.send(request);
      return async () => {
        await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
        await iam.send(new DeleteRoleCommand({ RoleName }));
      };
    },
  },
  {
    name: 'another team keeps an archive of its own bus',
    make: async ({ root: { events } }) => {
      const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: 'another-team' }));
      await events.send(new CreateArchiveCommand({ ArchiveName: 'another-team', EventSourceArn: EventBusArn }));
      return async () => {
        await events.send(new DeleteArchiveCommand({ ArchiveName: 'another-team' }));
        await events.send(new DeleteEventBusCommand({ Name: 'another-team' }));
      };
    },
  },
  {
    name: 'another team exports a table of its own',
    make: async ({ surroundings: { region, accountId }, root: { dynamodb } }) => {
      const TableName = 'another-team';
      const AttributeDefinitions = [{ AttributeName: 'pk', AttributeType: 'S' as const }];
      const KeySchema = [{ AttributeName: 'pk', KeyType: 'HASH' as const }];
      const BillingMode = 'PAY_PER_REQUEST';
      await dynamodb.send(new CreateTableCommand({ TableName, AttributeDefinitions, KeySchema, BillingMode }));
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
      await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
      const TableArn = `arn:aws:dynamodb:${region}:${accountId}:table/${TableName}`;
      await dynamodb.send(new ExportTableToPointInTimeCommand({ TableArn, S3Bucket: 'another-teams-exports' }));
      return () => dynamodb.send(new DeleteTableCommand({ TableName }));
    },
  },
  {
    name: 'the organization denies requests without TLS at the table of acts',
    make: async (scene) => {
      const { surroundings, root } = scene;
      const table = await resourceOf(scene, 'Foundation', 'AWS::DynamoDB::Table', 'Acts');
      const ResourceArn = `arn:aws:dynamodb:${surroundings.region}:${surroundings.accountId}:table/${table}`;
      const { Policy: before = '' } = await root.dynamodb.send(new GetResourcePolicyCommand({ ResourceArn }));
      const put = (Policy: string) => root.dynamodb.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
      await put(stricter(before, 'dynamodb:*'));
      return () => put(before);
    },
  },
  {
    name: 'the organization denies requests without TLS at the topic’s key',
    make: async (scene) => {
      const { kms } = scene.root;
      const KeyId = await resourceOf(scene, 'Foundation', 'AWS::KMS::Key', 'Alarms');
      const { Policy: before = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId }));
      const put = (Policy: string) => kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
      await put(stricter(before, 'kms:*'));
      return () => put(before);
    },
  },
  {
    name: 'the organization denies requests without TLS at the reports, a second time',
    make: async ({ surroundings: { evidenceBucketName: Bucket }, root: { s3 } }) => {
      const { Policy: before = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      const put = (Policy: string) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      await put(stricter(before, 's3:*', `arn:aws:s3:::${Bucket}/*`));
      return () => put(before);
    },
  },
  {
    name: 'a benchmark empties the default security group of the cell',
    make: async ({ surroundings: { cell }, root: { ec2 } }) => {
      const Filters = [
        { Name: 'vpc-id', Values: [cell.vpcId] },
        { Name: 'group-name', Values: ['default'] },
      ];
      const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
      const [{ GroupId, IpPermissions = [], IpPermissionsEgress = [] } = {}] = SecurityGroups ?? [];
      const inward = { GroupId, IpPermissions };
      const outward = { GroupId, IpPermissions: IpPermissionsEgress };
      if (IpPermissions.length > 0) await ec2.send(new RevokeSecurityGroupIngressCommand(inward));
      if (IpPermissionsEgress.length > 0) await ec2.send(new RevokeSecurityGroupEgressCommand(outward));
      return async () => {
        if (IpPermissions.length > 0) await ec2.send(new AuthorizeSecurityGroupIngressCommand(inward));
        if (IpPermissionsEgress.length > 0) await ec2.send(new AuthorizeSecurityGroupEgressCommand(outward));
      };
    },
  },
  {
    name: 'an operator keeps an alarm of the own quiet',
    make: async ({ surroundings: { topicArn }, root: { cloudwatch } }) => {
      const AlarmName = 'an-operators';
      await cloudwatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName, Namespace: 'Team', MetricName: 'Errors', Statistic: 'Sum', Period: 60 },
          ...{ EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
          ...{ AlarmActions: [topicArn], ActionsEnabled: false },
        }),
      );
      return () => cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] }));
    },
  },
  {
    name: 'an operator traces a function, and gives it more time',
    make: async (scene) => {
      const { FunctionName, Timeout, TracingConfig } = await functionOf(scene, 'Orphans');
      const set = (change: object) =>
        scene.root.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...change }));
      await set({ Timeout: 900, TracingConfig: { Mode: 'Active' } });
      return () => set({ Timeout, TracingConfig: { Mode: TracingConfig?.Mode ?? 'PassThrough' } });
    },
  },
];
