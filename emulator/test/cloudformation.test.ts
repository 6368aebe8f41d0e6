import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeVpcPeeringConnectionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Emulator, startEmulator } from '../emulator';
import { access, eventually, kindAgain, launch, settled } from './aws';

let emulator: Emulator;
let cloudformation: CloudFormationClient;

beforeAll(async () => {
  // While it is unkind, a stack can fail by chance: with this seed none does.
  emulator = await startEmulator({ patience: 0, env: { AWS_SEED: 'cloudformation' } });
  cloudformation = new CloudFormationClient(access(emulator));
}, 60_000);
afterAll(() => emulator.stop());

const ref = (id: string) => ({ Ref: id });
const att = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });
const ofSecret = (field: string) => ({ 'Fn::Sub': `{{resolve:secretsmanager:\${Secret}:SecretString:${field}}}` });

test('makes and deletes the network, scaling and policy types that MiniStack lacks', async () => {
  const { stack, outputs } = await launch(
    emulator,
    'types',
    {
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.1.0.0/16' } },
      Peer: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.2.0.0/16' } },
      Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: ref('Vpc'), CidrBlock: '10.1.0.0/24' } },
      Table: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: ref('Vpc') } },
      Peering: { Type: 'AWS::EC2::VPCPeeringConnection', Properties: { VpcId: ref('Vpc'), PeerVpcId: ref('Peer') } },
      Route: {
        Type: 'AWS::EC2::Route',
        Properties: {
          RouteTableId: ref('Table'),
          DestinationCidrBlock: '10.2.0.0/16',
          VpcPeeringConnectionId: ref('Peering'),
        },
      },
      Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { VpcId: ref('Vpc'), GroupDescription: 'group' } },
      Ingress: {
        Type: 'AWS::EC2::SecurityGroupIngress',
        Properties: {
          GroupId: ref('Group'),
          IpProtocol: 'tcp',
          FromPort: 5432,
          ToPort: 5432,
          SourceSecurityGroupId: ref('Group'),
        },
      },
      Egress: {
        Type: 'AWS::EC2::SecurityGroupEgress',
        Properties: { GroupId: ref('Group'), IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '10.0.0.0/8' },
      },
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: {} },
      FlowLog: {
        Type: 'AWS::EC2::FlowLog',
        Properties: {
          ResourceId: ref('Vpc'),
          ResourceType: 'VPC',
          TrafficType: 'ALL',
          LogGroupName: ref('Logs'),
          DeliverLogsPermissionArn: 'arn:aws:iam::000000000000:role/flow',
        },
      },
      Address: { Type: 'AWS::EC2::EIP', Properties: { Domain: 'vpc' } },
      Nat: {
        Type: 'AWS::EC2::NatGateway',
        Properties: { SubnetId: ref('Subnet'), AllocationId: att('Address', 'AllocationId') },
      },
      Acl: { Type: 'AWS::EC2::NetworkAcl', Properties: { VpcId: ref('Vpc') } },
      Entry: {
        Type: 'AWS::EC2::NetworkAclEntry',
        Properties: {
          NetworkAclId: ref('Acl'),
          RuleNumber: 100,
          Protocol: -1,
          RuleAction: 'allow',
          CidrBlock: '0.0.0.0/0',
        },
      },
      AclSubnet: {
        Type: 'AWS::EC2::SubnetNetworkAclAssociation',
        Properties: { NetworkAclId: ref('Acl'), SubnetId: ref('Subnet') },
      },
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'types' } },
      BusPolicy: {
        Type: 'AWS::Events::EventBusPolicy',
        Properties: {
          EventBusName: ref('Bus'),
          StatementId: 'billing',
          Statement: {
            Effect: 'Allow',
            Principal: { AWS: 'arn:aws:iam::111111111111:root' },
            Action: 'events:PutEvents',
            Resource: att('Bus', 'Arn'),
          },
        },
      },
      Registry: { Type: 'AWS::EventSchemas::Registry', Properties: { RegistryName: 'types' } },
      Schema: {
        Type: 'AWS::EventSchemas::Schema',
        Properties: {
          RegistryName: att('Registry', 'RegistryName'),
          SchemaName: 'billing@Made',
          Type: 'JSONSchemaDraft4',
          Content: '{}',
        },
      },
      Archive: { Type: 'AWS::Events::Archive', Properties: { SourceArn: att('Bus', 'Arn'), RetentionDays: 1 } },
      Alarm: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmName: 'part',
          Namespace: 'a',
          MetricName: 'b',
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanThreshold',
        },
      },
      Whole: {
        Type: 'AWS::CloudWatch::CompositeAlarm',
        DependsOn: 'Alarm',
        Properties: { AlarmName: 'whole', AlarmRule: 'ALARM("part")' },
      },
      Target: {
        Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
        Properties: {
          MinCapacity: 1,
          MaxCapacity: 4,
          ResourceId: 'service/cell/shared',
          ScalableDimension: 'ecs:service:DesiredCount',
          ServiceNamespace: 'ecs',
        },
      },
      Scaling: {
        Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
        Properties: { PolicyName: 'cpu', PolicyType: 'TargetTrackingScaling', ScalingTargetId: ref('Target') },
      },
    },
    { peering: ref('Peering'), target: ref('Target') },
  );
  expect(stack).toMatchObject({ StackStatus: 'CREATE_COMPLETE' });
  expect(outputs.target).toBe('service/cell/shared|ecs:service:DesiredCount|ecs');
  const ec2 = new EC2Client(access(emulator));
  const { VpcPeeringConnections } = await ec2.send(
    new DescribeVpcPeeringConnectionsCommand({ VpcPeeringConnectionIds: [outputs.peering ?? ''] }),
  );
  expect(VpcPeeringConnections?.[0]?.Status?.Code).toBe('active');

  await cloudformation.send(new DeleteStackCommand({ StackName: 'types' }));
  expect((await settled(cloudformation, stack.StackId)).StackStatus).toBe('DELETE_COMPLETE');
});

