import { CreateSecurityGroupCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient, ListGrantsCommand } from '@aws-sdk/client-kms';
import {
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBParameterGroupCommand,
  type DBInstance,
  DeleteDBInstanceAutomatedBackupCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceMessage,
  RDSClient,
  RestoreDBInstanceToPointInTimeCommand,
  type RestoreDBInstanceToPointInTimeMessage,
} from '@aws-sdk/client-rds';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, pause } from './aws';
import { ask } from './sql';

const PASSWORD = 'not-so-secret-1';
/** Logs are stored every six seconds, and a restore takes six seconds at least. */
const LATE = 0.02;

let emulator: Emulator;
let rds: RDSClient;
let ca: string;
let KmsKeyId: string;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  rds = new RDSClient(access(emulator));
  ca = await emulator.databaseCertificates();
  const { KeyMetadata } = await new KMSClient(access(emulator)).send(new CreateKeyCommand({}));
  KmsKeyId = KeyMetadata?.Arn ?? '';
  await create('shop');
}, 90_000);
afterAll(() => emulator.stop());
afterEach(() => emulator.setPatience(0));

const create = (DBInstanceIdentifier: string) =>
  rds.send(
    new CreateDBInstanceCommand({
      ...{ DBInstanceIdentifier, Engine: 'postgres', EngineVersion: '18.6', DBInstanceClass: 'db.t4g.small' },
      ...{ AllocatedStorage: 40, MasterUsername: 'admin_of_it', MasterUserPassword: PASSWORD, DBName: 'shop' },
      ...{ StorageEncrypted: true, KmsKeyId, BackupRetentionPeriod: 9, EnableIAMDatabaseAuthentication: true },
      ...{ DeletionProtection: true, EnableCloudwatchLogsExports: ['postgresql'], MultiAZ: true },
      ...{ Tags: [{ Key: 'tenantId', Value: 't1' }], CopyTagsToSnapshot: true, MaxAllocatedStorage: 100 },
    }),
  );

const described = async (id: string): Promise<DBInstance> => {
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
  return DBInstances?.[0] ?? {};
};

const at = async (id: string, password = PASSWORD) => {
  const { Endpoint } = await described(id);
  const { Address: host, Port: port } = Endpoint ?? {};
  return { host, port, database: 'shop', ssl: { ca }, user: 'admin_of_it', password };
};
const query = async (id: string, statement: string) => ask(await at(id), statement);
const names = async (id: string) => (await query(id, 'SELECT name FROM items ORDER BY name')).map(({ name }) => name);

const restore = (message: Partial<RestoreDBInstanceToPointInTimeMessage>, client = rds) =>
  client.send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: 'shop',
      TargetDBInstanceIdentifier: 'restored',
      ...message,
    }),
  );
const modify = (message: ModifyDBInstanceMessage) => rds.send(new ModifyDBInstanceCommand(message));

/** RDS knows seconds: the next one begins after all that has been done. */
async function nextSecond(): Promise<Date> {
  const next = new Date(Math.floor(Date.now() / 1000) * 1000 + 1000);
  await pause(next.getTime() - Date.now() + 5);
  return next;
}

let then: Date;

test('a restored instance has the rows of that time, and its source keeps its own', async () => {
  await query('shop', `CREATE TABLE items (name text); INSERT INTO items VALUES ('deleted later'), ('kept')`);
  then = await nextSecond();
  await query('shop', `DELETE FROM items WHERE name = 'deleted later'; INSERT INTO items VALUES ('new')`);
  await restore({ RestoreTime: then });
  expect(await names('restored')).toEqual(['deleted later', 'kept']);
  expect(await names('shop')).toEqual(['kept', 'new']);
  await query('restored', `INSERT INTO items VALUES ('of the copy')`);
  expect(await names('shop')).toEqual(['kept', 'new']);
  await restore({ TargetDBInstanceIdentifier: 'latest', UseLatestRestorableTime: true });
  expect(await names('latest')).toEqual(['kept', 'new']);
});

test('a restored instance can be restored again', async () => {
  await query('restored', `INSERT INTO items VALUES ('second')`);
  const second = await nextSecond();
  await query('restored', 'TRUNCATE items');
  const again = { SourceDBInstanceIdentifier: 'restored', TargetDBInstanceIdentifier: 'again', RestoreTime: second };
  await restore(again);
  expect(await names('again')).toEqual(['deleted later', 'kept', 'of the copy', 'second']);
});

