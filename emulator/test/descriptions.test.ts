import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DynamoDBClient,
  EnableKinesisStreamingDestinationCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  DescribeFlowLogsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { GetAccountAuthorizationDetailsCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AddRoleToDBInstanceCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotAttributesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBSnapshotAttributeCommand,
  RDSClient,
  RemoveRoleFromDBInstanceCommand,
} from '@aws-sdk/client-rds';
import {
  GetBucketEncryptionCommand,
  GetBucketLoggingCommand,
  GetBucketTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { type Emulator, startEmulator } from '../emulator';
import { access, launch } from './aws';

let emulator: Emulator;
let ec2: EC2Client;
let s3: S3Client;
let rds: RDSClient;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  ec2 = new EC2Client(access(emulator));
  s3 = new S3Client({ ...access(emulator), forcePathStyle: true });
  rds = new RDSClient(access(emulator));
}, 60_000);
afterAll(() => emulator?.stop());

const where = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::mine/*' };
const policy = { Version: '2012-10-17', Statement: [statement] };

/** A VPC with a subnet, a route table, an endpoint and a flow log. */
const aNetwork = (cidr: string, PolicyDocument?: object) => ({
  Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: cidr } },
  Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: cidr } },
  Table: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: { Ref: 'Vpc' } } },
  Endpoint: {
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      VpcId: { Ref: 'Vpc' },
      ServiceName: `com.amazonaws.${emulator.region}.s3`,
      ...(PolicyDocument && { PolicyDocument }),
    },
  },
  FlowLog: {
    Type: 'AWS::EC2::FlowLog',
    Properties: {
      ResourceId: { Ref: 'Vpc' },
      ResourceType: 'VPC',
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: 'flows',
      DeliverLogsPermissionArn: `arn:aws:iam::${emulator.accountId}:role/flows`,
    },
  },
});
const ids = { vpc: { Ref: 'Vpc' }, subnet: { Ref: 'Subnet' }, table: { Ref: 'Table' }, flowLog: { Ref: 'FlowLog' } };

describe('EC2', () => {
  let mine: Record<string, string>;
  let other: Record<string, string>;
  let peering: string;

  beforeAll(async () => {
    mine = (await launch(emulator, 'mine', aNetwork('10.64.3.0/24', policy), ids)).outputs;
    other = (await launch(emulator, 'other', aNetwork('10.64.0.0/16'), ids)).outputs;
    const { VpcPeeringConnection } = await ec2.send(
      new CreateVpcPeeringConnectionCommand({ VpcId: mine.vpc, PeerVpcId: other.vpc }),
    );
    peering = VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    const route = { DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: peering };
    await ec2.send(new CreateRouteCommand({ RouteTableId: mine.table, ...route }));
  });

  test.each([
    ['10.64.3.*', ['mine']],
    ['10.64.0.0/16', ['other']],
    ['10.64.?.0/*', ['mine', 'other']],
    ['10.65.3.*', []],
  ])('finds VPCs by a pattern of their block, %s', async (pattern, expected) => {
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand(where('cidr-block-association.cidr-block', pattern)));
    const names = Vpcs.map(({ VpcId }) => (VpcId === mine.vpc ? 'mine' : VpcId === other.vpc ? 'other' : VpcId));
    expect(names.sort()).toEqual(expected);
  });

  test('an instance has a network interface in its subnet until it is terminated', async () => {
    const one = { ImageId: 'ami-12345678', MinCount: 1, MaxCount: 1, SubnetId: mine.subnet };
    const { Instances } = await ec2.send(new RunInstancesCommand(one));
    const InstanceId = Instances?.[0]?.InstanceId ?? '';
    const inVpc = async () =>
      (await ec2.send(new DescribeNetworkInterfacesCommand(where('vpc-id', mine.vpc ?? '')))).NetworkInterfaces;
    expect(await inVpc()).toMatchObject([{ SubnetId: mine.subnet, Status: 'in-use', Attachment: { InstanceId } }]);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(await inVpc()).toEqual([]);
  });

  test('finds the endpoints of one VPC, each with its policy, or the default policy that allows everything', async () => {
    const policyOf = async (vpc = '') => {
      const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand(where('vpc-id', vpc)));
      expect(VpcEndpoints).toHaveLength(1);
      return JSON.parse(VpcEndpoints[0]?.PolicyDocument ?? '{}').Statement;
    };
    expect(await policyOf(mine.vpc)).toEqual([statement]);
    expect(await policyOf(other.vpc)).toEqual([{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }]);
  });

  test('names the security groups of an endpoint', async () => {
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.70.0.0/16' }));
    const VpcId = Vpc?.VpcId ?? '';
    const { GroupId = '' } = await ec2.send(
      new CreateSecurityGroupCommand({ VpcId, GroupName: 'door', Description: 'of an endpoint' }),
    );
    const ServiceName = `com.amazonaws.${emulator.region}.logs`;
    await ec2.send(
      new CreateVpcEndpointCommand({ VpcId, ServiceName, VpcEndpointType: 'Interface', SecurityGroupIds: [GroupId] }),
    );
    const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand(where('vpc-id', VpcId)));
    expect(VpcEndpoints[0]?.Groups?.map((group) => group.GroupId)).toEqual([GroupId]);
  });

  test('finds peerings by either VPC', async () => {
    const by = async (name: string, vpc = '') => {
      const found = await ec2.send(new DescribeVpcPeeringConnectionsCommand(where(name, vpc)));
      return (found.VpcPeeringConnections ?? []).map((each) => each.VpcPeeringConnectionId);
    };
    expect(await by('requester-vpc-info.vpc-id', mine.vpc)).toEqual([peering]);
    expect(await by('accepter-vpc-info.vpc-id', mine.vpc)).toEqual([]);
    expect(await by('accepter-vpc-info.vpc-id', other.vpc)).toEqual([peering]);
  });

  test('finds the route tables that have a route over one peering', async () => {
    const over = async (id: string) => {
      const { RouteTables = [] } = await ec2.send(
        new DescribeRouteTablesCommand(where('route.vpc-peering-connection-id', id)),
      );
      return RouteTables.map(({ RouteTableId }) => RouteTableId);
    };
    expect(await over(peering)).toEqual([mine.table]);
    expect(await over('pcx-00000000000000000')).toEqual([]);
  });

  test('finds the network interfaces of one VPC', async () => {
    await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: other.subnet }));
    const inVpc = async (vpc = '') =>
      (await ec2.send(new DescribeNetworkInterfacesCommand(where('vpc-id', vpc)))).NetworkInterfaces;
    expect(await inVpc(mine.vpc)).toEqual([]);
    expect(await inVpc(other.vpc)).toMatchObject([{ VpcId: other.vpc }]);
  });

  test('names the log group of a flow log', async () => {
    const { FlowLogs } = await ec2.send(new DescribeFlowLogsCommand({ FlowLogIds: [mine.flowLog ?? ''] }));
    expect(FlowLogs).toMatchObject([{ ResourceId: mine.vpc, LogGroupName: 'flows' }]);
  });
});