test('makes an alarm on a metric expression, and refuses an expression that CloudWatch cannot evaluate', async () => {
  const count = (Id: string) => ({
    Id,
    MetricStat: { Metric: { Namespace: 'Product', MetricName: Id }, Period: 60, Stat: 'Sum' },
    ReturnData: false,
  });
  const alarmOn = (...Metrics: object[]) => ({
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        EvaluationPeriods: 1,
        Metrics,
      },
    },
  });
  const sum = { Id: 'sum', Expression: 'FILL(good, 0) + FILL(bad, 0)' };
  const { stack } = await launch(emulator, 'alarm', alarmOn(count('good'), count('bad'), sum));
  expect(stack.StackStatus).toBe('CREATE_COMPLETE');
  for (const [name, ...queries] of [
    ['unknown', count('good'), sum],
    ['silent', count('good'), count('bad'), { ...sum, ReturnData: false }],
  ] as const) {
    const { stack: refused } = await launch(emulator, `alarm-${name}`, alarmOn(...queries));
    expect([name, refused.StackStatus]).toEqual([name, 'ROLLBACK_COMPLETE']);
  }
});

test('a replica gets key, subnet group and engine of its source, and Ref of a secret is its ARN', async () => {
  const { stack, outputs } = await launch(
    emulator,
    'stores',
    {
      Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [] } } },
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.1.0.0/16' } },
      Subnet: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: ref('Vpc'), CidrBlock: '10.1.0.0/24' } },
      Subnets: {
        Type: 'AWS::RDS::DBSubnetGroup',
        Properties: { DBSubnetGroupDescription: 'subnets', SubnetIds: [ref('Subnet')], DBSubnetGroupName: 'subnets' },
      },
      Secret: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: {
          KmsKeyId: ref('Key'),
          GenerateSecretString: {
            SecretStringTemplate: '{"username":"owner"}',
            GenerateStringKey: 'password',
            ExcludePunctuation: true,
            PasswordLength: 40,
          },
        },
      },
      Source: {
        Type: 'AWS::RDS::DBInstance',
        DeletionPolicy: 'Delete',
        Properties: {
          Engine: 'postgres',
          EngineVersion: '16.4',
          DBInstanceClass: 'db.t4g.micro',
          AllocatedStorage: '50',
          StorageEncrypted: true,
          KmsKeyId: ref('Key'),
          DBSubnetGroupName: ref('Subnets'),
          EnableCloudwatchLogsExports: ['postgresql'],
          MasterUsername: ofSecret('username'),
          MasterUserPassword: ofSecret('password'),
        },
      },
      Attachment: {
        Type: 'AWS::SecretsManager::SecretTargetAttachment',
        Properties: { SecretId: ref('Secret'), TargetId: ref('Source'), TargetType: 'AWS::RDS::DBInstance' },
      },
      Replica: {
        Type: 'AWS::RDS::DBInstance',
        DeletionPolicy: 'Delete',
        Properties: { SourceDBInstanceIdentifier: ref('Source'), DBInstanceClass: 'db.t4g.micro' },
      },
    },
    { key: att('Key', 'Arn'), secret: ref('Secret'), source: ref('Source'), replica: ref('Replica') },
  );
  expect(stack.StackStatus).toBe('CREATE_COMPLETE');
  expect(outputs.secret).toMatch(/^arn:aws:secretsmanager:/);
  const rds = new RDSClient(access(emulator));
  const described = async (id: string | undefined) =>
    (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances?.[0];
  expect(await described(outputs.replica)).toMatchObject({
    Engine: 'postgres',
    EngineVersion: '16.4',
    StorageEncrypted: true,
    KmsKeyId: outputs.key,
    AllocatedStorage: 50,
    DBSubnetGroup: { DBSubnetGroupName: 'subnets' },
    ReadReplicaSourceDBInstanceIdentifier: outputs.source,
  });
  expect(await described(outputs.source)).toMatchObject({
    ReadReplicaDBInstanceIdentifiers: [outputs.replica],
    EnabledCloudwatchLogsExports: ['postgresql'],
    MasterUsername: 'owner',
  });
  await cloudformation.send(new DeleteStackCommand({ StackName: 'stores' }));
  expect((await settled(cloudformation, stack.StackId)).StackStatus).toBe('DELETE_COMPLETE');
});