test('an instance that is gone is restored from the backups that were kept of it, until they go', async () => {
  await create('ends');
  const { DbiResourceId } = await described('ends');
  await query('ends', `CREATE TABLE items (name text); INSERT INTO items VALUES ('kept')`);
  const RestoreTime = await nextSecond();
  await query('ends', 'DELETE FROM items');
  await nextSecond();
  await modify({ DBInstanceIdentifier: 'ends', DeletionProtection: false, ApplyImmediately: true });
  const gone = { DBInstanceIdentifier: 'ends', SkipFinalSnapshot: true, DeleteAutomatedBackups: false };
  await rds.send(new DeleteDBInstanceCommand(gone));
  await expect(described('ends')).rejects.toThrow(/not found/);
  const ofInstance = { DBInstanceIdentifier: 'ends', Filters: [{ Name: 'status', Values: ['retained'] }] };
  const { DBInstanceAutomatedBackups: [backup] = [] } = await rds.send(
    new DescribeDBInstanceAutomatedBackupsCommand(ofInstance),
  );
  const { EarliestTime, LatestTime } = backup?.RestoreWindow ?? {};
  expect([EarliestTime?.getTime(), RestoreTime.getTime(), LatestTime?.getTime()].sort()).toEqual([
    ...[EarliestTime?.getTime(), RestoreTime.getTime(), LatestTime?.getTime()],
  ]);
  // Its name is free again.
  await create('ends');
  const SourceDBInstanceAutomatedBackupsArn = backup?.DBInstanceAutomatedBackupsArn;
  const from = { SourceDBInstanceIdentifier: undefined, RestoreTime };
  await restore({ ...from, SourceDBInstanceAutomatedBackupsArn, TargetDBInstanceIdentifier: 'by-arn' });
  await restore({ ...from, SourceDbiResourceId: DbiResourceId, TargetDBInstanceIdentifier: 'by-id' });
  for (const id of ['by-arn', 'by-id']) expect(await names(id)).toEqual(['kept']);
  expect(await query('ends', `SELECT to_regclass('items') AS found`)).toEqual([{ found: null }]);
  const arn = (id: string) => `arn:aws:rds:${emulator.region}:${emulator.accountId}:db:${id}`;
  const statements = [
    { Action: 'rds:RestoreDBInstanceToPointInTime', Resource: SourceDBInstanceAutomatedBackupsArn },
    { Action: 'rds:RestoreDBInstanceToPointInTime', Resource: arn('permitted-again') },
    { Action: ['kms:CreateGrant', 'kms:Decrypt'], Resource: KmsKeyId },
  ];
  const asked = { ...from, SourceDBInstanceAutomatedBackupsArn, TargetDBInstanceIdentifier: 'permitted-again' };
  for (const missing of statements.keys()) {
    const allowed = await roleThatMay(statements.filter((_, at) => at !== missing));
    await expect(restore(asked, allowed)).rejects.toMatchObject({ name: 'AccessDenied' });
  }
  await restore(asked, await roleThatMay(statements));
  const later = { ...from, RestoreTime: new Date(), SourceDbiResourceId: DbiResourceId };
  await expect(restore({ ...later, TargetDBInstanceIdentifier: 'later' })).rejects.toThrow(
    /cannot be restored to a time/,
  );
  await rds.send(new DeleteDBInstanceAutomatedBackupCommand({ DbiResourceId }));
  const afterwards = { ...from, SourceDbiResourceId: DbiResourceId, TargetDBInstanceIdentifier: 'afterwards' };
  await expect(restore(afterwards)).rejects.toThrow(/not found/);
});

test('a server that has never started is restored as an empty one', async () => {
  await create('untouched');
  const { DbiResourceId: SourceDbiResourceId } = await described('untouched');
  const empty = { TargetDBInstanceIdentifier: 'empty', UseLatestRestorableTime: true };
  await restore({ SourceDBInstanceIdentifier: undefined, SourceDbiResourceId, ...empty });
  await modify({ DBInstanceIdentifier: 'empty', MasterUserPassword: PASSWORD });
  expect(await query('empty', 'SELECT current_database() AS name')).toEqual([{ name: 'shop' }]);
});

