import { TENANT_TAG, tenantNames } from '../../functions/contract/naming';
import type { Facts } from '../../functions/isolation/facts/facts';
import { parsePolicy, type Statement } from '../../functions/isolation/policy-document';
import type { Subject } from '../../functions/isolation/subject';
import { tenantKeyPolicy } from '../../functions/key/key-policy';
import { ACCOUNT_ID, aCell, aKey, aTenant, REGION, theStacks } from './builders';

const { tenantId } = aTenant();
const roleArn = `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${tenantNames.role(tenantId)}`;
const boundaryArn = `arn:aws:iam::${ACCOUNT_ID}:policy/tenants/TenantBoundary`;
const stackRoleArn = `arn:aws:iam::${ACCOUNT_ID}:role/stacks`;
export const RULE_ARN = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT_ID}:listener-rule/app/cell1/1/1/1`;

export const aSubject = (overrides: Partial<Subject> = {}): Subject => ({
  accountId: ACCOUNT_ID,
  region: REGION,
  stackRoleArn,
  boundaryArn,
  trustedRoleArns: ['VerifyIsolation', 'ActivateTenant'].map((name) => `arn:aws:iam::${ACCOUNT_ID}:role/${name}`),
  placed: { endpointServices: ['guardduty-data'], keyUsers: ['backup.amazonaws.com/AWSServiceRoleForBackup'] },
  tenant: aTenant(),
  cell: aCell(),
  liveColour: 'blue',
  key: aKey(),
  stacks: theStacks(),
  route: { ruleArn: RULE_ARN },
  routed: false,
  ...overrides,
});

type Conditions = Record<string, Record<string, string | string[]>>;
interface Told {
  readonly Sid?: string;
  readonly Effect?: 'Allow' | 'Deny';
  readonly Principal?: string | Record<string, string | string[]>;
  readonly Action: string | string[];
  readonly Resource?: string | string[];
  readonly Condition?: Conditions;
}

/** Statements of a policy, as a check gets them. */
export const policyOf = (...statements: readonly Told[]): Statement[] =>
  parsePolicy(JSON.stringify({ Statement: statements.map((each) => ({ Effect: 'Allow', ...each })) }));

/** What each fact of a group answers. */
type Data<G> = { -readonly [F in keyof G]: G[F] extends () => Promise<infer T> ? T : never };
/** The whole configuration of a tenant as plain data, to spoil in one place. */
export type FactData = { -readonly [G in keyof Facts]: Data<Facts[G]> };

const askable = <G extends object>(group: G) =>
  Object.fromEntries(Object.entries(group).map(([name, value]) => [name, async () => value]));

export const factsFrom = (data: FactData) =>
  Object.fromEntries(Object.entries(data).map(([name, group]) => [name, askable(group)])) as unknown as Facts;

const bucket = theStacks().storage.outputs.BucketName;
const bucketArn = `arn:aws:s3:::${bucket}`;
const ENCRYPTION = 's3:x-amz-server-side-encryption';
const SSE_KEY = `${ENCRYPTION}-aws-kms-key-id`;

const deny = (Sid: string, Action: string | string[], Condition: Conditions, Resource: string[] = [`${bucketArn}/*`]) =>
  ({ Sid, Effect: 'Deny', Principal: '*', Action, Resource, Condition }) as const;

function bucketPolicy(): Statement[] {
  const all = [bucketArn, `${bucketArn}/*`];
  return policyOf(
    deny('TlsOnly', 's3:*', { Bool: { 'aws:SecureTransport': 'false' } }, all),
    deny('NoAccessPoint', 's3:*', { Null: { 's3:DataAccessPointArn': 'false' } }, all),
    deny('NoOtherKey', 's3:PutObject', { Null: { [SSE_KEY]: 'false' }, ArnNotEquals: { [SSE_KEY]: aKey().keyArn } }),
    deny('NoOtherEncryption', 's3:PutObject', {
      Null: { [ENCRYPTION]: 'false' },
      StringNotEquals: { [ENCRYPTION]: 'aws:kms' },
    }),
    deny('NoUnnamedKey', 's3:PutObject', { Null: { [SSE_KEY]: 'true' }, StringEquals: { [ENCRYPTION]: 'aws:kms' } }),
    deny('NoCustomerKey', 's3:PutObject', { Null: { [`${ENCRYPTION}-customer-algorithm`]: 'false' } }),
    deny('DataForTheTenantsRoleOnly', ['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject'], {
      ArnNotEquals: { 'aws:PrincipalArn': roleArn },
    }),
  );
}

const CALLERS_TENANT = `\${aws:PrincipalTag/${TENANT_TAG}}`;
const USER = `arn:aws:rds-db:${REGION}:${ACCOUNT_ID}:dbuser:${theStacks().database.outputs.ResourceId}/app_${tenantId}`;

function healthyIdentity(): FactData['identity'] {
  const { cell, trustedRoleArns, tenant } = aSubject();
  const terms = { 'sts:ExternalId': tenant.externalId, [`aws:RequestTag/${TENANT_TAG}`]: tenantId };
  const serviceRole = (purpose: string) => ({
    name: `${tenantNames.role(tenantId)}-${purpose}`,
    arn: `${roleArn}-${purpose}`,
    trust: policyOf({
      Principal: { Service: `${purpose}.amazonaws.com` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT_ID } },
    }),
    boundaryArn,
    maxSessionSeconds: 3600,
    tags: { tenantId },
  });
  return {
    role: {
      name: tenantNames.role(tenantId),
      arn: roleArn,
      trust: policyOf(
        {
          Principal: { AWS: [cell.taskRoleArn, ...trustedRoleArns] },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: terms },
        },
        {
          Principal: { AWS: [cell.taskRoleArn, ...trustedRoleArns] },
          Action: 'sts:TagSession',
          Condition: { StringEquals: { [`aws:RequestTag/${TENANT_TAG}`]: tenantId } },
        },
      ),
      boundaryArn,
      maxSessionSeconds: 3600,
      tags: { tenantId },
    },
    inline: policyOf(
      { Action: ['s3:GetObject', 's3:PutObject'], Resource: `${bucketArn}/*` },
      { Action: ['s3:ListBucket'], Resource: bucketArn },
      { Action: ['kms:Decrypt'], Resource: aKey().keyArn },
      { Action: ['secretsmanager:GetSecretValue'], Resource: theStacks().database.outputs.SecretArn },
      { Action: ['rds-db:connect'], Resource: USER },
    ),
    attached: [],
    serviceRoles: [serviceRole('flow-logs'), serviceRole('monitoring')],
    boundary: policyOf(
      { Action: 's3:GetObject', Resource: `arn:aws:s3:::tenant-${CALLERS_TENANT}-${ACCOUNT_ID}-${REGION}/*` },
      {
        Action: 'kms:Decrypt',
        Resource: `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/*`,
        Condition: { StringEquals: { [`aws:ResourceTag/${TENANT_TAG}`]: CALLERS_TENANT } },
      },
      { Action: 'rds-db:connect', Resource: `arn:aws:rds-db:${REGION}:${ACCOUNT_ID}:dbuser:*/app_${CALLERS_TENANT}` },
      { Action: 'logs:CreateLogGroup', Resource: `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:RDSOSMetrics*` },
      {
        Action: 'logs:PutLogEvents',
        Resource: `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:RDSOSMetrics*:log-stream:*`,
      },
    ),
  };
}

function healthyDatabase(): FactData['database'] {
  const { network, database } = theStacks();
  const common = {
    StorageEncrypted: true,
    KmsKeyId: aKey().keyArn,
    PubliclyAccessible: false,
    IAMDatabaseAuthenticationEnabled: true,
    VpcSecurityGroups: [{ VpcSecurityGroupId: network.outputs.DatabaseSecurityGroupId, Status: 'active' }],
    DBParameterGroups: [{ DBParameterGroupName: database.outputs.ParameterGroupName, ParameterApplyStatus: 'in-sync' }],
  };
  return {
    instance: {
      ...common,
      DBInstanceIdentifier: database.outputs.InstanceId,
      MultiAZ: true,
      BackupRetentionPeriod: 35,
      PerformanceInsightsEnabled: true,
      PerformanceInsightsKMSKeyId: aKey().keyArn,
      EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
      AssociatedRoles: [],
      ReadReplicaDBInstanceIdentifiers: [tenantNames.replica(tenantId)],
      DBSubnetGroup: {
        VpcId: network.outputs.VpcId,
        Subnets: network.outputs.DatabaseSubnetIds.split(',').map((SubnetIdentifier) => ({ SubnetIdentifier })),
      },
    },
    replica: {
      ...common,
      DBInstanceIdentifier: tenantNames.replica(tenantId),
      ReadReplicaSourceDBInstanceIdentifier: database.outputs.InstanceId,
    },
    forceTls: '1',
    manualSnapshots: [{ snapshot: { DBSnapshotIdentifier: 'before-release', Encrypted: true }, sharedWith: [] }],
  };
}

function healthyNetwork(): FactData['network'] {
  const { cell, tenant, stacks } = aSubject();
  const { network } = stacks;
  const { VpcId, PeeringConnectionId: VpcPeeringConnectionId, RouteTableId, FlowLogId } = network.outputs;
  const vpc = { VpcId, CidrBlock: tenant.slot.cidr, CidrBlockAssociationSet: [{ CidrBlock: tenant.slot.cidr }] };
  const own = {
    RouteTableId,
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
  const endpointPolicy = { Principal: '*', Effect: 'Allow', Action: 's3:GetObject', Resource: `${bucketArn}/*` };
  return {
    vpcsInSlot: [vpc],
    subnets: network.outputs.DatabaseSubnetIds.split(',').map((SubnetId, index) => ({
      SubnetId,
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
    internetGateways: [],
    natGateways: [{ NatGatewayId: 'nat-0gone', State: 'deleted' }],
    vpnGateways: [],
    endpoints: [
      {
        VpcEndpointId: 'vpce-0s3',
        VpcEndpointType: 'Gateway',
        ServiceName: `com.amazonaws.${REGION}.s3`,
        State: 'Available',
        PolicyDocument: JSON.stringify({ Statement: [endpointPolicy] }),
      },
    ],
    peerings: [
      { VpcPeeringConnectionId, Status: { Code: 'active' }, AccepterVpcInfo: { VpcId: cell.vpcId } },
      { VpcPeeringConnectionId: 'pcx-0earlier', Status: { Code: 'deleted' } },
    ],
    flowLogs: [
      { FlowLogId, FlowLogStatus: 'ACTIVE', TrafficType: 'ALL', LogGroupName: `/tenants/${tenantId}/flow-logs` },
    ],
    interfaces: [{ NetworkInterfaceId: 'eni-0db', RequesterManaged: true, Description: 'RDSNetworkInterface' }],
  };
}

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
      rotates: true,
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
      policy: bucketPolicy(),
      publicAccessBlock: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
      objectOwnership: 'BucketOwnerEnforced',
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
    },
    network: healthyNetwork(),
    identity: healthyIdentity(),
    routing: healthyRouting(),
    logs: {
      groups: [
        `/tenants/${tenantId}/flow-logs`,
        ...[database.outputs.InstanceId, database.outputs.ReplicaId].flatMap((id) =>
          ['postgresql', 'upgrade'].map((log) => `/aws/rds/instance/${id}/${log}`),
        ),
      ].map((logGroupName) => ({ logGroupName, kmsKeyId: key.keyArn })),
    },
  };
}
