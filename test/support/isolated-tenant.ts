import { PROBE_PREFIX, TENANT_TAG, tenantNames } from '../../functions/contract/naming';
import type { StackKind } from '../../functions/contract/stacks';
import { tenantBoundaryStatements } from '../../functions/contract/tenant-boundary';
import type { Facts } from '../../functions/isolation/facts/facts';
import type { PasswordState } from '../../functions/isolation/facts/password-facts';
import { parametersOf } from '../../functions/isolation/facts/release-facts';
import { parsePolicy, type Statement, statementsOf } from '../../functions/isolation/policy-document';
import { expectedRole, policyIn, propertiesOf } from '../../functions/isolation/release/expected';
import { resolveTemplate } from '../../functions/isolation/release/resolve-template';
import type { StageContext, Subject } from '../../functions/isolation/subject';
import { tenantKeyPolicy } from '../../functions/key/key-policy';
import { ACCOUNT_ID, aCell, aKey, aTenant, REGION, theStacks } from './builders';
import { releaseTemplates, releaseVersion } from './release-templates';

const { tenantId } = aTenant();
const roleArn = `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${tenantNames.role(tenantId)}`;
const boundaryArn = `arn:aws:iam::${ACCOUNT_ID}:policy/tenants/TenantBoundary`;
const stackRoleArn = `arn:aws:iam::${ACCOUNT_ID}:role/stacks`;
export const RULE_ARN = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT_ID}:listener-rule/app/cell1/1/1/1`;

/** The stage, as its functions have it in their environment. */
export const aStage = (): StageContext => ({
  accountId: ACCOUNT_ID,
  region: REGION,
  tableName: 'tenants',
  stackRoleArn,
  boundaryArn,
  trustedRoleArns: ['VerifyIsolation', 'ActivateTenant'].map((name) => `arn:aws:iam::${ACCOUNT_ID}:role/${name}`),
  placed: {
    endpointServices: ['guardduty-data'],
    keyUsers: ['backup.amazonaws.com/AWSServiceRoleForBackup'],
    backupAccounts: [],
    logReaders: ['security-audit'],
    logDestinations: ['arn:aws:logs:r:555555555555:destination:central'],
    tableExports: ['organization-exports'],
    webAclLogs: [],
    flowLogs: ['arn:aws:s3:::organization-traffic'],
    eventTopics: ['arn:aws:sns:r:555555555555:events'],
    eventTargets: [],
    nameServices: ['rslvr-rr-0organization', 'dopt-0organization'],
    alarmListeners: [],
    administrators: [],
  },
  runbookUrl: 'https://runbook.example/',
  alarmTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT_ID}:alarms`,
  availabilityZones: ['a', 'b', 'c'].map((letter) => `${REGION}${letter}`),
  templates: theTemplates(),
});

const URL_OF_ASSETS = `https://s3.${REGION}.amazonaws.com/assets`;
const theTemplates = () => {
  const at = (kind: StackKind) => ({
    url: `${URL_OF_ASSETS}/${kind}.json`,
    version: theStacks()[kind].templateVersion,
  });
  return { network: at('network'), database: at('database'), storage: at('storage'), access: at('access') };
};

/** The tenant's stacks, of this release. */
function releasedStacks(): Subject['stacks'] {
  const { network, database, storage, access } = theStacks();
  return {
    network: { ...network, templateVersion: releaseVersion('network') },
    database: { ...database, templateVersion: releaseVersion('database') },
    storage: { ...storage, templateVersion: releaseVersion('storage') },
    access: { ...access, templateVersion: releaseVersion('access') },
  };
}

export const aSubject = (overrides: Partial<Subject> = {}): Subject => ({
  ...aStage(),
  tenant: aTenant(),
  cell: aCell(),
  liveColour: 'blue',
  key: aKey(),
  stacks: releasedStacks(),
  route: { ruleArn: RULE_ARN },
  routed: false,
  ...overrides,
});

