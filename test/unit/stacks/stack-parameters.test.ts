import { PlanSchema, SIZINGS } from '../../../functions/contract/plans';
import { STACK_KINDS, STACK_PARAMETERS, type StackKind } from '../../../functions/contract/stacks';
import { stackParameters } from '../../../functions/stacks/stack-parameters';
import { ACCOUNT_ID, aCell, aKey, anExecution, aTenant, REGION, theStacks } from '../../support/builders';

const platform = {
  accountId: ACCOUNT_ID,
  region: REGION,
  boundaryArn: 'arn:boundary',
  alarmTopicArn: 'arn:alarms',
  runbookUrl: 'https://runbook.acme.io',
  trustedRoleArns: ['arn:verify', 'arn:activate'],
  availabilityZones: ['eu-central-1x', 'eu-central-1y', 'eu-central-1z'],
};
const { network, database, storage, access } = theStacks();
const launchOf = (stack: StackKind, tenant = aTenant()) => ({
  executionArn: anExecution(),
  tenant,
  cell: aCell(),
  key: aKey(),
  taskToken: 'token',
  stack,
  outputs: { network: network.outputs, database: database.outputs },
});
const parametersOf = (stack: StackKind, tenant = aTenant()): Record<string, string> =>
  Object.fromEntries(stackParameters(launchOf(stack, tenant), platform).map((p) => [p.ParameterKey, p.ParameterValue]));

test.each(STACK_KINDS)('%s gets exactly the parameters that its template declares, each with a value', (kind) => {
  const parameters = parametersOf(kind);
  expect(Object.keys(parameters).sort()).toEqual([...STACK_PARAMETERS[kind]].sort());
  for (const [name, value] of Object.entries(parameters)) expect([name, value]).not.toEqual([name, '']);
});

test('F1: the database gets the monitoring role of the network, or makes one beside an older network', () => {
  expect(parametersOf('database').MonitoringRoleArn).toBe('none');
  const launch = launchOf('database', aTenant());
  const MonitoringRoleArn = 'arn:aws:iam::111122223333:role/tenants/tenant-t1-monitoring';
  const outputs = { ...launch.outputs, network: { ...network.outputs, MonitoringRoleArn } };
  expect(stackParameters({ ...launch, outputs }, platform)).toContainEqual({
    ParameterKey: 'MonitoringRoleArn',
    ParameterValue: MonitoringRoleArn,
  });
});

test.each(STACK_KINDS)('%s gets no parameter with data of another tenant', (kind) => {
  const other = aTenant({ signupId: 'sub_other', subdomain: 'other' });
  expect(JSON.stringify(parametersOf(kind, other))).not.toContain(`${aTenant().tenantId}-1`);
  expect(parametersOf(kind, other).TenantId).toBe(other.tenantId);
});

test('the network lies in the tenant’s slot and peers with its cell', () => {
  const { slot } = aTenant();
  const { vpcId, appCidr } = aCell();
  expect(parametersOf('network')).toMatchObject({ VpcCidr: slot.cidr, CellVpcId: vpcId, CellAppCidr: appCidr });
});

test.each(PlanSchema.options)('the database of plan %s has that plan’s size', (plan) => {
  const sizing = SIZINGS[plan];
  expect(parametersOf('database', aTenant({ plan }))).toMatchObject({
    DatabaseSubnetIds: network.outputs.DatabaseSubnetIds,
    InstanceClass: sizing.instanceClass,
    MultiAz: String(sizing.multiAz),
    ReplicaCount: String(sizing.replicas),
  });
  // RDS: "at least 10% more than the allocated storage" for storage autoscaling.
  expect(sizing.maxAllocatedStorageGiB).toBeGreaterThanOrEqual(sizing.allocatedStorageGiB * 1.1);
});

test('storage and access name each other’s resources before these exist', () => {
  expect(parametersOf('storage').AccessRoleArn).toBe(access.outputs.RoleArn);
  expect(parametersOf('storage').BucketName).toBe(storage.outputs.BucketName);
  expect(parametersOf('access').BucketName).toBe(storage.outputs.BucketName);
});

test('the tenant’s role trusts the cell’s task role and the functions that act for the tenant, by its external id', () => {
  expect(parametersOf('access')).toMatchObject({
    TrustedRoleArns: `${aCell().taskRoleArn},arn:verify,arn:activate`,
    ExternalId: aTenant().externalId,
    SecretArn: database.outputs.SecretArn,
    DatabaseResourceId: database.outputs.ResourceId,
  });
});

test.each([
  ['database', 'network'],
  ['access', 'database'],
] as const)('%s cannot be launched before %s has answered', (stack, missing) => {
  const refused = expect.objectContaining({
    name: 'InvalidRequest',
    message: expect.stringContaining(`outputs.${missing}`),
  });
  expect(() => stackParameters({ ...launchOf(stack), outputs: {} }, platform)).toThrow(refused);
});

test('D7: a tenant’s zones are those of its cell, or of the stage when the cell is of an older release', () => {
  expect(parametersOf('network')).toMatchObject({ ZoneA: 'eu-central-1a', ZoneB: 'eu-central-1b' });
  const { availabilityZones: _, ...older } = aCell();
  const launch = { ...launchOf('network'), cell: older };
  const zone = (name: string) => ({
    ParameterKey: name,
    ParameterValue: `eu-central-1${name === 'ZoneA' ? 'x' : 'y'}`,
  });
  expect(stackParameters(launch, platform)).toEqual(expect.arrayContaining([zone('ZoneA'), zone('ZoneB')]));
  expect(() => stackParameters(launch, { ...platform, availabilityZones: ['a'] })).toThrow('fewer than two');
});
