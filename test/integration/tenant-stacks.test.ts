import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { externalIdOf, tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { STACK_KINDS, type StackKind, StackOutputSchemas } from '../../functions/contract/stacks';
import type { DecoyTenant } from '../../infra/cell/decoy-tenant';
import { tenantResources } from '../support/tenant-resources';
import { type Credentials, TenantStacksStage } from '../support/tenant-stacks-stage';

const tenantId = tenantIdOf('tenant-stacks-test');
const externalId = externalIdOf(tenantId);

let stage: TenantStacksStage;
let decoy: DecoyTenant;
let outputs: Record<StackKind, Record<string, string | undefined>>;

const s3 = (credentials?: Credentials) => new S3Client(stage.config(credentials));
const secrets = (credentials: Credentials) => new SecretsManagerClient(stage.config(credentials));
const read = (credentials: Credentials, owner: string, Key: string) =>
  s3(credentials).send(new GetObjectCommand({ Bucket: stage.bucketOf(owner), Key }));
const write = (credentials: Credentials, owner: string, Key: string, encryption: object = {}) =>
  s3(credentials).send(new PutObjectCommand({ Bucket: stage.bucketOf(owner), Key, Body: 'hello', ...encryption }));
const secretOf = (credentials: Credentials, owner: string) =>
  secrets(credentials).send(new GetSecretValueCommand({ SecretId: tenantNames.secret(owner) }));
const refused = (answer: Promise<unknown>) => expect(answer).rejects.toThrow(/AccessDenied|not authorized|denied/i);

beforeAll(async () => {
  stage = await TenantStacksStage.start(tenantId);
  await stage.createTaskRole();
  decoy = await stage.createDecoy();
  outputs = await launchAll();
});
afterAll(() => stage?.stop());

async function launchAll() {
  const [CellRouteTableIdA, CellRouteTableIdB, CellRouteTableIdC] = stage.cell.routeTableIds;
  const { boundaryArn: BoundaryArn, emulator } = stage;
  const BucketName = stage.bucketOf(tenantId);
  const network = await stage.launch('network', {
    VpcCidr: '10.64.3.0/24',
    CellVpcId: stage.cell.vpcId,
    ZoneA: `${emulator.region}a`,
    ZoneB: `${emulator.region}b`,
    CellAppCidr: '10.0.0.0/18',
    CellRouteTableIdA,
    CellRouteTableIdB,
    CellRouteTableIdC,
    BoundaryArn,
  });
  const database = await stage.launch('database', {
    DatabaseSubnetIds: network.DatabaseSubnetIds,
    DatabaseSecurityGroupId: network.DatabaseSecurityGroupId,
    InstanceClass: 'db.r6g.large',
    AllocatedStorage: '100',
    MaxAllocatedStorage: '1000',
    MultiAz: 'true',
    ReplicaCount: '1',
    BackupRetentionDays: '35',
    MonitoringRoleArn: network.MonitoringRoleArn,
    AlarmTopicArn: `arn:aws:sns:${emulator.region}:${emulator.accountId}:alarms`,
    RunbookUrl: 'https://runbook.acme.io',
    BoundaryArn,
  });
  const AccessRoleArn = stage.roleArnOf(tenantId);
  const storage = await stage.launch('storage', { BucketName, AccessRoleArn, AccessLogBucketName: 'access-logs' });
  const access = await stage.launch('access', {
    BucketName,
    SecretArn: database.SecretArn,
    DatabaseResourceId: database.ResourceId,
    ReplicaResourceId: database.ReplicaResourceId ?? database.ResourceId,
    BoundaryArn,
    ExternalId: externalId,
    TrustedRoleArns: stage.taskRoleArn,
  });
  return { network, database, storage, access };
}

test('the four stacks have the outputs of the contract', () => {
  for (const kind of STACK_KINDS)
    expect([kind, StackOutputSchemas[kind].safeParse(outputs[kind]).error]).toEqual([kind, undefined]);
  expect(outputs.network.DatabaseCidr).toBe('10.64.3.0/25');
  expect(outputs.network.DatabaseSubnetIds).toMatch(/^subnet-\w+,subnet-\w+$/);
  expect(outputs.database.SecretArn).toMatch(/^arn:aws:secretsmanager:/);
  expect(outputs.database.ReplicaId).toBe(tenantNames.replica(tenantId));
  expect(outputs.access.RoleArn).toBe(stage.roleArnOf(tenantId));
});

test('the tenant has its resources, and each route table of the cell has one route to it', async () => {
  expect(await tenantResources(stage)).toEqual({
    vpcs: [outputs.network.VpcId],
    peerings: [outputs.network.PeeringConnectionId],
    routes: ['10.64.3.0/25', '10.64.3.0/25', '10.64.3.0/25'],
    flowLogs: [outputs.network.FlowLogId],
    databases: [tenantNames.database(tenantId), tenantNames.replica(tenantId)],
    subnetGroups: [outputs.database.SubnetGroupName],
    parameterGroups: [outputs.database.ParameterGroupName],
    secrets: [tenantNames.secret(tenantId)],
    buckets: [stage.bucketOf(tenantId)],
    logGroups: [
      ...['-replica', ''].flatMap((ending) =>
        ['postgresql', 'upgrade'].map((log) => `/aws/rds/instance/tenant-${tenantId}${ending}/${log}`),
      ),
      `/tenants/${tenantId}/flow-logs`,
    ],
    roles: ['', '-flow-logs', '-monitoring'].map((ending) => `tenant-${tenantId}${ending}`),
    alarms: ['Connections', 'Cpu', 'FreeStorage', 'ReplicaLag', 'Silent'].map((alarm) =>
      expect.stringMatching(`^tenant-${tenantId}-database-${alarm}Alarm-`),
    ),
  });
});

test('the shared service reaches this tenant’s data with the tenant’s role', async () => {
  const tenant = await stage.asTenant(tenantId);
  await write(tenant, tenantId, 'page.html');
  expect(await (await read(tenant, tenantId, 'page.html')).Body?.transformToString()).toBe('hello');
  const { SecretString = '' } = await secretOf(tenant, tenantId);
  expect(JSON.parse(SecretString)).toMatchObject({
    engine: 'postgres',
    port: expect.any(Number),
    username: 'tenant_admin',
  });
});

test.each([
  ['without the external id', () => ({ tag: tenantId })],
  ["with the decoy's external id", () => ({ tag: tenantId, ExternalId: decoy.externalId })],
  ['without the session tag', () => ({ ExternalId: externalId })],
  ["with the decoy's session tag", () => ({ tag: decoy.tenantId, ExternalId: externalId })],
])('AssumeRole for this tenant is denied %s', (_, request) => refused(stage.asTenant(tenantId, request())));

test("the tenant's role is denied the decoy's resources, and the decoy's role the tenant's", async () => {
  const tenant = await stage.asTenant(tenantId);
  const other = await stage.asTenant(decoy.tenantId);
  await write(other, decoy.tenantId, 'probe');
  await secretOf(other, decoy.tenantId);
  await refused(read(tenant, decoy.tenantId, 'probe'));
  await refused(write(tenant, decoy.tenantId, 'probe'));
  await refused(secretOf(tenant, decoy.tenantId));
  await refused(read(other, tenantId, 'page.html'));
  await refused(secretOf(other, tenantId));
});

test('the bucket accepts objects under its own key, and refuses every other encryption', async () => {
  const tenant = await stage.asTenant(tenantId);
  const kms = { ServerSideEncryption: 'aws:kms' };
  await write(tenant, tenantId, 'own', { ...kms, SSEKMSKeyId: stage.keyArn });
  await refused(write(tenant, tenantId, 'other', { ServerSideEncryption: 'AES256' }));
  await refused(write(tenant, tenantId, 'other', { ...kms, SSEKMSKeyId: stage.keyArn.replace(/.$/, 'x') }));
  await refused(write(tenant, tenantId, 'other', kms));
});

test('the stacks leave no resource when they are deleted in reverse order', async () => {
  const Bucket = stage.bucketOf(tenantId);
  const { Versions = [] } = await s3().send(new ListObjectVersionsCommand({ Bucket }));
  for (const { Key, VersionId } of Versions) await s3().send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  for (const kind of ['access', 'database', 'network', 'storage'] as const) await stage.delete(kind);
  const left = Object.entries(await tenantResources(stage)).filter(([, found]) => found.length > 0);
  expect(left).toEqual([]);
});