type Conditions = Record<string, Record<string, string | readonly string[]>>;
export interface Told {
  readonly Sid?: string;
  readonly Effect?: 'Allow' | 'Deny';
  readonly Principal?: string | Record<string, string | string[]>;
  readonly NotPrincipal?: string | Record<string, string | string[]>;
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
  readonly Resource?: string | string[];
  readonly NotResource?: string | string[];
  readonly Condition?: Conditions;
}

/** Statements of a policy, as a check gets them. */
export const policyOf = (...statements: readonly Told[]): Statement[] =>
  parsePolicy(JSON.stringify({ Statement: statements.map((each) => ({ Effect: 'Allow', ...each })) }));

/** What each fact of a group answers. */
type Data<G> = { -readonly [F in keyof G]: G[F] extends () => Promise<infer T> ? T : never };
/**
 * The whole configuration of a tenant as plain data, to spoil in one place. What secret and instance are at one moment
 * follows from the rest, unless a test says otherwise.
 */
export type FactData = { -readonly [G in Exclude<keyof Facts, 'password'>]: Data<Facts[G]> } & {
  password: { atOneMoment?: PasswordState };
};

const asTheyAre = ({ database, secrets }: FactData): PasswordState => ({
  instances: database.replica ? [database.instance, database.replica] : [database.instance],
  events: database.events,
  description: secrets.description,
  versions: secrets.versions,
  pendingSince: secrets.pendingSince,
});

const askable = <G extends object>(group: G) =>
  Object.fromEntries(Object.entries(group).map(([name, value]) => [name, async () => value]));

export const factsFrom = (data: FactData) =>
  Object.fromEntries(
    Object.entries({ ...data, password: { atOneMoment: asTheyAre(data), ...data.password } }).map(([name, group]) => [
      name,
      askable(group),
    ]),
  ) as unknown as Facts;

const bucket = theStacks().storage.outputs.BucketName;
const bucketArn = `arn:aws:s3:::${bucket}`;
/** What this release makes of a tenant's stack. */
function made(kind: StackKind) {
  const subject = aSubject();
  const parameters = parametersOf(subject, kind);
  return resolveTemplate(releaseTemplates()[kind], { parameters, accountId: ACCOUNT_ID, region: REGION });
}

function healthyIdentity(): FactData['identity'] {
  const own = expectedRole(made('access'), tenantNames.role(tenantId));
  const serviceRole = (purpose: string) => ({
    name: `${tenantNames.role(tenantId)}-${purpose}`,
    arn: `${roleArn}-${purpose}`,
    ...expectedRole(made('network'), `${tenantNames.role(tenantId)}-${purpose}`),
    attached: [],
    boundaryArn,
    maxSessionSeconds: 3600,
    tags: { tenantId },
  });
  return {
    role: {
      name: tenantNames.role(tenantId),
      arn: roleArn,
      trust: own.trust,
      boundaryArn,
      maxSessionSeconds: 3600,
      tags: { tenantId },
    },
    inline: own.inline,
    attached: [],
    serviceRoles: [serviceRole('flow-logs'), serviceRole('monitoring')],
    boundary: statementsOf({
      Statement: tenantBoundaryStatements({ partition: 'aws', accountId: ACCOUNT_ID, region: REGION }),
    }),
  };
}

function healthyAccount(): FactData['account'] {
  const name = tenantNames.role(tenantId);
  const { cell } = aSubject();
  const role = (name: string, inline: readonly Statement[], tags = {}) =>
    ({
      kind: 'role',
      name,
      arn: `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${name}`,
      tags,
      trust: [],
      inline,
      attached: [],
      managed: [],
    }) as const;
  return {
    principals: [
      role(name, expectedRole(made('access'), name).inline, { tenantId }),
      role(`${name}-flow-logs`, [], { tenantId }),
      role(`${name}-monitoring`, [], { tenantId }),
      { ...role('Task', policyOf({ Action: 'sts:AssumeRole', Resource: '*' })), arn: cell.taskRoleArn },
    ],
  };
}

