import { CODE_DIGEST, functionRoleName, platformStackName, SERVICE_REPOSITORY } from '../../functions/contract/naming';
import type { Principal } from '../../functions/isolation/facts/account-facts';
import type { ResolverAssociation, StrangeOptions } from '../../functions/isolation/facts/vpc-names';
import type { Statement } from '../../functions/isolation/policy-document';
import type { PermissionAdded } from '../../functions/isolation/surroundings/permissions-added';
import type { SurroundingsFacts } from '../../functions/isolation/surroundings/surroundings-facts';
import { ACCOUNT_ID, aCell, REGION } from './builders';
import { policyOf } from './isolated-tenant';

const cell = aCell();
const role = cell.taskRoleArn.split('/').at(-1) ?? '';
export const BUS = 'tenant-onboarding';
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT_ID}:alarms`;
const EVIDENCE = 'evidence';
export const surroundings = {
  ...{ accountId: ACCOUNT_ID, region: REGION, cell, tableName: 'tenants', busName: BUS, topicArn: TOPIC },
  ...{ evidenceBucketName: EVIDENCE, billingAccountId: '123412341234' },
  placed: {
    endpointServices: ['guardduty-data'],
    keyUsers: ['backup.amazonaws.com/AWSServiceRoleForBackup'],
    backupAccounts: ['555555555555'],
    logReaders: ['security-audit'],
    logDestinations: [],
    tableExports: ['organization-exports'],
    webAclLogs: ['arn:aws:s3:::aws-waf-logs-organization'],
    flowLogs: ['arn:aws:s3:::organization-traffic'],
    eventTopics: [],
    eventTargets: ['arn:aws:events:eu-central-1:555555555555:event-bus/organization'],
    nameServices: ['rslvr-rr-0organization', 'dopt-0organization', 'Z0ORGANIZATION'],
    alarmListeners: ['https://pager.example/in'],
    administrators: ['incident-response'],
  },
};

const ROOT = `arn:aws:iam::${ACCOUNT_ID}:root`;
const document = (Statement: object) => ({ Statement: { Effect: 'Allow', ...Statement } });
const KEY = { Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' };
const LOGS = {
  ...{ Principal: { Service: 'logging.s3.amazonaws.com' }, Action: 's3:PutObject', Resource: '*' },
  Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT_ID } },
};
const NOBODY_CHANGES = { Effect: 'Deny', Principal: '*', Action: 'dynamodb:DeleteItem', Resource: '*' } as const;
const SIGNUPS = { Principal: { AWS: 'arn:aws:iam::123412341234:root' }, Action: 'events:PutEvents', Resource: '*' };
const ALARMS = {
  ...{ Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish', Resource: TOPIC },
  Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT_ID } },
};
const INVOKES = { Action: 'lambda:InvokeFunction', Resource: 'arn:PerformAct' };
const SEND = { Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: '*' };
const ATTRIBUTES: Record<string, string> = {
  'access_logs.s3.enabled': 'true',
  'access_logs.s3.bucket': cell.accessLogBucketName,
  'routing.http.drop_invalid_header_fields.enabled': 'true',
};
const REDIRECTING = cell.listenerArn.replace(/[^/]*$/, 'redirecting');
const NOTHING_HERE = {
  Type: 'fixed-response',
  FixedResponseConfig: {
    StatusCode: '404',
    ContentType: 'text/plain',
    MessageBody: 'There is nothing under this name.',
  },
};
const DEFINITION = JSON.stringify({ StartAt: 'A', States: { A: { Resource: 'arn:lambda:1' } } });
const DEAD_LETTERS = `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:dead`;
const CLOSED = {
  ...{ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
};
const EXECUTES = `arn:aws:iam::${ACCOUNT_ID}:role/execution`;
const alarm = () => ({
  ...{ MetricName: 'Errors', Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
  Dimensions: [{ Name: 'FunctionName', Value: 'JudgeAudit' }],
});
const RATIO = [
  { Id: 'ratio', Expression: 'errors / 10' },
  {
    Id: 'errors',
    MetricStat: {
      Metric: { Namespace: 'Tenants', MetricName: 'Errors', Dimensions: [{ Name: 'Cell', Value: 'cell1' }] },
      ...{ Period: 60, Stat: 'Sum' },
    },
  },
];

const UNHEALTHY = 'ALARM("BlueEmpty") AND ALARM("GreenEmpty")';

const ACL = `arn:aws:wafv2:${REGION}:${ACCOUNT_ID}:regional/webacl/cell/1`;
interface AclRule {
  Name: string;
  Priority: number;
  Action?: Record<string, object>;
  OverrideAction?: Record<string, object>;
  Statement: Record<string, object>;
}
interface WebAcl {
  ARN: string;
  Name: string;
  DefaultAction: Record<string, object>;
  Rules: AclRule[];
}
const aclRules = (): AclRule[] => [
  { Name: 'Rate', Priority: 0, Action: { Block: {} }, Statement: { RateBasedStatement: { Limit: 2000 } } },
  { Name: 'Bad', Priority: 1, Action: { Block: {} }, Statement: { GeoMatchStatement: {} } },
];

const resource = (type: string, physicalId: string, properties: Record<string, unknown> = {}) => ({
  ...{ id: physicalId, type, physicalId, properties },
});
const aFunction = (name: string, properties: Record<string, unknown>) => ({
  ...{ ...resource('AWS::Lambda::Function', name, properties), metadata: { [CODE_DIGEST]: 'digest' } },
});
const pairs = (attributes: Record<string, string>) =>
  Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }));

interface AlarmData {
  AlarmName: string;
  ActionsEnabled: boolean;
  AlarmActions: string[];
  OKActions?: string[];
  Dimensions?: { Name: string; Value: string }[];
  Metrics?: { Expression?: string; MetricStat?: { Metric: { Dimensions: { Name: string; Value: string }[] } } }[];
}

interface CompositeData {
  AlarmName: string;
  AlarmRule: string;
  ActionsEnabled: boolean;
  AlarmActions: string[];
  ActionsSuppressor?: string;
}

interface FunctionData {
  FunctionName: string;
  Role: string;
  Handler: string;
  CodeSha256: string;
  Layers: { Arn: string }[];
  Environment: { Variables: Record<string, string> };
  VpcConfig: object;
  Runtime: string;
  LoggingConfig: { LogGroup: string; ApplicationLogLevel?: string };
  KMSKeyArn?: string;
  FileSystemConfigs?: { Arn: string }[];
  DeadLetterConfig?: { TargetArn: string };
  Timeout?: number;
  MemorySize?: number;
}

const FUNCTIONS = [
  ...['PerformAct', 'SuspendTenant', 'ResumeTenant', 'AuditTenant', 'VerifyIsolation', 'JudgeAudit'],
  ...['ActivateTenant', 'DeregisterTenant', 'DeleteStack', 'RetireTenantKey', 'PrepareDatabase'],
];
const roleOf = (action: string) => `arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName(action)}`;
const nameOf = (action: string) => `${platformStackName('ControlPlane')}-${action}`;
const RULE = `${platformStackName('ControlPlane')}-Daily`;
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT_ID}:stateMachine:TenantIsolationAudit`;

