import {
  CreateTableCommand,
  DeleteTableCommand,
  ExportTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DeleteArchiveCommand,
  DeleteEventBusCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, DeleteStateMachineCommand } from '@aws-sdk/client-sfn';
import { RELEASE_PIPELINE, SERVICE_REPOSITORY } from '../../../functions/contract/naming';
import { aUser } from '../identity-changes';
import { emptyDefaultGroup } from '../network-changes';
import { adding, bucketPolicy, keyPolicy, tablePolicy } from '../policies';
import { functionOf, resourceOf } from '../techniques/platform';
import { anAlarm } from './an-alarm';
import type { SharedChange } from './of-surroundings';
import { PERIMETER_CHANGES } from './perimeter';

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });

/** A user of the account, whose policy is about nothing of a tenant or of the platform. */
const user = (name: string, UserName: string, statement: object): SharedChange => ({
  name,
  make: ({ root }) => aUser(root, UserName, statement),
});

/** As a rule of the organization, or somebody who follows a benchmark, adds it to every resource policy. */
const stricter = (Action: string, Resource = '*') =>
  adding({
    ...{ Sid: 'TlsOnly', Effect: 'Deny', Principal: '*', Action, Resource },
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  });

/** What other teams of the account, its organization and an operator do beside what all tenants share. */
export const CHANGES_BESIDE_THE_PLATFORM: readonly SharedChange[] = [
  ...PERIMETER_CHANGES,
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
  user('a build pushes images of the shared service, and a person approves one', 'approver', {
    Action: ['ecr:InitiateLayerUpload', 'ecr:PutImage', 'codepipeline:PutApprovalResult'],
    Resource: [`arn:aws:ecr:*:*:repository/${SERVICE_REPOSITORY}`, `arn:aws:codepipeline:*:*:${RELEASE_PIPELINE}`],
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
      return await tablePolicy(root, ResourceArn, stricter('dynamodb:*'));
    },
  },
  {
    name: 'the organization denies requests without TLS at the topic’s key',
    make: async (scene) => {
      const key = await resourceOf(scene, 'Foundation', 'AWS::KMS::Key', 'Alarms');
      return await keyPolicy(scene.root, key, stricter('kms:*'));
    },
  },
  {
    name: 'the organization denies requests without TLS at the reports, a second time',
    make: ({ surroundings: { evidenceBucketName }, root }) =>
      bucketPolicy(root, evidenceBucketName, stricter('s3:*', `arn:aws:s3:::${evidenceBucketName}/*`)),
  },
  {
    name: 'a benchmark empties the default security group of the cell',
    make: ({ surroundings: { cell }, root: { ec2 } }) => emptyDefaultGroup(ec2, cell.vpcId),
  },
  {
    name: 'an operator keeps an alarm of the own quiet',
    make: ({ surroundings: { topicArn }, root: { cloudwatch } }) =>
      anAlarm(cloudwatch, 'an-operators', { AlarmActions: [topicArn], ActionsEnabled: false }),
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