/** As CloudFormation tags what a tenant's stacks make. */
const TAGS = [{ Key: TENANT_TAG, Value: tenantId }];

function healthyDatabase(): FactData['database'] {
  const { network, database } = theStacks();
  const common = {
    ...{ AutoMinorVersionUpgrade: true, CopyTagsToSnapshot: true, MonitoringInterval: 60, NetworkType: 'IPV4' },
    PerformanceInsightsRetentionPeriod: 7,
    OptionGroupMemberships: [{ OptionGroupName: 'default:postgres-17', Status: 'in-sync' }],
    DBInstanceStatus: 'available',
    MaxAllocatedStorage: 10_000,
    StorageEncrypted: true,
    KmsKeyId: aKey().keyArn,
    MonitoringRoleArn: `${roleArn}-monitoring`,
    PerformanceInsightsEnabled: true,
    PerformanceInsightsKMSKeyId: aKey().keyArn,
    EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
    AssociatedRoles: [],
    PendingModifiedValues: {},
    PubliclyAccessible: false,
    IAMDatabaseAuthenticationEnabled: true,
    VpcSecurityGroups: [{ VpcSecurityGroupId: network.outputs.DatabaseSecurityGroupId, Status: 'active' }],
    DBParameterGroups: [{ DBParameterGroupName: database.outputs.ParameterGroupName, ParameterApplyStatus: 'in-sync' }],
    DeletionProtection: true,
    TagList: TAGS,
    DBSubnetGroup: {
      VpcId: network.outputs.VpcId,
      Subnets: network.outputs.DatabaseSubnetIds.split(',').map((SubnetIdentifier) => ({ SubnetIdentifier })),
    },
  };
  return {
    instance: {
      ...common,
      DBInstanceIdentifier: database.outputs.InstanceId,
      Endpoint: { Address: database.outputs.EndpointAddress, Port: Number(database.outputs.EndpointPort) },
      MultiAZ: true,
      BackupRetentionPeriod: 35,
      ReadReplicaDBInstanceIdentifiers: [tenantNames.replica(tenantId)],
    },
    replica: {
      ...common,
      DBInstanceIdentifier: tenantNames.replica(tenantId),
      ReadReplicaSourceDBInstanceIdentifier: database.outputs.InstanceId,
    },
    statuses: { [database.outputs.InstanceId]: 'available', [tenantNames.replica(tenantId)]: 'available' },
    parameters: Object.entries(Object(propertiesOf(made('database'), 'AWS::RDS::DBParameterGroup').Parameters)).map(
      ([ParameterName, value]) => ({ ParameterName, ParameterValue: String(value), Source: 'user' }),
    ),
    events: [{ SourceIdentifier: database.outputs.InstanceId, Message: 'DB instance created', Date: new Date() }],
    manualSnapshots: [
      {
        snapshot: { DBSnapshotIdentifier: 'before-release', Encrypted: true, KmsKeyId: aKey().keyArn },
        sharedWith: [],
      },
    ],
  };
}