test('a restored instance has the master password of that time until it is given another', async () => {
  await modify({ DBInstanceIdentifier: 'shop', MasterUserPassword: 'another-password-2' });
  const two = { TargetDBInstanceIdentifier: 'before', RestoreTime: then };
  await restore(two);
  expect(await ask(await at('before'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await modify({ DBInstanceIdentifier: 'before', MasterUserPassword: 'another-password-3' });
  await expect(query('before', 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  expect(await ask(await at('before', 'another-password-3'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await modify({ DBInstanceIdentifier: 'shop', MasterUserPassword: PASSWORD });
});

test('a restored instance has the key, size and backups of its source, and its own grants', async () => {
  const [source, copy] = [await described('shop'), await described('restored')];
  expect(copy).toMatchObject({
    ...{ KmsKeyId, StorageEncrypted: true, AllocatedStorage: 40, DBInstanceClass: 'db.t4g.small' },
    ...{ BackupRetentionPeriod: 9, MasterUsername: 'admin_of_it', EngineVersion: '18.6', DBName: 'shop' },
  });
  expect(copy.DbiResourceId).not.toBe(source.DbiResourceId);
  expect(copy.Endpoint?.Port).not.toBe(source.Endpoint?.Port);
  const { Grants = [] } = await new KMSClient(access(emulator)).send(new ListGrantsCommand({ KeyId: KmsKeyId }));
  const databases = Grants.map(({ Constraints }) => Constraints?.EncryptionContextSubset?.['aws:rds:db-id']);
  expect(databases).toEqual(expect.arrayContaining([source.DbiResourceId, copy.DbiResourceId]));
});

test('a restored instance has only those settings and tags that the request names', async () => {
  expect(await described('restored')).toMatchObject({
    ...{ IAMDatabaseAuthenticationEnabled: false, DeletionProtection: false, MultiAZ: false },
    ...{ CopyTagsToSnapshot: false, DBParameterGroups: [{ DBParameterGroupName: 'default.postgres18' }] },
    ...{ DBSubnetGroup: { DBSubnetGroupName: 'default' } },
  });
  const { EnabledCloudwatchLogsExports, MaxAllocatedStorage, TagList } = await described('restored');
  expect([EnabledCloudwatchLogsExports ?? [], MaxAllocatedStorage, TagList ?? []]).toEqual([[], undefined, []]);
  const DBParameterGroupName = 'strict';
  const group = { DBParameterGroupName, DBParameterGroupFamily: 'postgres18', Description: 'strict' };
  await rds.send(new CreateDBParameterGroupCommand(group));
  const ec2 = new EC2Client(access(emulator));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const named = { GroupName: 'of-databases', Description: 'databases', VpcId: Vpc?.VpcId };
  const { GroupId = '' } = await ec2.send(new CreateSecurityGroupCommand(named));
  const settings = {
    ...{ DeletionProtection: true, MultiAZ: true, CopyTagsToSnapshot: true, MaxAllocatedStorage: 100 },
  };
  await restore({
    ...{ TargetDBInstanceIdentifier: 'Equipped', RestoreTime: then, DBParameterGroupName, ...settings },
    ...{ VpcSecurityGroupIds: [GroupId], EnableIAMDatabaseAuthentication: true },
    ...{ EnableCloudwatchLogsExports: ['postgresql'], Tags: [{ Key: 'tenantId', Value: 't1' }] },
  });
  expect(await described('equipped')).toMatchObject({
    ...{ ...settings, IAMDatabaseAuthenticationEnabled: true, EnabledCloudwatchLogsExports: ['postgresql'] },
    ...{ DBParameterGroups: [{ DBParameterGroupName }], TagList: [{ Key: 'tenantId', Value: 't1' }] },
    VpcSecurityGroups: [{ VpcSecurityGroupId: GroupId }],
  });
});

const HOUR = 3_600_000;

test.each<[string, string, () => Partial<RestoreDBInstanceToPointInTimeMessage>]>([
  ['of an unknown source', 'DBInstanceNotFoundFault', () => ({ SourceDBInstanceIdentifier: 'nobody' })],
  ['to a name that is taken', 'DBInstanceAlreadyExistsFault', () => ({ TargetDBInstanceIdentifier: 'restored' })],
  ['to a time to come', 'InvalidParameterValue', () => ({ RestoreTime: new Date(Date.now() + HOUR) })],
  ['to a time before its source', 'InvalidParameterValue', () => ({ RestoreTime: new Date(Date.now() - HOUR) })],
  ['without a time', 'InvalidParameterCombination', () => ({ RestoreTime: undefined })],
  ['to two times', 'InvalidParameterCombination', () => ({ UseLatestRestorableTime: true })],
  ['into an unknown parameter group', 'DBParameterGroupNotFoundFault', () => ({ DBParameterGroupName: 'x' })],
  ['into an unknown subnet group', 'DBSubnetGroupNotFoundFault', () => ({ DBSubnetGroupName: 'x' })],
])('a restore is refused %s', async (_, name, message) => {
  const refused = restore({ TargetDBInstanceIdentifier: 'refused', RestoreTime: then, ...message() });
  await expect(refused).rejects.toMatchObject({ name });
  await expect(described('refused')).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault' });
});

test('a restore is refused of an instance without backups, and above the quota of instances', async () => {
  const DBInstanceIdentifier = 'reading';
  await rds.send(new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier, SourceDBInstanceIdentifier: 'shop' }));
  const refused = { SourceDBInstanceIdentifier: 'reading', TargetDBInstanceIdentifier: 'refused', RestoreTime: then };
  await expect(restore(refused)).rejects.toMatchObject({ name: 'PointInTimeRestoreNotEnabledFault' });
  expect((await described('reading')).LatestRestorableTime).toBeUndefined();
  await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
  const quota = { service: 'rds', code: 'L-7B6409FD' };
  await control(emulator, 'quotas', { ...quota, value: 1 });
  const above = restore({ ...refused, SourceDBInstanceIdentifier: 'shop' });
  await expect(above).rejects.toMatchObject({ name: 'InstanceQuotaExceededFault' });
  await control(emulator, 'quotas', { ...quota, value: 1_000_000 });
});

test('the last minutes cannot be restored yet, and a restored instance takes its time', async () => {
  await emulator.setPatience(LATE);
  await eventually(async () => ((await described('shop')).LatestRestorableTime ?? then) > then || undefined);
  const late = { TargetDBInstanceIdentifier: 'late', RestoreTime: then };
  await restore(late);
  expect((await described('late')).DBInstanceStatus).toBe('creating');
  await expect(query('late', 'SELECT 1')).rejects.toThrow();
  await emulator.settle();
  await eventually(async () => (await described('late')).DBInstanceStatus === 'available' || undefined);
  expect(await names('late')).toEqual(['deleted later', 'kept']);
  await emulator.setPatience(1);
  const unstored = restore({ TargetDBInstanceIdentifier: 'unstored', RestoreTime: new Date(Date.now() - 1000) });
  await expect(unstored).rejects.toThrow(/cannot be restored to a time later than/);
});

test('needs the permission on source, target, groups and key', async () => {
  const arn = (kind: string, name: string) => `arn:aws:rds:${emulator.region}:${emulator.accountId}:${kind}:${name}`;
  const through = { StringEquals: { 'kms:ViaService': `rds.${emulator.region}.amazonaws.com` } };
  const restored = { TargetDBInstanceIdentifier: 'permitted', RestoreTime: then, DBParameterGroupName: 'strict' };
  const statements = [
    { Action: 'rds:RestoreDBInstanceToPointInTime', Resource: arn('db', 'shop') },
    { Action: 'rds:RestoreDBInstanceToPointInTime', Resource: arn('db', 'permitted') },
    { Action: 'rds:RestoreDBInstanceToPointInTime', Resource: arn('pg', 'strict') },
    { Action: ['kms:CreateGrant', 'kms:Decrypt'], Resource: KmsKeyId, Condition: through },
  ];
  for (const missing of statements.keys()) {
    const allowed = await roleThatMay(statements.filter((_, at) => at !== missing));
    await expect(restore(restored, allowed)).rejects.toMatchObject({ name: 'AccessDenied' });
  }
  await restore(restored, await roleThatMay(statements));
});

let roles = 0;

async function roleThatMay(statements: object[]): Promise<RDSClient> {
  const iam = new IAMClient(access(emulator));
  const trust = { Effect: 'Allow', Principal: { AWS: emulator.accountId }, Action: 'sts:AssumeRole' };
  roles += 1;
  const RoleName = `restoring-${roles}`;
  const AssumeRolePolicyDocument = JSON.stringify({ Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify({ Statement: statements.map((each) => ({ Effect: 'Allow', ...each })) });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'it', PolicyDocument }));
  const session = { RoleArn: Role?.Arn, RoleSessionName: 'it' };
  const { Credentials } = await new STSClient(access(emulator)).send(new AssumeRoleCommand(session));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return new RDSClient(access(emulator, credentials));
}
