import type { CellDescriptor } from '../../functions/contract/cell';
import { externalIdOf, tenantIdOf, tenantNames } from '../../functions/contract/naming';
import type { TenantRecord, WaitingTask } from '../../functions/contract/records';
import type { Signup } from '../../functions/contract/signup';
import type { StackKind, TenantStacks } from '../../functions/contract/stacks';
import type { Tenant } from '../../functions/contract/tenant';

export const ACCOUNT_ID = '111122223333';
export const REGION = 'eu-central-1';
export const DOMAIN = 'funnels.example';
export const NOW = '2030-01-01T12:00:00.000Z';

/** An execution of the onboarding machine; `name` tells several apart. */
export const anExecution = (name = 'first') =>
  `arn:aws:states:${REGION}:${ACCOUNT_ID}:execution:TenantOnboarding:${name}`;

/** The detail of a `TenantSignedUp` event. */
export function aSignup(overrides: Partial<Signup> = {}): Signup {
  return {
    version: 1,
    signupId: 'sub_acme',
    companyName: 'Acme GmbH',
    subdomain: 'acme',
    contactEmail: 'ops@acme.example',
    plan: 'enterprise',
    ...overrides,
  };
}

/** The whole event, as EventBridge hands it to the machine. */
export function aSignupEvent(detail: unknown = aSignup()) {
  return {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'TenantSignedUp',
    source: 'billing',
    account: ACCOUNT_ID,
    time: NOW,
    region: REGION,
    resources: [],
    detail,
  };
}

const elb = (name: string) => `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT_ID}:${name}`;

export function aCell(overrides: Partial<CellDescriptor> = {}): CellDescriptor {
  const name = overrides.name ?? 'cell1';
  const decoyId = tenantIdOf(`decoy-${name}`);
  return {
    name,
    capacity: 100,
    tenantRange: '10.64.0.0/14',
    firstPriority: 1000,
    vpcId: 'vpc-0ce110000000000a1',
    availabilityZones: [`${REGION}a`, `${REGION}b`, `${REGION}c`],
    appCidr: '10.0.0.0/18',
    routeTableIds: ['rtb-0a', 'rtb-0b', 'rtb-0c'],
    clusterName: `${name}-cluster`,
    services: { blue: `${name}-blue`, green: `${name}-green` },
    targetGroupArns: { blue: elb(`targetgroup/${name}-blue/1`), green: elb(`targetgroup/${name}-green/1`) },
    listenerArn: elb(`listener/app/${name}/1/1`),
    loadBalancerArn: elb(`loadbalancer/app/${name}/1`),
    loadBalancerUrl: `https://${name}.${REGION}.elb.amazonaws.com`,
    loadBalancerDnsName: `${name}.${REGION}.elb.amazonaws.com`,
    loadBalancerZoneId: 'Z215JYRZR1TBD5',
    taskRoleArn: `arn:aws:iam::${ACCOUNT_ID}:role/${name}-task`,
    accessLogBucketName: `${name}-access-logs`,
    decoy: {
      tenantId: decoyId,
      bucketName: tenantNames.bucket(decoyId, ACCOUNT_ID, REGION),
      keyArn: `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/decoy`,
      secretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:decoy`,
      roleArn: `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${tenantNames.role(decoyId)}`,
      externalId: externalIdOf(decoyId),
    },
    ...overrides,
  };
}

/** The tenant that `aSignup()` becomes in slot 0 of `aCell()`. */
export function aTenant(overrides: Partial<Tenant> = {}): Tenant {
  const signupId = overrides.signupId ?? 'sub_acme';
  const subdomain = overrides.subdomain ?? 'acme';
  const tenantId = overrides.tenantId ?? tenantIdOf(signupId);
  return {
    tenantId,
    signupId,
    subdomain,
    host: `${subdomain}.${DOMAIN}`,
    url: `https://${subdomain}.${DOMAIN}`,
    plan: 'enterprise',
    externalId: externalIdOf(tenantId),
    slot: { cell: 'cell1', number: 0, priority: 1000, cidr: '10.64.0.0/24' },
    ...overrides,
  };
}

/** What the table says of `aTenant()` while `anExecution()` builds it. */
export function aTenantRecord(overrides: Partial<TenantRecord> = {}): TenantRecord {
  return {
    ...aTenant(),
    companyName: 'Acme GmbH',
    contactEmail: 'ops@acme.example',
    status: 'ONBOARDING',
    executionArn: anExecution(),
    createdAt: NOW,
    updatedAt: NOW,
    ...overrides,
  };
}

export function aKey(tenantId = aTenant().tenantId) {
  return {
    keyArn: `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    aliasName: tenantNames.keyAlias(tenantId),
  };
}

export const aStackId = (kind: StackKind, { tenantId = aTenant().tenantId, generation = '1' } = {}) =>
  `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${tenantNames.stack(tenantId, kind)}/${generation}`;

/** The settled stacks of a tenant, as the machine hands them on. */
export function theStacks(tenantId = aTenant().tenantId): TenantStacks {
  const settled = (kind: StackKind) => ({
    stackId: aStackId(kind, { tenantId }),
    stackName: tenantNames.stack(tenantId, kind),
    templateVersion: '0123456789ab',
  });
  const bucketName = tenantNames.bucket(tenantId, ACCOUNT_ID, REGION);
  return {
    network: {
      ...settled('network'),
      outputs: {
        VpcId: 'vpc-0acme',
        DatabaseSubnetIds: 'subnet-0a,subnet-0b',
        DatabaseCidr: '10.64.0.0/25',
        DatabaseSecurityGroupId: 'sg-0acme',
        RouteTableId: 'rtb-0acme',
        PeeringConnectionId: 'pcx-0acme',
        FlowLogId: 'fl-0acme',
      },
    },
    database: {
      ...settled('database'),
      outputs: {
        InstanceId: tenantNames.database(tenantId),
        ResourceId: 'db-ABCDEFGHIJKL',
        EndpointAddress: `${tenantNames.database(tenantId)}.example.${REGION}.rds.amazonaws.com`,
        EndpointPort: '5432',
        SecretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:${tenantNames.secret(tenantId)}-AbCdEf`,
        SubnetGroupName: tenantNames.database(tenantId),
        ParameterGroupName: tenantNames.database(tenantId),
        ReplicaId: tenantNames.replica(tenantId),
        ReplicaAddress: 'replica.example',
        ReplicaPort: '5432',
      },
    },
    storage: {
      ...settled('storage'),
      outputs: { BucketName: bucketName, BucketArn: `arn:aws:s3:::${bucketName}` },
    },
    access: {
      ...settled('access'),
      outputs: {
        RoleArn: `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${tenantNames.role(tenantId)}`,
        RoleName: tenantNames.role(tenantId),
      },
    },
  };
}

/** A task that waits for a stack of `aTenant()`. */
export function aWaitingTask(overrides: Partial<WaitingTask> = {}): WaitingTask {
  const stack = overrides.stack ?? 'network';
  return {
    stackName: tenantNames.stack(aTenant().tenantId, stack),
    operation: 'launch',
    taskToken: 'token-1',
    executionArn: anExecution(),
    tenantId: aTenant().tenantId,
    stack,
    templateVersion: '0123456789ab',
    since: NOW,
    ...overrides,
  };
}