function healthyNetwork(): FactData['network'] {
  const { cell, tenant, stacks } = aSubject();
  const { network } = stacks;
  const { VpcId, PeeringConnectionId: VpcPeeringConnectionId, RouteTableId, FlowLogId } = network.outputs;
  const vpc = {
    VpcId,
    Tags: TAGS,
    CidrBlock: tenant.slot.cidr,
    CidrBlockAssociationSet: [{ CidrBlock: tenant.slot.cidr }],
  };
  const own = {
    RouteTableId,
    Tags: TAGS,
    Associations: network.outputs.DatabaseSubnetIds.split(',').map((SubnetId) => ({ SubnetId })),
    Routes: [
      { DestinationCidrBlock: tenant.slot.cidr, GatewayId: 'local' },
      { DestinationCidrBlock: cell.appCidr, VpcPeeringConnectionId },
      { DestinationPrefixListId: 'pl-s3', GatewayId: 'vpce-0s3' },
    ],
  };
  const main = { RouteTableId: 'rtb-0main', Routes: [{ DestinationCidrBlock: tenant.slot.cidr, GatewayId: 'local' }] };
  const inCell = cell.routeTableIds.map((id) => ({
    RouteTableId: id,
    Routes: [
      { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' },
      { DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-0cell' },
      { DestinationCidrBlock: network.outputs.DatabaseCidr, VpcPeeringConnectionId },
      { DestinationCidrBlock: '10.64.1.0/25', VpcPeeringConnectionId: 'pcx-0neighbour' },
    ],
  }));
  const endpointPolicy = {
    ...{ Principal: '*', Effect: 'Allow', Action: 's3:GetObject', Resource: `${bucketArn}/*` },
    Condition: { StringEquals: { 'aws:PrincipalAccount': ACCOUNT_ID } },
  };
  return {
    vpcsInSlot: [vpc],
    subnets: network.outputs.DatabaseSubnetIds.split(',').map((SubnetId, index) => ({
      SubnetId,
      Tags: TAGS,
      AvailabilityZone: `${REGION}${'ab'.charAt(index)}`,
      MapPublicIpOnLaunch: false,
    })),
    routeTables: [own, main],
    routeTablesOverPeering: [own, ...inCell],
    securityGroup: {
      GroupId: network.outputs.DatabaseSecurityGroupId,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: cell.appCidr }] }],
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '127.0.0.1/32' }] }],
    },
    acls: [
      {
        NetworkAclId: 'acl-0default',
        IsDefault: true,
        Associations: network.outputs.DatabaseSubnetIds.split(',').map((SubnetId) => ({ SubnetId })),
        Entries: [false, true].flatMap((Egress) => [
          { RuleNumber: 100, Egress, Protocol: '-1', RuleAction: 'allow', CidrBlock: '0.0.0.0/0' },
          { RuleNumber: 32767, Egress, Protocol: '-1', RuleAction: 'deny', CidrBlock: '0.0.0.0/0' },
        ]),
      },
    ],
    groups: [
      { GroupId: network.outputs.DatabaseSecurityGroupId, GroupName: 'database', Tags: TAGS },
      {
        GroupId: 'sg-0default',
        GroupName: 'default',
        IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-0default' }] }],
      },
    ],
    internetGateways: [],
    natGateways: [{ NatGatewayId: 'nat-0gone', State: 'deleted' }],
    vpnGateways: [],
    endpoints: [
      {
        VpcEndpointId: 'vpce-0s3',
        Tags: TAGS,
        VpcEndpointType: 'Gateway',
        ServiceName: `com.amazonaws.${REGION}.s3`,
        State: 'Available',
        RouteTableIds: [RouteTableId],
        PolicyDocument: JSON.stringify({ Statement: [endpointPolicy] }),
      },
    ],
    peerings: [
      { VpcPeeringConnectionId, Tags: TAGS, Status: { Code: 'active' }, AccepterVpcInfo: { VpcId: cell.vpcId } },
      { VpcPeeringConnectionId: 'pcx-0earlier', Status: { Code: 'deleted' } },
    ],
    flowLogs: [
      { FlowLogId, FlowLogStatus: 'ACTIVE', TrafficType: 'ALL', LogGroupName: `/tenants/${tenantId}/flow-logs` },
    ],
    privateZones: [
      { HostedZoneId: 'Z0GUARDDUTY', Name: 'guardduty-data.', Owner: { OwningService: 'vpce.amazonaws.com' } },
    ],
    interfaces: [
      {
        ...{ NetworkInterfaceId: 'eni-0db', RequesterManaged: true, Description: 'RDSNetworkInterface' },
        Groups: [{ GroupId: theStacks().network.outputs.DatabaseSecurityGroupId }],
      },
    ],
  };
}

