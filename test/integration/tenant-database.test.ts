import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { type Emulator, startEmulator } from '../../emulator/emulator';
import { askDatabase } from '../../functions/database/ask-database';
import type { FactName } from '../../functions/database/door-call';
import { MIGRATIONS } from '../../functions/database/migrations';
import { expectedFacts, ROLES_REVISION } from '../../functions/database/release-facts';
import { setUpDatabase } from '../../functions/database/set-up-database';
import { factDifference } from '../../functions/isolation/comparison/fact-difference';

const MASTER = { user: 'tenant_admin', password: 'not-so-secret-1' };
const APPLICATION = 'app_t1';
const READER = 'read_t1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let emulator: Emulator;
let ca: string;
let at: { host: string; port: number };

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  ca = await emulator.databaseCertificates();
  const rds = new RDSClient({ endpoint: emulator.endpointUrl, region: emulator.region, credentials });
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: 'tenant',
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'postgres',
      DBName: 'funnels',
      MasterUsername: MASTER.user,
      MasterUserPassword: MASTER.password,
      EnableIAMDatabaseAuthentication: true,
    }),
  );
  at = { host: DBInstance?.Endpoint?.Address ?? '', port: DBInstance?.Endpoint?.Port ?? 0 };
}, 60_000);
afterAll(() => emulator.stop());

const tokenOf = (username: string) =>
  new Signer({ hostname: at.host, port: at.port, username, region: emulator.region, credentials }).getAuthToken();

const setUp = async (change: object = {}) =>
  setUpDatabase.run(
    { certificates: () => ca },
    {
      ...{ tenantId: 't1', ...at, ...MASTER, token: await tokenOf(MASTER.user) },
      ...{ applicationUser: APPLICATION, readerUser: READER, ...change },
    },
  );

async function ask(user: string, password: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ ...at, user, password, database: 'funnels', ssl: { ca } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
const asMaster = (statement: string) => ask(MASTER.user, MASTER.password, statement);
const asApplication = async (statement: string) => ask(APPLICATION, await tokenOf(APPLICATION), statement);

test('a new database is set up once, however often and by however many callers at once', async () => {
  const version = Object.keys(MIGRATIONS).at(-1);
  expect(await Promise.allSettled([setUp(), setUp()])).toContainEqual({ status: 'fulfilled', value: { version } });
  expect(await setUp()).toEqual({ version });
  await asMaster('SET ROLE funnels_owner; DROP TABLE funnels.kysely_migration, funnels.leads');
  expect(await setUp()).toEqual({ version });
});

test('the application logs in with a token, and reads and writes rows', async () => {
  await asApplication(
    `INSERT INTO leads (id, name, email, message) VALUES (gen_random_uuid(), 'Jo', 'jo@example.org', '')`,
  );
  expect(await asApplication('SELECT name FROM leads')).toEqual([{ name: 'Jo' }]);
  await expect(ask(APPLICATION, MASTER.password, 'SELECT 1')).rejects.toMatchObject({ code: '28000' });
});

test('the reader reads rows, also of tables that were there before it, and writes none', async () => {
  await asMaster(`SET ROLE funnels_owner; REVOKE SELECT ON funnels.leads FROM ${READER}`);
  await setUp();
  const asReader = async (statement: string) => ask(READER, await tokenOf(READER), statement);
  expect(await asReader('SELECT name FROM leads')).toEqual([{ name: 'Jo' }]);
  for (const statement of ['DELETE FROM leads', 'CREATE TABLE mine ()', 'CREATE TEMPORARY TABLE mine ()'])
    await expect(asReader(statement)).rejects.toMatchObject({ code: '42501' });
});

/** What AskDatabase answers for the application. */
const askDoor = async (others: object[] = []) => {
  const own = {
    name: 'own',
    user: APPLICATION,
    password: await tokenOf(APPLICATION),
    database: 'funnels',
    encrypted: true,
  };
  const input = askDatabase.input.parse({
    tenantId: 't1',
    ...at,
    own,
    others: others.map((each) => ({ ...own, ...each })),
  });
  return await askDatabase.run({ certificates: () => ca }, input);
};

test('what PrepareDatabase makes is what the isolation checks expect', async () => {
  const { own, facts } = await askDoor();
  expect(own).toEqual({ outcome: 'accepted' });
  for (const [name, expected] of Object.entries(expectedFacts('t1', ROLES_REVISION)))
    expect([name, factDifference(name as FactName, facts[name as FactName], expected)]).toEqual([name, []]);
});

test('AskDatabase tells how each login ended, and leaves nothing behind', async () => {
  const password = await tokenOf('somebody');
  const { others, powers } = await askDoor([
    { name: 'another', password },
    { name: 'plain', encrypted: false },
    { name: 'elsewhere', database: 'postgres' },
  ]);
  expect(others).toMatchObject({
    another: { outcome: 'refused', code: '28000', message: expect.stringMatching(/^PAM authentication/) },
    plain: { outcome: 'refused', code: '28000', message: expect.stringContaining('no encryption') },
    elsewhere: { outcome: 'refused', code: '42501' },
  });
  expect(new Set(Object.values(powers))).toEqual(new Set(['42501']));
  expect(await asApplication(`SELECT 1 FROM pg_class WHERE relname = 'isolation_probe'`)).toEqual([]);
});

test.each([
  ['CREATE TABLE mine ()', '42501'],
  ['CREATE TABLE public.mine ()', '42501'],
  ['CREATE SCHEMA mine', '42501'],
  ['CREATE TEMPORARY TABLE mine ()', '42501'],
  ['CREATE ROLE mine', '42501'],
  ['SET ROLE funnels_owner', '42501'],
  ['SET ROLE tenant_admin', '42501'],
  ['TRUNCATE leads', '42501'],
  ['DROP TABLE leads', '42501'],
  ['SELECT rolpassword FROM pg_authid', '42501'],
  [`COPY leads TO PROGRAM 'cat'`, '42501'],
])('the application may not %s', async (statement, code) => {
  await expect(asApplication(statement)).rejects.toMatchObject({ code });
});

test('PrepareDatabase logs in with a token when the master password no longer works', async () => {
  await asMaster('GRANT rds_iam TO CURRENT_USER');
  await expect(asMaster('SELECT 1')).rejects.toMatchObject({ code: '28000' });
  expect(await setUp()).toEqual({ version: Object.keys(MIGRATIONS).at(-1) });
});

test('a wrong master user and an unreachable server give different errors', async () => {
  await expect(setUp({ user: 'nobody', password: 'x' })).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(setUp({ port: 1 })).rejects.toMatchObject({ name: 'TransientServiceFault' });
});
