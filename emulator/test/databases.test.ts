import { execFileSync } from 'node:child_process';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateDBInstanceReadReplicaCommand,
  type DBInstance,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import type { ClientConfig } from 'pg';
import { type Emulator, startEmulator } from '../emulator';
import { access, type Credentials, eventually, kindAgain, launch, ROOT, settled, slowerThanAws } from './aws';
import { ask as query } from './sql';

const PASSWORD = 'not-so-secret-1';
const DATABASE = {
  Type: 'AWS::RDS::DBInstance',
  Properties: {
    DBInstanceClass: 'db.t4g.micro',
    Engine: 'postgres',
    AllocatedStorage: '20',
    MasterUsername: 'admin_of_it',
    MasterUserPassword: PASSWORD,
    DBName: 'shop',
    EnableIAMDatabaseAuthentication: true,
  },
};

let emulator: Emulator;
let rds: RDSClient;
let ca: string;
let outputs: Record<string, string>;
let role: Credentials;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  rds = new RDSClient(access(emulator));
  ca = await emulator.databaseCertificates();
  const attribute = (name: string) => ({ 'Fn::GetAtt': ['Database', name] });
  ({ outputs } = await launch(
    emulator,
    'database',
    { Database: DATABASE },
    {
      id: { Ref: 'Database' },
      host: attribute('Endpoint.Address'),
      port: attribute('Endpoint.Port'),
      resource: attribute('DbiResourceId'),
    },
  ));
  role = await roleThatMay('rds-db:connect', `dbuser:${outputs.resource}/app`);
  await asMaster('CREATE ROLE app LOGIN IN ROLE rds_iam; CREATE TABLE items (name text); GRANT ALL ON items TO app');
}, 90_000);
afterAll(() => emulator.stop());

const at = () => ({ host: outputs.host ?? '', port: Number(outputs.port), database: 'shop', ssl: { ca } });

const ask = (config: ClientConfig, statement = 'SELECT 1 AS one') => query(config, statement);

const asMaster = (statement: string, password = PASSWORD) => ask({ ...at(), user: 'admin_of_it', password }, statement);

async function roleThatMay(action: string, resource: string): Promise<Credentials> {
  const iam = new IAMClient(access(emulator));
  const trust = { Effect: 'Allow', Principal: { AWS: emulator.accountId }, Action: 'sts:AssumeRole' };
  const RoleName = `role-${resource.replace(/\W/g, '-')}`;
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }) }),
  );
  const Resource = `arn:aws:rds-db:${emulator.region}:${emulator.accountId}:${resource}`;
  const PolicyDocument = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: action, Resource }] });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'it', PolicyDocument }));
  const { Credentials } = await new STSClient(access(emulator)).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'it' }),
  );
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

const tokenOf = (
  credentials: Credentials,
  { host = at().host, port = at().port, username = 'app', region = '' } = {},
) => new Signer({ hostname: host, port, username, region: region || emulator.region, credentials }).getAuthToken();