function healthyStacks(): FactData['stacks']['all'] {
  const subject = aSubject();
  const stack = (kind: StackKind) => ({
    StackName: theStacks()[kind].stackName,
    StackId: theStacks()[kind].stackId,
    StackStatus: 'CREATE_COMPLETE' as const,
    CreationTime: new Date('2026-01-01'),
    EnableTerminationProtection: true,
    RoleARN: stackRoleArn,
    Parameters: Object.entries(parametersOf(subject, kind)).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
  });
  return { network: stack('network'), database: stack('database'), storage: stack('storage'), access: stack('access') };
}

const healthyItem = (): FactData['routeItem']['item'] => ({
  ...{ host: aTenant().host, tenantId, companyName: 'Acme GmbH', status: 'SETTING_UP', keyArn: aKey().keyArn },
  ...{ roleArn, externalId: aTenant().externalId, bucketName: bucket },
  database: {
    host: theStacks().database.outputs.EndpointAddress,
    port: Number(theStacks().database.outputs.EndpointPort),
  },
});

function healthyRouting(): FactData['routing'] {
  const { tenant } = aSubject();
  const answer = (StatusCode: string) => ({
    Type: 'fixed-response' as const,
    FixedResponseConfig: { StatusCode, MessageBody: `answer ${StatusCode}` },
  });
  const host = (value: string) => ({ Field: 'host-header', HostHeaderConfig: { Values: [value] } });
  return {
    listener: { DefaultActions: [answer('404')] },
    blueTargets: ['initial', 'healthy'],
    greenTargets: [],
    rules: [
      {
        RuleArn: 'arn:check',
        Priority: '1',
        Conditions: [
          host('blue.cell1.funnels.example'),
          { Field: 'path-pattern', PathPatternConfig: { Values: ['/healthz'] } },
        ],
        Actions: [{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.blue }],
      },
      { RuleArn: RULE_ARN, Priority: '1000', Conditions: [host(tenant.host)], Actions: [answer('503')] },
      {
        RuleArn: 'arn:neighbour',
        Priority: '1001',
        Conditions: [host('globex.funnels.example')],
        Actions: [answer('503')],
      },
      { RuleArn: 'arn:default', Priority: 'default', IsDefault: true, Conditions: [], Actions: [answer('404')] },
    ],
    tags: { tenantId },
  };
}