const STARTS = { Arn: MACHINE, RoleArn: 'arn:starts', DeadLetterConfig: { Arn: 'arn:aws:sqs:r:1:queue' } };

/** What the templates make. */
const templates = () => ({
  foundation: [
    ...['tenants table', 'Messages', 'Reports'].map((Description) =>
      resource('AWS::KMS::Key', Description, { Description, KeyPolicy: document(KEY) }),
    ),
    resource('AWS::DynamoDB::Table', 'tenants', {
      ...{ SSESpecification: { SSEEnabled: true, KMSMasterKeyId: 'arn:table-key' }, DeletionProtectionEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      ...{
        BillingMode: 'PAY_PER_REQUEST',
        GlobalSecondaryIndexes: [{ IndexName: 'byState', Projection: { ProjectionType: 'ALL' } }],
      },
    }),
    resource('AWS::DynamoDB::Table', 'acts', { ResourcePolicy: { PolicyDocument: document(NOBODY_CHANGES) } }),
    resource('AWS::ECR::Repository', SERVICE_REPOSITORY),
    resource('AWS::IAM::ManagedPolicy', `arn:aws:iam::${ACCOUNT_ID}:policy/tenants/TenantBoundary`),
    resource('AWS::SNS::Topic', TOPIC, { KmsMasterKeyId: `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/Messages` }),
    resource('AWS::SNS::Subscription', 's', { TopicArn: TOPIC, Protocol: 'email', Endpoint: 'ops@acme.example' }),
    resource('AWS::SNS::TopicPolicy', 'topic', { Topics: [TOPIC], PolicyDocument: document(ALARMS) }),
    resource('AWS::S3::BucketPolicy', 'evidence', { Bucket: EVIDENCE, PolicyDocument: document(LOGS) }),
    resource('AWS::S3::Bucket', EVIDENCE, {
      PublicAccessBlockConfiguration: { ...CLOSED },
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 550 } } },
    }),
  ],
  controlPlane: [
    resource('AWS::Events::EventBus', BUS, { Policy: document(SIGNUPS) }),
    ...FUNCTIONS.map((action) =>
      aFunction(nameOf(action), {
        ...{ Role: roleOf(action), Handler: 'index.handler', Layers: ['arn:layer:1'] },
        ...{ Runtime: 'nodejs24.x', LoggingConfig: { LogGroup: `/tenant-onboarding/${action}` } },
        ...{ Environment: { Variables: { TABLE_NAME: 'tenants' } }, Timeout: 60, MemorySize: 512 },
        ...(action === 'PerformAct' && { DeadLetterConfig: { TargetArn: DEAD_LETTERS } }),
      }),
    ),
    resource('AWS::IAM::Role', functionRoleName('PerformAct')),
    resource('AWS::SQS::Queue', 'https://sqs/queue', { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1209600 }),
    resource('AWS::SQS::QueuePolicy', 'q', { Queues: ['https://sqs/queue'], PolicyDocument: document(SEND) }),
    resource('AWS::StepFunctions::StateMachine', MACHINE, {
      DefinitionString: DEFINITION.replace('arn:lambda:1', '$' + '{A}'),
      DefinitionSubstitutions: { A: 'arn:lambda:1' },
      RoleArn: 'arn:machine-role',
      LoggingConfiguration: {
        Level: 'ERROR',
        Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: 'arn:aws:logs:r:1:log-group:audit:*' } }],
      },
    }),
    resource('AWS::Events::Rule', RULE, {
      ...{ ScheduleExpression: 'rate(1 day)', State: 'ENABLED', Targets: [{ Id: 'Target0', ...STARTS }] },
    }),
    resource('AWS::Events::Rule', `${BUS}|signups`, {
      ...{
        EventBusName: BUS,
        EventPattern: { source: ['billing'] },
        Targets: [{ Id: 'Target0', ...STARTS }],
      },
    }),
    resource('AWS::CloudWatch::Alarm', 'TenantDrifted', { ...alarm(), AlarmActions: [TOPIC] }),
    resource('AWS::CloudWatch::Alarm', 'CellFails', {
      ...{ Threshold: 1, Metrics: RATIO, AlarmActions: [TOPIC] },
    }),
    resource('AWS::CloudWatch::CompositeAlarm', 'CellUnhealthy', { AlarmRule: UNHEALTHY, AlarmActions: [TOPIC] }),
    resource('AWS::CloudWatch::Alarm', 'NoTargets', {
      ...{ Dimensions: [{ Name: 'LoadBalancer', Value: '<Door.LoadBalancerFullName>' }], AlarmActions: [TOPIC] },
    }),
  ],
  cell: [
    aFunction(functionRoleName('AskDatabase-cell1'), {
      ...{ Role: roleOf('AskDatabase-cell1'), Handler: 'index.handler', Runtime: 'nodejs24.x' },
      VpcConfig: { SecurityGroupIds: ['sg-functions'], SubnetIds: ['subnet-a'] },
    }),
    resource('AWS::ElasticLoadBalancingV2::LoadBalancer', cell.loadBalancerArn, {
      LoadBalancerAttributes: pairs(ATTRIBUTES),
      SecurityGroups: ['sg-door'],
    }),
    resource('AWS::EC2::NatGateway', 'nat-1'),
    resource('AWS::WAFv2::WebACL', 'cell|1|REGIONAL', { DefaultAction: { Allow: {} }, Rules: aclRules() }),
    resource('AWS::WAFv2::WebACLAssociation', 'a', { ResourceArn: cell.loadBalancerArn, WebACLArn: ACL }),
    resource('AWS::ElasticLoadBalancingV2::Listener', cell.listenerArn, {
      ...{ Port: 443, Protocol: 'HTTPS', DefaultActions: [NOTHING_HERE] },
    }),
    resource('AWS::ElasticLoadBalancingV2::Listener', REDIRECTING, {
      ...{ Port: 80, Protocol: 'HTTP' },
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
      ],
    }),
    ...Object.values(cell.targetGroupArns).map((arn) =>
      resource('AWS::ElasticLoadBalancingV2::TargetGroup', arn, {
        TargetGroupAttributes: pairs({ 'stickiness.enabled': 'false' }),
      }),
    ),
    resource('AWS::SSM::Parameter', `/tenant-onboarding/cells/${cell.name}`, {
      Value: JSON.stringify({ ...cell, loadBalancerDnsName: '<Door.DNSName>' }),
    }),
    ...(['blue', 'green'] as const).map((ServiceName) =>
      resource('AWS::ECS::Service', ServiceName, {
        ServiceName,
        LoadBalancers: [{ TargetGroupArn: cell.targetGroupArns[ServiceName], ContainerPort: 8080 }],
        NetworkConfiguration: { AwsvpcConfiguration: { SecurityGroups: ['sg-service'], Subnets: ['subnet-a'] } },
      }),
    ),
    resource('AWS::ECS::TaskDefinition', 'task', {
      ...{ TaskRoleArn: cell.taskRoleArn, ExecutionRoleArn: EXECUTES, Cpu: '256', Memory: '512' },
      ContainerDefinitions: [
        {
          ...{ Name: 'Service', Image: 'registry/seed:1', ReadonlyRootFilesystem: true, Essential: true },
          PortMappings: [{ ContainerPort: 8080, Protocol: 'tcp' }],
          Environment: [{ Name: 'PORT', Value: '8080' }],
          LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-group': 'service' } },
        },
      ],
    }),
    resource('AWS::EC2::SecurityGroup', 'sg-service', {
      SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }],
    }),
    resource('AWS::EC2::VPC', cell.vpcId, { CidrBlock: '10.0.0.0/16' }),
    resource('AWS::EC2::Subnet', 'subnet-a'),
    resource('AWS::EC2::FlowLog', 'fl-1', { ResourceId: cell.vpcId, TrafficType: 'ALL', LogGroupName: 'cell-traffic' }),
    resource('AWS::EC2::VPCEndpoint', 'vpce-s3', { RouteTableIds: ['rtb-1'] }),
    resource('AWS::EC2::Route', 'r', {
      RouteTableId: 'rtb-1',
      DestinationCidrBlock: '0.0.0.0/0',
      NatGatewayId: 'nat-1',
    }),
    resource('AWS::EC2::SubnetRouteTableAssociation', 'a-1', { SubnetId: 'subnet-a', RouteTableId: 'rtb-1' }),
    resource('AWS::EC2::SecurityGroupIngress', 'sgr-1', {
      ...{ GroupId: 'sg-service', IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: 'sg-door' },
    }),
    resource('AWS::Logs::LogGroup', 'service'),
    resource('AWS::S3::BucketPolicy', 'logs', { Bucket: cell.accessLogBucketName, PolicyDocument: document(LOGS) }),
  ],
});