const described = async (id: string): Promise<DBInstance | undefined> =>
  (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances?.[0];

const available = (id: string) =>
  eventually(async () => {
    const instance = await described(id);
    return instance?.DBInstanceStatus === 'available' ? instance : undefined;
  });

test('the master user logs in by password, is no superuser, and can allow a user to log in by IAM', async () => {
  const [facts] = await asMaster(
    `SELECT current_setting('is_superuser') AS superuser, current_database() AS database,
      current_setting('server_version_num')::int / 10000 AS version`,
  );
  expect(facts).toEqual({ superuser: 'off', database: 'shop', version: 18 });
  const password = () => tokenOf(role);
  expect(await ask({ ...at(), user: 'app', password }, 'SELECT current_user')).toEqual([{ current_user: 'app' }]);
  await expect(asMaster('CREATE ROLE other SUPERUSER')).rejects.toMatchObject({ code: '42501' });
});

test('a login token works more than once, also when TLS starts with the first byte', async () => {
  const password = await tokenOf(role);
  const direct = { ...at(), user: 'app', password, sslnegotiation: 'direct' as const };
  for (const config of [{ ...at(), user: 'app', password }, direct]) expect(await ask(config)).toEqual([{ one: 1 }]);
});

test.each<[string, () => Promise<string>]>([
  ['for another user', () => tokenOf(role, { username: 'admin_of_it' })],
  ['for another port', () => tokenOf(role, { port: 5432 })],
  ['for another region', () => tokenOf(role, { region: 'eu-west-1' })],
  ['of a role without a grant', async () => tokenOf(await roleThatMay('rds-db:connect', 'dbuser:db-ANOTHER/app'))],
  ['of a wrong secret', () => tokenOf({ ...role, secretAccessKey: 'x'.repeat(40) })],
  ['of a session without its token', () => tokenOf({ ...ROOT, accessKeyId: role.accessKeyId })],
  ['that is the master password', async () => PASSWORD],
])('a login token is refused %s', async (_, token) => {
  await expect(ask({ ...at(), user: 'app', password: await token() })).rejects.toMatchObject({
    code: '28000',
    message: 'PAM authentication failed for user "app"',
  });
});

test('a login without TLS, with a wrong password or under another CA is refused', async () => {
  const plain = { ...at(), ssl: false, password: PASSWORD };
  const unencrypted = (user: string) => `for host "127.0.0.1", user "${user}", database "shop", no encryption`;
  await expect(ask({ ...plain, user: 'admin_of_it' })).rejects.toMatchObject({
    code: '28000',
    message: `no pg_hba.conf entry ${unencrypted('admin_of_it')}`,
  });
  await expect(ask({ ...plain, user: 'app' })).rejects.toMatchObject({
    code: '28000',
    message: `pg_hba.conf rejects connection ${unencrypted('app')}`,
  });
  await expect(asMaster('SELECT 1', 'wrong')).rejects.toMatchObject({ code: '28P01' });
  await expect(ask({ ...at(), user: 'nobody', password: PASSWORD })).rejects.toMatchObject({ code: '28P01' });
  await expect(ask({ ...at(), user: 'rdsadmin', password: PASSWORD })).rejects.toMatchObject({ code: '28000' });
  await expect(ask({ ...at(), ssl: true, user: 'admin_of_it', password: PASSWORD })).rejects.toThrow(/certificate/);
});

const change = (MasterUserPassword: string) =>
  rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: outputs.id, MasterUserPassword }));

test('the master password can be modified', async () => {
  await change('another-password-2');
  expect(await asMaster('SELECT 1 AS one', 'another-password-2')).toEqual([{ one: 1 }]);
  await expect(asMaster('SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  await change(PASSWORD);
});

test('a master password that is set while the server starts or stops counts afterwards', async () => {
  for (const next of ['another-password-6', 'another-password-7', 'another-password-8', PASSWORD]) {
    await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: outputs.id }));
    // The first login starts the server; which of both passwords it needs is a matter of moments.
    const login = asMaster('SELECT 1', next).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 15));
    await change(next);
    await login;
    expect(await asMaster('SELECT 1 AS one', next)).toEqual([{ one: 1 }]);
  }
});

test('a new master password counts some time after the answer, and nothing else can be changed until then', async () => {
  await slowerThanAws(emulator);
  await change('another-password-4');
  const { DBInstanceStatus, PendingModifiedValues } = (await described(outputs.id ?? '')) ?? {};
  expect([DBInstanceStatus, PendingModifiedValues]).toMatchObject([
    'resetting-master-credentials',
    { MasterUserPassword: '****' },
  ]);
  expect(await asMaster('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await expect(change('another-password-5')).rejects.toMatchObject({ name: 'InvalidDBInstanceStateFault' });
  await kindAgain(emulator);
  expect((await available(outputs.id ?? '')).PendingModifiedValues?.MasterUserPassword).toBeUndefined();
  expect(await asMaster('SELECT 1 AS one', 'another-password-4')).toEqual([{ one: 1 }]);
  await change(PASSWORD);
});

test('a replica reads the rows of its source, refuses writes, and has its master password', async () => {
  await asMaster(`INSERT INTO items VALUES ('of the source')`);
  const DBInstanceIdentifier = 'reading';
  await rds.send(
    new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier, SourceDBInstanceIdentifier: outputs.id }),
  );
  const { Endpoint } = await available(DBInstanceIdentifier);
  const replica = { ...at(), port: Endpoint?.Port ?? 0, user: 'admin_of_it', password: PASSWORD };
  expect(await ask(replica, 'SELECT name FROM items')).toContainEqual({ name: 'of the source' });
  await expect(ask(replica, `INSERT INTO items VALUES ('x')`)).rejects.toMatchObject({ code: '25006' });

  const password = 'another-password-3';
  await change(password);
  await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: outputs.id }));
  await available(outputs.id ?? '');
  // The server starts with this connection.
  expect(await ask({ ...replica, password }, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await asMaster('SELECT 1 AS one', password)).toEqual([{ one: 1 }]);
  await change(PASSWORD);
});