describe('a bucket made by CloudFormation', () => {
  const Bucket = 'settings';
  const KeyId = 'alias/mine';

  beforeAll(async () => {
    const encryption = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KeyId };
    await launch(emulator, 'settings', {
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: Bucket,
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: encryption, BucketKeyEnabled: true }],
          },
          LoggingConfiguration: { DestinationBucketName: 'logs', LogFilePrefix: 'settings/' },
          Tags: [{ Key: 'tenantId', Value: 'mine' }],
        },
      },
    });
  });

  test('has the default encryption, access logs and tags of its template', async () => {
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(ServerSideEncryptionConfiguration?.Rules).toEqual([
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KeyId },
        BucketKeyEnabled: true,
      },
    ]);
    const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
    expect(LoggingEnabled).toEqual({ TargetBucket: 'logs', TargetPrefix: 'settings/' });
    const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
    expect(TagSet).toEqual(expect.arrayContaining([{ Key: 'tenantId', Value: 'mine' }]));
  });

  test('takes an upload under KMS without a key id as one under the account’s default key for S3', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'page', Body: 'hello', ServerSideEncryption: 'aws:kms' }));
    const { SSEKMSKeyId } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'page' }));
    expect(SSEKMSKeyId).toMatch(/alias\/aws\/s3$/);
  });
});

test('a topic is under the key of its template, a table has its point-in-time recovery', async () => {
  const key = `arn:aws:kms:${emulator.region}:${emulator.accountId}:key/k`;
  await launch(emulator, 'stores', {
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms', KmsMasterKeyId: key } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'kept',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    },
  });
  const TopicArn = `arn:aws:sns:${emulator.region}:${emulator.accountId}:alarms`;
  const { Attributes } = await new SNSClient(access(emulator)).send(new GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes?.KmsMasterKeyId).toBe(key);
  const { ContinuousBackupsDescription } = await new DynamoDBClient(access(emulator)).send(
    new DescribeContinuousBackupsCommand({ TableName: 'kept' }),
  );
  expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('ENABLED');
});

test('a state machine logs as its template says', async () => {
  const LogGroupArn = `arn:aws:logs:${emulator.region}:${emulator.accountId}:log-group:runs:*`;
  await launch(emulator, 'machine', {
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        ...{ StateMachineName: 'logged', RoleArn: `arn:aws:iam::${emulator.accountId}:role/runs` },
        DefinitionString: JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }),
        LoggingConfiguration: {
          ...{ Level: 'ALL', IncludeExecutionData: false },
          Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn } }],
        },
      },
    },
  });
  const stateMachineArn = `arn:aws:states:${emulator.region}:${emulator.accountId}:stateMachine:logged`;
  const machine = await new SFNClient(access(emulator)).send(new DescribeStateMachineCommand({ stateMachineArn }));
  expect(machine.loggingConfiguration).toEqual({
    ...{ level: 'ALL', includeExecutionData: false },
    destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: LogGroupArn } }],
  });
});