/** A backup plan that selects what has the ARN, and copies it to a vault. */
export const aBackup = (name: string, vaultArn: string, ...resources: string[]) => ({
  plan: {
    BackupPlanName: name,
    Rules: [
      {
        ...{ RuleName: 'daily', TargetBackupVaultName: 'local' },
        CopyActions: [{ DestinationBackupVaultArn: vaultArn }],
      },
    ],
  },
  selections: [
    {
      ...{ SelectionName: 'all', IamRoleArn: 'arn:role' },
      Resources: resources.length > 0 ? resources : ['*'],
      ListOfTags: [] as object[],
    },
  ],
});

/** A user of the account, whom a policy of its own allows something. */
export const aPrincipal = (name: string, statement: object): Principal => ({
  ...{ kind: 'user', name, arn: `arn:aws:iam::${ACCOUNT_ID}:user/${name}`, tags: {}, trust: [] },
  ...{ inline: policyOf(statement), attached: [], managed: [] },
});

/** Surroundings as the release makes them, as plain data to spoil in one place. */
export function healthySurroundings() {
  const trust = policyOf({ Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' });
  const inline = policyOf({ Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: 'arn:aws:iam::1:role/tenants/*' });
  const details = [
    { name: 'privateIPv4Address', value: '10.0.0.7' },
    { name: 'networkInterfaceId', value: 'eni-task' },
  ];
  return {
    trustees: {
      expected: [{ role, trust, inline, attached: [] as string[] }],
      found: [{ role, trust: [...trust], inline: [...inline], attached: [] as string[] }] as {
        role: string;
        trust: Statement[];
        inline: Statement[];
        attached: string[];
        boundary?: string;
      }[],
      others: [aPrincipal('security', { Action: '*', Resource: '*' })],
      expectedPolicies: [{ arn: 'arn:operator', statements: policyOf(INVOKES) }],
      policies: new Map([['arn:operator', policyOf(INVOKES)]]),
    },
    stacks: templates(),
    cell: {
      strangeOptions: [] as StrangeOptions[],
      resolverAssociations: [] as ResolverAssociation[],
      logExports: [{ taskName: 'team', logGroupName: 'team', destination: 'team' }],
      logGrants: [] as { policyName?: string; policyDocument: string; resourceArn?: string }[],
      privateZones: [
        { HostedZoneId: 'Z1', Name: 's3.local.', Owner: { OwningService: 'vpce.amazonaws.com' } },
      ] as object[],
      peerings: [
        {
          VpcPeeringConnectionId: 'pcx-acme',
          Status: { Code: 'active' },
          RequesterVpcInfo: { VpcId: 'vpc-acme', CidrBlock: '10.64.0.0/24', OwnerId: ACCOUNT_ID },
          AccepterVpcInfo: { VpcId: cell.vpcId },
        },
      ],
      services: (['blue', 'green'] as const).map((serviceName) => ({
        serviceName,
        loadBalancers: [{ targetGroupArn: cell.targetGroupArns[serviceName], containerPort: 8080 }],
        ...{ serviceRegistries: [] as object[], deployments: [{}] },
        enableExecuteCommand: false,
        networkConfiguration: { awsvpcConfiguration: { securityGroups: ['sg-service'], subnets: ['subnet-a'] } },
      })),
      definitions: [
        {
          ...{ family: 'cell-blue', taskRoleArn: cell.taskRoleArn, executionRoleArn: EXECUTES },
          ...{
            registeredAt: new Date('2026-03-01T12:00:00Z'),
            cpu: '256',
            memory: '512',
            requiresAttributes: [{ name: 'a' }],
          },
          containerDefinitions: [
            {
              ...{ name: 'Service', image: 'registry/tenant-onboarding/service@sha256:1' },
              ...{ readonlyRootFilesystem: true, mountPoints: [] as object[], environmentFiles: [] as object[] },
              ...{ essential: true, cpu: 0, systemControls: [] as object[] },
              portMappings: [{ containerPort: 8080, hostPort: 8080, protocol: 'tcp' }],
              logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': 'service' } },
              environment: [
                { name: 'PORT', value: '8080' },
                { name: 'SERVICE_VERSION', value: '1' },
              ],
            },
          ],
        },
      ],
      interfaces: [
        { NetworkInterfaceId: 'eni-task', Description: 'a task' },
        {
          ...{ NetworkInterfaceId: 'eni-door', RequesterManaged: true, Groups: [{ GroupId: 'sg-door' }] },
          Association: { PublicIp: '203.0.113.80' },
          Description: `ELB ${cell.loadBalancerArn.split(':loadbalancer/')[1]}`,
        },
        {
          ...{ NetworkInterfaceId: 'eni-nat', RequesterManaged: true, InterfaceType: 'nat_gateway' },
          ...{ Description: 'Interface for NAT Gateway nat-1', Association: { PublicIp: '203.0.113.81' } },
        },
        {
          ...{ NetworkInterfaceId: 'eni-function', RequesterManaged: false, InterfaceType: 'lambda' },
          Description: `AWS Lambda VPC ENI-${functionRoleName('AskDatabase-cell1')}-11111111-2222-3333-4444-555555555555`,
        },
        {
          ...{ NetworkInterfaceId: 'eni-endpoint', RequesterManaged: true, InterfaceType: 'vpc_endpoint' },
          Description: 'VPC Endpoint Interface vpce-gd',
        },
      ] as object[],
      routeTables: [
        {
          RouteTableId: 'rtb-1',
          Associations: [{ SubnetId: 'subnet-a' }],
          Routes: [
            { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
            { DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' },
            { DestinationPrefixListId: 'pl-s3', GatewayId: 'vpce-s3' },
            { DestinationCidrBlock: '10.64.0.0/25', VpcPeeringConnectionId: 'pcx-acme' },
          ] as object[],
        },
      ],
      endpoints: [
        {
          ...{ VpcEndpointId: 'vpce-s3', VpcEndpointType: 'Gateway', ServiceName: `com.amazonaws.${REGION}.s3` },
          ...{
            RouteTableIds: ['rtb-1'],
            PolicyDocument: JSON.stringify(document({ Principal: '*', Action: '*', Resource: '*' })),
          },
        },
        {
          ...{ VpcEndpointId: 'vpce-gd', VpcEndpointType: 'Interface', Groups: [{ GroupId: 'sg-guardduty' }] },
          ServiceName: `com.amazonaws.${REGION}.guardduty-data`,
        },
      ] as object[],
      groups: [
        {
          ...{ GroupId: 'sg-guardduty', GroupName: 'GuardDuty' },
          IpPermissions: [] as object[],
          IpPermissionsEgress: [] as object[],
        },
        {
          ...{ GroupId: 'sg-service', GroupName: 'service' },
          IpPermissions: [
            { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, UserIdGroupPairs: [{ GroupId: 'sg-door' }] },
          ] as object[],
          IpPermissionsEgress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        },
        {
          ...{ GroupId: 'sg-default', GroupName: 'default' },
          IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-default' }] }] as object[],
          IpPermissionsEgress: [],
        },
      ],
      flowLogs: [
        {
          ...{ FlowLogId: 'fl-1', FlowLogStatus: 'ACTIVE', ResourceId: cell.vpcId, TrafficType: 'ALL' },
          ...{ LogDestinationType: 'cloud-watch-logs', LogGroupName: 'cell-traffic' },
        },
        { FlowLogId: 'fl-tenant', ResourceId: 'vpc-tenant', LogDestination: 'arn:aws:s3:::theirs' },
      ] as object[],
      acls: [
        {
          ...{ NetworkAclId: 'acl-1', IsDefault: true, Associations: [{ SubnetId: 'subnet-a' }] },
          Entries: [false, true].map((Egress) => ({
            ...{ RuleNumber: 100, Egress, Protocol: '-1', RuleAction: 'allow', CidrBlock: '0.0.0.0/0' },
          })),
        },
      ],
      accessLogPolicy: policyOf(LOGS),
    },
    loadBalancer: {
      webAcl: { ARN: ACL, Name: 'cell', DefaultAction: { Allow: {} }, Rules: aclRules() } as WebAcl | undefined,
      webAclLogs: [] as string[],
      listeners: [
        {
          ...{ ListenerArn: cell.listenerArn, Port: 443, Protocol: 'HTTPS', DefaultActions: [NOTHING_HERE] },
          ...{ SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06', MutualAuthentication: { Mode: 'off' } },
        },
        {
          ...{ ListenerArn: REDIRECTING, Port: 80, Protocol: 'HTTP' },
          DefaultActions: [
            {
              ...{ Type: 'redirect', Order: 1 },
              RedirectConfig: {
                ...{ Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' },
                ...{ Host: '#{host}', Path: '/#{path}', Query: '#{query}' },
              },
            },
          ],
        },
      ] as object[],
      otherRules: [{ RuleArn: 'arn:default', IsDefault: true }] as object[],
      attributes: { ...ATTRIBUTES, 'routing.http.desync_mitigation_mode': 'defensive' } as Record<string, string>,
      listenerAttributes: {
        'routing.http.request.x_amzn_mtls_clientcert.header_name': 'X-Amzn-Mtls-Clientcert',
        'routing.http.response.server.enabled': 'true',
        'routing.http.response.strict_transport_security.header_value': '',
      } as Record<string, string>,
      groupAttributes: {
        blue: { 'stickiness.enabled': 'false' } as Record<string, string>,
        green: { 'stickiness.enabled': 'false', 'slow_start.duration_seconds': '0' } as Record<string, string>,
      },
      serving: {
        tasks: [{ taskArn: 'arn:task', group: 'service:blue', attachments: [{ details }] }],
        targets: [{ colour: 'blue', address: '10.0.0.7', state: 'healthy' }],
      },
      laterTasks: [] as object[],
    },
    images: { repositoryPolicy: policyOf(), released: ['sha256:1', 'sha256:0'] },
    platform: {
      table: {
        TableName: 'tenants',
        SSEDescription: { KMSMasterKeyArn: 'arn:table-key' },
        DeletionProtectionEnabled: true,
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        GlobalSecondaryIndexes: [{ IndexName: 'byState' }, { IndexName: 'somebodys' }],
      } as object,
      tableBackups: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' } } as object,
      tablePolicy: { tenants: policyOf(), acts: policyOf(NOBODY_CHANGES) } as Record<string, Statement[]>,
      tableStreams: [] as string[],
      tableExports: { tenants: [] as object[], acts: [] as object[] },
      busPolicy: policyOf(SIGNUPS),
      busSettings: { LogConfig: { Level: 'OFF' } } as {
        LogConfig: { Level: string; IncludeDetail?: string };
        KmsKeyIdentifier?: string;
        DeadLetterConfig?: { Arn: string };
      },
      topicPolicy: policyOf(ALARMS),
      topicKey: 'Messages' as string | undefined,
      subscriptions: [
        { Protocol: 'email', Endpoint: 'ops@acme.example', Owner: ACCOUNT_ID },
        { Protocol: 'https', Endpoint: 'https://pager.example/in', Owner: ACCOUNT_ID },
      ],
      alarms: {
        metric: [
          { ...alarm(), AlarmName: 'TenantDrifted', ActionsEnabled: true, AlarmActions: [TOPIC] },
          {
            ...{ AlarmName: 'CellFails', ActionsEnabled: true, Threshold: 1, AlarmActions: [TOPIC] },
            Metrics: structuredClone(RATIO),
          },
          {
            ...{ AlarmName: 'NoTargets', ActionsEnabled: true, AlarmActions: [TOPIC] },
            Dimensions: [{ Name: 'LoadBalancer', Value: 'app/cell1/1' }],
          },
        ] as AlarmData[],
        composite: [
          { AlarmName: 'CellUnhealthy', AlarmRule: UNHEALTHY, ActionsEnabled: true, AlarmActions: [TOPIC] },
        ] as CompositeData[],
      },
      evidencePublicAccess: { ...CLOSED } as object | undefined,
      evidenceReplication: [] as object[],
      evidenceLock: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 550 } } as object | undefined,
    },
    copies: {
      backups: [
        aBackup('organization', `arn:aws:backup:${REGION}:555555555555:backup-vault:central`),
        aBackup('others', `arn:aws:backup:${REGION}:999999999999:backup-vault:theirs`, 'arn:aws:ec2:*'),
      ],
      vaultPolicy: policyOf(),
    },
    policies: {
      ofKey: policyOf(KEY),
      ofBucket: policyOf(LOGS),
      ofQueue: policyOf(SEND),
      queueSettings: { MessageRetentionPeriod: '1209600', SqsManagedSseEnabled: 'true' } as Record<string, string>,
      ofFunction: policyOf(),
      permissionsAdded: [] as PermissionAdded[],
      functions: [
        ...FUNCTIONS.map((action) => ({
          ...{ FunctionName: nameOf(action), Role: roleOf(action), Handler: 'index.handler', CodeSha256: 'digest' },
          ...{ Layers: [{ Arn: 'arn:layer:1' }], Environment: { Variables: { TABLE_NAME: 'tenants' } } },
          ...{ Runtime: 'nodejs24.x', LoggingConfig: { LogGroup: `/tenant-onboarding/${action}` }, VpcConfig: {} },
          ...{ Timeout: 60, MemorySize: 512 },
          ...(action === 'PerformAct' && { DeadLetterConfig: { TargetArn: DEAD_LETTERS } }),
        })),
        {
          ...{ FunctionName: functionRoleName('AskDatabase-cell1'), Role: roleOf('AskDatabase-cell1') },
          ...{ Handler: 'index.handler', CodeSha256: 'digest', Layers: [], Environment: { Variables: {} } },
          ...{
            Runtime: 'nodejs24.x',
            LoggingConfig: { LogGroup: `/aws/lambda/${functionRoleName('AskDatabase-cell1')}` },
          },
          VpcConfig: { SecurityGroupIds: ['sg-functions'], SubnetIds: ['subnet-a'] },
        },
      ] as FunctionData[],
      eventSources: [] as { UUID: string; FunctionArn: string; EventSourceArn?: string }[],
      rules: [
        { Name: RULE, State: 'ENABLED', ScheduleExpression: 'rate(1 day)' },
        { Name: 'signups', State: 'ENABLED', EventPattern: '{"source": ["billing"]}' },
      ] as { Name: string; State: string; ScheduleExpression?: string; EventPattern?: string; ManagedBy?: string }[],
      targets: [{ Id: '1', ...STARTS }] as { Id: string; Arn: string; RoleArn: string; DeadLetterConfig?: object }[],
      /** Rules of the default bus that no template makes, each with its target. */
      rulesOfOthers: [] as { Name: string; EventPattern: string; Arn: string; State?: string }[],
      machines: [MACHINE] as string[],
      machineRole: `arn:aws:iam::${ACCOUNT_ID}:role/team` as string | undefined,
      machine: {
        ...{ definition: DEFINITION, roleArn: 'arn:machine-role' },
        encryptionConfiguration: { type: 'AWS_OWNED_KEY' } as { type: string; kmsKeyId?: string },
        loggingConfiguration: {
          ...{ level: 'ERROR', includeExecutionData: false },
          destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:r:1:log-group:audit:*' } }],
        },
      },
    },
  };
}
export type SurroundingsData = ReturnType<typeof healthySurroundings>;

const askable = (group: object) =>
  Object.fromEntries(Object.entries(group).map(([name, value]) => [name, async () => value]));

export function surroundingsFrom(data: SurroundingsData) {
  const groups = Object.fromEntries(Object.entries(data).map(([name, group]) => [name, askable(group)]));
  const { tablePolicy, tableExports } = data.platform;
  const ofTables = {
    tablePolicy: async (name: string) => tablePolicy[name],
    tableExports: async (names: readonly string[]) =>
      Object.entries(tableExports).flatMap(([name, exports]) => (names.includes(name) ? exports : [])),
  };
  const { rules, rulesOfOthers, targets } = data.policies;
  const ofRules = {
    rules: async (bus?: string) => (bus ? rules : [...rules, ...rulesOfOthers]),
    targets: async (name: string) => {
      const others = rulesOfOthers.filter(({ Name }) => Name === name);
      return others.length > 0 ? others.map(({ Arn }) => ({ Id: '1', Arn })) : targets;
    },
  };
  return {
    ...groups,
    platform: { ...groups.platform, ...ofTables },
    policies: { ...groups.policies, ...ofRules },
  } as unknown as SurroundingsFacts;
}