test('a reboot ends sessions and keeps rows; a stopped instance refuses logins', async () => {
  await asMaster(`INSERT INTO items VALUES ('kept')`);
  const sleeping = asMaster('SELECT pg_sleep(30)').catch((ended: Error) => ended);
  await eventually(async () => (await asMaster(`SELECT FROM pg_stat_activity WHERE query LIKE '%sleep(30)'`))[0]);
  await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: outputs.id }));
  expect(await sleeping).toBeInstanceOf(Error);
  await available(outputs.id ?? '');
  expect(await asMaster('SELECT name FROM items')).toContainEqual({ name: 'kept' });
  await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: outputs.id }));
  await expect(asMaster('SELECT 1')).rejects.toThrow();
  await rds.send(new StartDBInstanceCommand({ DBInstanceIdentifier: outputs.id }));
  expect(await asMaster('SELECT name FROM items')).toContainEqual({ name: 'kept' });
});

test('a failover ends sessions, refuses logins for its time, and keeps rows', async () => {
  await asMaster(`INSERT INTO items VALUES ('of the former primary')`);
  const failOver = () =>
    rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: outputs.id, ForceFailover: true }));
  await slowerThanAws(emulator);
  await failOver();
  expect((await described(outputs.id ?? ''))?.DBInstanceStatus).toBe('rebooting');
  await expect(asMaster('SELECT 1')).rejects.toThrow();
  await emulator.settle();
  await available(outputs.id ?? '');
  // A minute at least, and a reboot without a failover takes twenty seconds at most.
  await emulator.setPatience(0.02);
  const began = Date.now();
  await failOver();
  await available(outputs.id ?? '');
  expect(Date.now() - began).toBeGreaterThan(1_200);
  await emulator.setPatience(0);
  expect(await asMaster('SELECT name FROM items')).toContainEqual({ name: 'of the former primary' });
});

test('a query can be cancelled, and a user has the grants of its role', async () => {
  const app = { ...at(), user: 'app', password: () => tokenOf(role) };
  await expect(ask(app, 'CREATE TABLE mine ()')).rejects.toMatchObject({ code: '42501' });
  await asMaster('ALTER ROLE app SET statement_timeout = 50');
  await expect(ask(app, 'SELECT pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
});

test('a function verifies a database’s certificate by the CA file of its runtime', async () => {
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const ZipFile = `exports.handler = () => require('node:fs').promises.readFile(process.env.CERTIFICATES, 'utf8');`;
  await launch(emulator, 'reader', {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Statement: [trust] } } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'reader',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Timeout: 20,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile },
        Environment: { Variables: { CERTIFICATES: '/var/runtime/ca-cert.pem' } },
      },
    },
  });
  const { Payload } = await new LambdaClient(access(emulator)).send(new InvokeCommand({ FunctionName: 'reader' }));
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toBe(ca);
});

/** Whether the server of the instance has got as far as to start processes of its own. */
function hasStarted(resource = 'none'): boolean {
  const told = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const processes = told.split('\n').map((line) => line.trim().split(/\s+/));
  const server = processes.find((words) => words.includes('-D') && words.some((word) => word.includes(resource)));
  return server !== undefined && processes.some(([, parent]) => parent === server[0]);
}

test('the server of a database that a stack has made runs before anybody connects', async () => {
  const made = await launch(
    emulator,
    'runs',
    { Database: DATABASE },
    {
      port: { 'Fn::GetAtt': ['Database', 'Endpoint.Port'] },
      resource: { 'Fn::GetAtt': ['Database', 'DbiResourceId'] },
    },
  );
  await eventually(async () => hasStarted(made.outputs.resource) || undefined);
  const config = { ...at(), port: Number(made.outputs.port), user: 'admin_of_it', password: PASSWORD };
  const before = Date.now();
  const [server] = await ask(config, 'SELECT extract(epoch FROM pg_postmaster_start_time())::float AS since');
  expect(Number(server?.since) * 1000).toBeLessThan(before);
});

test('the server of a database ends with its instance', async () => {
  const { stack, outputs: other } = await launch(
    emulator,
    'short-lived',
    { Database: DATABASE },
    { port: { 'Fn::GetAtt': ['Database', 'Endpoint.Port'] } },
  );
  const config = { ...at(), port: Number(other.port), user: 'admin_of_it', password: PASSWORD };
  expect(await ask(config)).toEqual([{ one: 1 }]);
  const cloudformation = new CloudFormationClient(access(emulator));
  await cloudformation.send(new DeleteStackCommand({ StackName: stack.StackId }));
  await settled(cloudformation, stack.StackId);
  await eventually(async () => {
    const refusal = await ask(config).catch(({ code }: { code?: string }) => code);
    return refusal === 'ECONNREFUSED' || undefined;
  });
});