test('sends an event for each stack status with its token, answers a repeated request and keeps deleted stacks readable', async () => {
  const sqs = new SQSClient(access(emulator));
  const events = new EventBridgeClient(access(emulator));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'statuses' }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  await events.send(
    new PutRuleCommand({
      Name: 'statuses',
      EventPattern: JSON.stringify({
        source: ['aws.cloudformation'],
        'detail-type': ['CloudFormation Stack Status Change'],
        resources: [{ prefix: `arn:aws:cloudformation:${emulator.region}:${emulator.accountId}:stack/announced` }],
      }),
    }),
  );
  await events.send(new PutTargetsCommand({ Rule: 'statuses', Targets: [{ Id: 'q', Arn: Attributes?.QueueArn }] }));
  const create = (ClientRequestToken: string) =>
    cloudformation.send(
      new CreateStackCommand({
        StackName: 'announced',
        ClientRequestToken,
        TemplateBody: JSON.stringify({
          Resources: { Good: { Type: 'AWS::SNS::Topic' }, Bad: { Type: 'AWS::EC2::NatGateway', Properties: {} } },
        }),
      }),
    );
  const { StackId } = await create('create-1');
  expect((await settled(cloudformation, StackId)).StackStatus).toBe('ROLLBACK_COMPLETE');
  expect((await create('create-1')).StackId).toBe(StackId);
  await expect(create('another')).rejects.toMatchObject({ name: 'AlreadyExistsException' });
  await cloudformation.send(new DeleteStackCommand({ StackName: StackId, ClientRequestToken: 'delete-1' }));
  expect((await settled(cloudformation, StackId)).StackStatus).toBe('DELETE_COMPLETE');

  const seen: string[] = [];
  await eventually(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { Body = '{}' } of Messages) {
      const { resources, detail } = JSON.parse(Body);
      expect(resources).toEqual([StackId]);
      expect(detail['stack-id']).toBe(StackId);
      seen.push(`${detail['status-details'].status} ${detail['client-request-token']}`);
    }
    return seen.length >= 5 ? seen : undefined;
  });
  expect(new Set(seen)).toEqual(
    new Set([
      'CREATE_IN_PROGRESS create-1',
      'ROLLBACK_IN_PROGRESS create-1',
      'ROLLBACK_COMPLETE create-1',
      'DELETE_IN_PROGRESS delete-1',
      'DELETE_COMPLETE delete-1',
    ]),
  );

  const second = await create('create-2');
  expect(second.StackId).not.toBe(StackId);
  await settled(cloudformation, second.StackId);
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: StackId }));
  expect(Stacks?.[0]?.StackStatus).toBe('DELETE_COMPLETE');
  const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: StackId }));
  expect(StackEvents?.at(-1)).toMatchObject({ ResourceStatus: 'CREATE_IN_PROGRESS', ClientRequestToken: 'create-1' });
});

test('T6: a new stack is not found by its name at first, and its end is sent as an event before DescribeStacks shows it', async () => {
  const StackName = 'late';
  // Whoever asks so often is throttled now and then.
  const patient = new CloudFormationClient({ ...access(emulator), maxAttempts: 10 });
  const described = async (name: string) =>
    (await patient.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0];
  const TemplateBody = JSON.stringify({
    Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
    Outputs: { Topic: { Value: { Ref: 'Topic' } } },
  });
  // More than is looked at; the more patience, the later may be asked again.
  await emulator.setPatience(20);
  try {
    const { StackId = '' } = await cloudformation.send(new CreateStackCommand({ StackName, TemplateBody }));
    await expect(described(StackName)).rejects.toMatchObject({ message: 'Stack with id late does not exist' });
    await eventually(async () => {
      const { StackEvents } = await patient.send(new DescribeStackEventsCommand({ StackName: StackId }));
      return StackEvents?.find(
        (event) => event.PhysicalResourceId === StackId && event.ResourceStatus === 'CREATE_COMPLETE',
      );
    });
    const early = await described(StackId);
    expect([early?.StackStatus, early?.Outputs ?? []]).toEqual(['CREATE_IN_PROGRESS', []]);
    await emulator.settle();
    expect(await described(StackName)).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      Outputs: [{ OutputKey: 'Topic' }],
    });
  } finally {
    await kindAgain(emulator);
  }
});