/** What AWS has of `aSubject()` when nothing is wrong. */
export function healthyFacts(): FactData {
  const { database } = theStacks();
  const { cell, key } = aSubject();
  const facts = { tenantId, accountId: ACCOUNT_ID, region: REGION, stackRoleArn, organizationId: 'o-acme' };
  return {
    key: {
      metadata: {
        KeyId: 'key',
        KeyState: 'Enabled',
        KeyManager: 'CUSTOMER',
        Origin: 'AWS_KMS',
        KeyUsage: 'ENCRYPT_DECRYPT',
        MultiRegion: false,
      },
      tags: { tenantId },
      rotation: { enabled: true, periodDays: 365 },
      policy: parsePolicy(JSON.stringify(tenantKeyPolicy(facts))),
      grants: [
        {
          GrantId: 'g-rds',
          GranteePrincipal: `rds.${REGION}.amazonaws.com`,
          Operations: ['Decrypt'],
          Constraints: { EncryptionContextSubset: { 'aws:rds:db-id': theStacks().database.outputs.ResourceId } },
        },
      ],
      aliases: [tenantNames.keyAlias(tenantId)],
      organization: 'o-acme',
    },
    database: healthyDatabase(),
    storage: {
      tags: { tenantId },
      encryption: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key.keyArn },
          BucketKeyEnabled: true,
        },
      ],
      policy: policyIn(propertiesOf(made('storage'), 'AWS::S3::BucketPolicy'), 'PolicyDocument'),
      publicAccessBlock: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
      objectOwnership: 'BucketOwnerEnforced',
      lifecycle: [
        {
          ID: 'ExpireOldVersions',
          Status: 'Enabled',
          Filter: { Prefix: '' },
          Expiration: { ExpiredObjectDeleteMarker: true },
          NoncurrentVersionExpiration: { NoncurrentDays: 90 },
        },
        {
          ID: 'ExpireProbes',
          Status: 'Enabled',
          Filter: { Prefix: PROBE_PREFIX },
          Expiration: { Days: 1 },
          NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        },
        {
          ID: 'AbortUploads',
          Status: 'Enabled',
          Prefix: '',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
      ],
      cors: [],
      notified: [],
      reports: [],
      lock: undefined,
      tiers: [{ Id: 'off', Status: 'Disabled', Tierings: [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' }] }],
      website: undefined,
      named: [bucket],
      versioning: 'Enabled',
      replication: [],
      accessLogs: { TargetBucket: cell.accessLogBucketName, TargetPrefix: `${tenantId}/` },
    },
    secrets: {
      description: {
        Name: tenantNames.secret(tenantId),
        KmsKeyId: key.keyArn,
        Tags: [{ Key: TENANT_TAG, Value: tenantId }],
      },
      policy: [],
      named: [{ ARN: database.outputs.SecretArn, Name: tenantNames.secret(tenantId) }],
      versions: [new Date(0)],
      staged: [
        { stages: ['AWSCURRENT'], madeAt: new Date('2026-02-02T00:00:00Z') },
        { stages: ['AWSPREVIOUS'], madeAt: new Date('2026-01-03T00:00:00Z') },
      ],
      pendingSince: undefined,
    },
    password: {},
    network: healthyNetwork(),
    alarms: {
      ofDatabase: made('database')
        .filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
        .map(({ id, properties }) => ({
          ...properties,
          ...{ AlarmName: `${tenantNames.stack(tenantId, 'database')}-${id}-1A2B3C4D5E6F`, ActionsEnabled: true },
        })),
    },
    account: healthyAccount(),
    lists: {
      ...{ proxies: [], exports: [], integrations: [], logPolicies: [] },
      ...{ logFindings: [], logGrants: [], snapshots: [], recoveryPoints: [] },
      logExports: [{ taskId: 'other', logGroupName: '/tenants/other/flow-logs', destination: 'theirs' }],
      eventSubscriptions: [
        { CustSubscriptionId: 'ours', SnsTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT_ID}:events` },
        { CustSubscriptionId: 'others', SnsTopicArn: 'arn:aws:sns:r:999999999999:t', SourceIdsList: ['another'] },
      ],
      ...{
        dhcpOptions: [{ optionsId: 'dopt-0theirs', servers: ['198.51.100.53'] }],
        resolver: [{ vpcId: 'vpc-0other', id: 'rslvr-rr-0', what: 'a rule' }],
      },
    },
    tagged: {
      keys: [],
      arns: [
        ...[bucketArn, key.keyArn, database.outputs.SecretArn],
        ...(['network', 'database', 'storage', 'access'] as const).map(
          (kind) => `arn:aws:cloudformation:r:1:stack/${tenantNames.stack(tenantId, kind)}/1`,
        ),
        ...['arn:aws:ec2:r:1:vpc/vpc-0', `arn:aws:rds:r:1:snapshot:rds:tenant-${tenantId}`],
        ...[
          'arn:aws:iam::1:role/tenants/x',
          'arn:aws:logs:r:1:log-group:/tenants/x',
          'arn:aws:backup:r:1:recovery-point:1',
        ],
      ],
    },
    stacks: { all: healthyStacks(), templates: releaseTemplates() },
    release: { network: made('network'), database: made('database'), storage: made('storage'), access: made('access') },
    identity: healthyIdentity(),
    routing: healthyRouting(),
    routeItem: { item: healthyItem() },
    logs: {
      groups: [
        `/tenants/${tenantId}/flow-logs`,
        ...[database.outputs.InstanceId, database.outputs.ReplicaId].flatMap((id) =>
          ['postgresql', 'upgrade'].map((log) => `/aws/rds/instance/${id}/${log}`),
        ),
      ].map((logGroupName) => ({ logGroupName, kmsKeyId: key.keyArn, retentionInDays: 400, metricFilterCount: 0 })),
      subscriptions: [],
    },
  };
}