test('a task definition has the platform of its template', async () => {
  await launch(emulator, 'platform', {
    Definition: {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: {
        ...{ Family: 'arm', RequiresCompatibilities: ['FARGATE'], NetworkMode: 'awsvpc', Cpu: '256', Memory: '512' },
        RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
        ContainerDefinitions: [{ Name: 'service', Image: 'registry/service:1' }],
      },
    },
  });
  const { taskDefinition } = await new ECSClient(access(emulator)).send(
    new DescribeTaskDefinitionCommand({ taskDefinition: 'arm' }),
  );
  expect(taskDefinition?.runtimePlatform).toEqual({ cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' });
});

test('a role made by CloudFormation has the boundary of its template', async () => {
  const PermissionsBoundary = `arn:aws:iam::${emulator.accountId}:policy/boundary`;
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await launch(emulator, 'bounded', {
    Boundary: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        ManagedPolicyName: 'boundary',
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
      },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'bounded',
        PermissionsBoundary: { Ref: 'Boundary' },
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      },
    },
  });
  const iam = new IAMClient(access(emulator));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'bounded' }));
  expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(PermissionsBoundary);
  const { RoleDetailList = [] } = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }));
  const listed = RoleDetailList.find(({ RoleName }) => RoleName === 'bounded');
  expect(listed?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(PermissionsBoundary);
});

describe('RDS', () => {
  const DBInstanceIdentifier = 'mine';
  const DBSnapshotIdentifier = 'taken';

  beforeAll(async () => {
    const instance = { Engine: 'postgres', DBInstanceClass: 'db.t4g.medium', AllocatedStorage: 20 };
    const master = { MasterUsername: 'admin_user', MasterUserPassword: 'not-a-secret' };
    await rds.send(
      new CreateDBInstanceCommand({ DBInstanceIdentifier, StorageEncrypted: true, ...instance, ...master }),
    );
    await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier }));
  });

  const sharedWith = async () => {
    const { DBSnapshotAttributesResult } = await rds.send(
      new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier }),
    );
    return DBSnapshotAttributesResult?.DBSnapshotAttributes;
  };
  const share = (ValuesToAdd: string[], ValuesToRemove: string[] = []) =>
    rds.send(
      new ModifyDBSnapshotAttributeCommand({
        DBSnapshotIdentifier,
        AttributeName: 'restore',
        ValuesToAdd,
        ValuesToRemove,
      }),
    );

  test('names the accounts that a snapshot is shared with, and refuses to share an encrypted one with everybody', async () => {
    expect(await sharedWith()).toEqual([{ AttributeName: 'restore', AttributeValues: [] }]);
    await share(['111122223333', '444455556666']);
    await share([], ['444455556666']);
    expect(await sharedWith()).toEqual([{ AttributeName: 'restore', AttributeValues: ['111122223333'] }]);
    await expect(share(['all'])).rejects.toThrow('encrypted');
  });

  test('finds the snapshots of several databases with one filter', async () => {
    const found = async (...Values: string[]) => {
      const Filters = [{ Name: 'db-instance-id', Values }];
      const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', Filters }));
      return DBSnapshots.map((each) => each.DBSnapshotIdentifier);
    };
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier }));
    expect(DBSnapshots).not.toEqual([]);
    expect(await found(DBInstanceIdentifier, 'another')).toEqual(DBSnapshots.map((each) => each.DBSnapshotIdentifier));
    expect(await found('another')).toEqual([]);
  });

  test('names the roles of an instance', async () => {
    const role = { RoleArn: `arn:aws:iam::${emulator.accountId}:role/exporter`, FeatureName: 's3Export' };
    const roles = async () =>
      (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0]?.AssociatedRoles;
    await rds.send(new AddRoleToDBInstanceCommand({ DBInstanceIdentifier, ...role }));
    expect(await roles()).toEqual([{ ...role, Status: 'ACTIVE' }]);
    await rds.send(new RemoveRoleFromDBInstanceCommand({ DBInstanceIdentifier, ...role }));
    expect(await roles()).toEqual([]);
  });
});

test('a table that streams its changes brings DynamoDB’s role into the account', async () => {
  const aws = access(emulator);
  const dynamodb = new DynamoDBClient(aws);
  const request = { TableName: 'streaming', BillingMode: 'PAY_PER_REQUEST' as const };
  const key = { AttributeName: 'pk', AttributeType: 'S' as const };
  await dynamodb.send(
    new CreateTableCommand({
      ...{ ...request, AttributeDefinitions: [key], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] },
    }),
  );
  const named = new GetRoleCommand({ RoleName: 'AWSServiceRoleForDynamoDBKinesisDataStreamsReplication' });
  const iam = new IAMClient(aws);
  await expect(iam.send(named)).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  for (const stream of ['one', 'other'])
    await dynamodb.send(
      new EnableKinesisStreamingDestinationCommand({
        TableName: 'streaming',
        StreamArn: `arn:aws:kinesis:eu-central-1:000000000000:stream/${stream}`,
      }),
    );
  const { Role } = await iam.send(named);
  expect(Role?.Path).toBe('/aws-service-role/kinesisreplication.dynamodb.amazonaws.com/');
  const { RoleDetailList = [] } = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }));
  expect(RoleDetailList.map(({ RoleName }) => RoleName)).toContain(Role?.RoleName);
});
