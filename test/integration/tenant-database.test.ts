import { createSecureContext } from 'node:tls';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { type Emulator, startEmulator } from '../../emulator/emulator';
import { ask as askOnce } from '../../emulator/test/sql';
import { askDatabase } from '../../functions/database/ask-database';
import type { FactName } from '../../functions/database/door-call';
import { MIGRATION_LOCK } from '../../functions/database/one-session';
import { expectedFacts, ROLES_REVISION } from '../../functions/database/release-facts';
import { roleStatements } from '../../functions/database/roles';
import { setUpDatabase } from '../../functions/database/set-up-database';
import { factDifference } from '../../functions/isolation/comparison/fact-difference';
import { MIGRATION_FILES, type MigrationFile } from '../../service/migrations/manifest';
import { TenantPool } from '../../service/tenant-context/tenant-pool';
import { eventually } from '../support/running-stage';

const MASTER = { user: 'tenant_admin', password: 'not-so-secret-1' };
const APPLICATION = 'app_t1';
const READER = 'read_t1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

interface Server {
  readonly host: string;
  readonly port: number;
}

let emulator: Emulator;
let ca: string;
let at: Server;

async function instanceCalled(DBInstanceIdentifier: string): Promise<Server> {
  const rds = new RDSClient({ endpoint: emulator.endpointUrl, region: emulator.region, credentials });
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier,
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'postgres',
      DBName: 'funnels',
      MasterUsername: MASTER.user,
      MasterUserPassword: MASTER.password,
      EnableIAMDatabaseAuthentication: true,
    }),
  );
  return { host: DBInstance?.Endpoint?.Address ?? '', port: DBInstance?.Endpoint?.Port ?? 0 };
}

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  ca = await emulator.databaseCertificates();
  at = await instanceCalled('tenant');
});
afterAll(() => emulator.stop());

const tokenOf = (username: string) =>
  new Signer({ hostname: at.host, port: at.port, username, region: emulator.region, credentials }).getAuthToken();

const setUp = async (change: object = {}, files: readonly MigrationFile[] = MIGRATION_FILES) => {
  const login = { ...at, ...MASTER, token: await tokenOf(MASTER.user) };
  const input = {
    tenantId: 't1',
    ...login,
    applicationUser: APPLICATION,
    readerUser: READER,
    living: false,
    rolesAreMade: false,
    ...change,
  };
  return setUpDatabase.run({ certificates: () => ca, files, copyMs: 0 }, input);
};
const version = MIGRATION_FILES.at(-1)?.name;

const ask = (user: string, password: string, statement: string) =>
  askOnce({ ...at, user, password, database: 'funnels', ssl: { ca } }, statement);
const asMaster = (statement: string) => ask(MASTER.user, MASTER.password, statement);
const asApplication = async (statement: string) => ask(APPLICATION, await tokenOf(APPLICATION), statement);

test('a new database is set up once, however often and by however many callers at once', async () => {
  // A run whose caller was killed is in the middle of its transaction when the next one comes.
  const first = new Client({ ...at, ...MASTER, database: 'funnels', ssl: { ca } });
  await first.connect();
  await first.query(`BEGIN; ${roleStatements(APPLICATION, READER).join(';')}`);
  const others = Promise.all([setUp(), setUp()]);
  const waiting = `SELECT FROM pg_stat_activity WHERE application_name = 'SetUpDatabase' AND wait_event_type = 'Lock'`;
  await eventually('a run that waits', async () => (await asMaster(waiting)).length > 0 || undefined);
  await first.query('COMMIT');
  await first.end();
  expect(await others).toEqual([{ version }, { version }]);
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

describe('a transaction of an application', () => {
  const NAMES = 'SELECT name FROM leads ORDER BY name';
  const insert = (name: string) =>
    `INSERT INTO leads (id, name, email, message) VALUES (gen_random_uuid(), '${name}', 'jo@example.org', '')`;
  let pool: TenantPool;

  beforeAll(() => {
    const password = () => tokenOf(APPLICATION);
    pool = new TenantPool({ ...at, user: APPLICATION, password, database: 'funnels', ssl: { ca }, max: 2 });
    pool.on('error', () => undefined);
  });
  afterAll(() => pool.end());
  afterEach(() => asApplication(`DELETE FROM leads WHERE name <> 'Jo'`));

  test('is kept as a whole, beside others, and is seen by nobody before', async () => {
    const both = (name: string) =>
      pool.transaction(async (session) => {
        await session.query(insert(`${name} 1`));
        expect(JSON.stringify(await asApplication(NAMES))).not.toContain(name);
        await session.query(insert(`${name} 2`));
        return name;
      });
    expect(await Promise.all([both('Al'), both('Bo'), both('Cy')])).toEqual(['Al', 'Bo', 'Cy']);
    expect(await asApplication(NAMES)).toHaveLength(7);
  });

  test.each<[string, (session: Pick<Client, 'query'>) => Promise<unknown>, RegExp]>([
    ['throws', () => Promise.reject(new Error('not today')), /not today/],
    ['fails at the server', (session) => session.query('SELECT 1/0'), /division by zero/],
    ['passes over a failure', (session) => session.query('SELECT 1/0').catch(() => undefined), /nothing was kept/],
    ['is ended', (session) => session.query('SELECT pg_terminate_backend(pg_backend_pid())'), /terminat/i],
  ])('of which the work %s leaves nothing, and says so; the next one has a connection', async (_, work, words) => {
    for (const _ of [1, 2, 3]) {
      const failing = pool.transaction(async (session) => {
        await session.query(insert('Di'));
        await work(session);
      });
      await expect(failing).rejects.toThrow(words);
    }
    expect((await pool.query(NAMES)).rows).toEqual([{ name: 'Jo' }]);
    expect(pool.totalCount).toBeLessThanOrEqual(2);
  });

  test('that a query has left open takes in nothing that another one writes', async () => {
    await pool.query('BEGIN');
    await pool.query(insert('Ed'));
    expect(await asApplication(NAMES)).toContainEqual({ name: 'Ed' });
    for (const _ of [1, 2, 3]) await expect(pool.query('BEGIN; SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('that the server ends between two statements ends nothing else', async () => {
    const failing = pool.transaction(async (session) => {
      const { rows } = await session.query('SELECT pg_backend_pid() AS pid');
      await asMaster(`SELECT pg_terminate_backend(${rows[0]?.pid})`);
      const hasEnded = () =>
        session.query('SELECT 1').then(
          () => undefined,
          () => true,
        );
      await eventually('the end of the session', hasEnded);
    });
    await expect(failing).rejects.toThrow();
    expect((await pool.query(NAMES)).rows).toEqual([{ name: 'Jo' }]);
  });
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
  return await askDatabase.run({ trust: async () => createSecureContext({ ca }) }, input);
};

test('what PrepareDatabase makes is what the isolation checks expect', async () => {
  const { own, facts } = await askDoor();
  expect(own).toEqual({ outcome: 'accepted' });
  for (const [name, expected] of Object.entries(expectedFacts('t1', ROLES_REVISION)))
    expect([name, factDifference(name as FactName, facts[name as FactName], expected)]).toEqual([
      name,
      { beyond: [], lacking: [] },
    ]);
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
  ['DELETE FROM kysely_migration', '42501'],
  [`COPY leads TO PROGRAM 'cat'`, '42501'],
])('the application may not %s', async (statement, code) => {
  await expect(asApplication(statement)).rejects.toMatchObject({ code });
});

describe('migrations of a database that an application uses', () => {
  const digest = '0123456789ab';
  const file = (name: string, text: string): MigrationFile => ({ name: `${name}-${digest}`, text });
  const RELEASED = [...MIGRATION_FILES, file('0002-source', 'ALTER TABLE leads ADD source text')];
  const LAST = file('0003-score', 'ALTER TABLE leads ADD score int; CREATE TABLE scores ()');
  const BROKEN = file('0003-score', 'ALTER TABLE leads ADD score int; CREATE TABLE leads ()');
  const living = (files: readonly MigrationFile[], to = files.at(-1)?.name) => setUp({ to, living: true }, files);

  afterAll(() =>
    asMaster('SET ROLE funnels_owner; DROP TABLE funnels.kysely_migration, funnels.leads, funnels.scores'),
  );

  test('end at the file that is named, and never go back', async () => {
    const [first, second] = RELEASED;
    expect(await living([...RELEASED, LAST], first?.name)).toEqual({ version: first?.name });
    expect(await living([...RELEASED, LAST], second?.name)).toEqual({ version: second?.name });
    expect(await living([...RELEASED, LAST], first?.name)).toEqual({ version: second?.name });
    expect(await asApplication('SELECT source FROM leads LIMIT 1')).toHaveLength(1);
  });

  test('keep the files before one that fails, and name the file and the SQL state', async () => {
    await expect(living([...RELEASED, BROKEN])).rejects.toMatchObject({
      name: 'MigrationFailed',
      message: expect.stringMatching(/^migration 0003-score-\w+: relation "leads" already exists \(42P07\)$/),
    });
    const unsound = living([...RELEASED, LAST, file('0004-end', 'COMMIT')]);
    await expect(unsound).rejects.toThrow(/^migration 0004-end-\w+: COMMIT ends or begins a transaction/);
    await expect(asApplication('SELECT score FROM leads')).rejects.toMatchObject({ code: '42703' });
    expect(await living([...RELEASED, LAST])).toEqual({ version: LAST.name });
  });

  /** A run that failed at a later file has recorded nothing, so that the caller names the version before it. */
  test('are made up for in a restored database, up to what the tenant’s has, also where that is on no record', async () => {
    const restored = await instanceCalled('restored');
    const [first] = RELEASED;
    const ROWS = file('0004-rows', 'UPDATE leads SET score = 1');
    await setUp({ ...restored, to: first?.name });
    const owner = { ...restored, ...MASTER, database: 'funnels', ssl: { ca } };
    const lead = `INSERT INTO funnels.leads (id, name, email, message) VALUES (gen_random_uuid(), 'Ed', 'ed@example.org', '')`;
    await askOnce(owner, `SET ROLE funnels_owner; ${lead}`);
    const from = { ...restored, ...MASTER, token: await tokenOf(MASTER.user) };
    const step = (restore: object) =>
      setUp({ to: first?.name, living: true, rolesAreMade: true, restore }, [...RELEASED, LAST, ROWS]);
    const stage = { is: 'stage', instance: 'db-THEN', from, gib: 100 };
    expect(await step(stage)).toMatchObject({ version: LAST.name, restore: { is: 'staged', rows: 1 } });

    // A file that changes rows alone is under way when they are to be replaced.
    const migration = new Client({ ...at, ...MASTER, database: 'funnels', ssl: { ca } });
    await migration.connect();
    await migration.query(`SET ROLE funnels_owner; BEGIN; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const [record, rows] = ['kysely_migration', 'leads'].map((table) => `funnels.${table}`);
    await migration.query(`INSERT INTO ${record} VALUES ('${ROWS.name}', ''); UPDATE ${rows} SET score = 1`);
    expect(await step({ is: 'switch', instance: 'db-THEN' })).toMatchObject({ restore: { is: 'switching' } });
    await migration.query('COMMIT');
    await migration.end();
    const after = await eventually('the end of the switch', async () => {
      const { restore } = await step({ is: 'switch', instance: 'db-THEN' });
      return restore?.is === 'switching' ? undefined : restore;
    });
    expect(after).toMatchObject({ is: 'staging' });
    await asMaster(`SET ROLE funnels_owner; DELETE FROM ${record} WHERE name = '${ROWS.name}'`);
    expect(await step({ is: 'drop' })).toMatchObject({ restore: { is: 'dropped' } });
  });

  test('leave the roles as they are when those are on record as this release’s', async () => {
    const setting = `ALTER ROLE ${APPLICATION} SET lock_timeout = '7s'`;
    const settings = () => asMaster(`SELECT rolconfig::text FROM pg_roles WHERE rolname = '${APPLICATION}'`);
    const [made] = await settings();
    await asMaster(`ALTER ROLE ${APPLICATION} RESET search_path; ${setting}`);
    await setUp({ to: LAST.name, living: true, rolesAreMade: true }, [...RELEASED, LAST]);
    expect(await settings()).not.toEqual([made]);
    await asMaster(`ALTER ROLE ${APPLICATION} RESET lock_timeout`);
    await setUp({ to: LAST.name, living: true }, [...RELEASED, LAST]);
    expect(await settings()).toMatchObject([{ rolconfig: expect.stringContaining('search_path') }]);
  });

  test('begin each with the settings of the session, whatever the file before has set, as a dump does', async () => {
    const settings = `SET statement_timeout = 0; SELECT pg_catalog.set_config('search_path', '', false)`;
    const limits = (table: string) =>
      `CREATE TABLE ${table} AS SELECT current_setting('statement_timeout') AS statement, current_setting('search_path') AS path`;
    const [dump, next] = [file('0004-dump', settings), file('0005-next', limits('settings'))];
    const outside = file('0006-outside', `-- outside a transaction\n${settings};\n`);
    const after = file('0007-after', `-- outside a transaction\n${limits('outside')};\n`);
    const files = [...RELEASED, LAST, dump, next, outside, after];
    expect(await living(files)).toEqual({ version: after.name });
    expect(await asApplication('TABLE settings')).toEqual([{ statement: '15s', path: 'funnels' }]);
    expect(await asApplication('TABLE outside')).toEqual([{ statement: '1min', path: 'funnels' }]);
    const names = files.slice(3).map(({ name }) => `'${name}'`);
    await asMaster(
      `SET ROLE funnels_owner; DROP TABLE funnels.settings, funnels.outside;
       DELETE FROM funnels.kysely_migration WHERE name IN (${names})`,
    );
  });

  test('give up soon when the application holds a lock, so that it never waits for long', async () => {
    const holder = new Client({ ...at, ...MASTER, database: 'funnels', ssl: { ca } });
    await holder.connect();
    await holder.query('SET ROLE funnels_owner; BEGIN; LOCK TABLE funnels.leads IN ROW EXCLUSIVE MODE');
    const waiting = file('0004-locked', 'ALTER TABLE leads ADD locked int');
    const migrating = living([...RELEASED, LAST, waiting]).catch((thrown: unknown) => thrown);
    // What stands behind the migration in the queue for the lock goes on when the migration gives up.
    await asApplication('SELECT count(*) FROM leads');
    expect(await migrating).toMatchObject({ name: 'TransientConflict', message: expect.stringContaining('55P03') });
    await holder.end();
    expect(await living([...RELEASED, LAST, waiting])).toEqual({ version: waiting.name });
  });

  describe('outside a transaction', () => {
    const OUTSIDE = '-- outside a transaction\n-- Built beside the application;\n';
    const dropped = 'DROP INDEX CONCURRENTLY IF EXISTS leads_by_name;\n';
    const built = (statement: string) => file('0005-leads-by-name', `${OUTSIDE}${dropped}${statement};\n`);
    const BUILT = built('CREATE INDEX CONCURRENTLY leads_by_name\n  ON leads (name)');
    const AFTER = file('0006-after', 'ALTER TABLE leads ADD after int');
    const BEFORE = [...RELEASED, LAST, file('0004-locked', 'ALTER TABLE leads ADD locked int')];
    const indexes = () =>
      asMaster(`SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('funnels.leads_by_name')`);

    test('an index that cannot be built is no migration that ran, and is built when its reason is gone', async () => {
      const unique = built('CREATE UNIQUE INDEX CONCURRENTLY leads_by_name ON leads (name)');
      const lead = `INSERT INTO leads (id, name, email, message) VALUES (gen_random_uuid(), 'Jo', 'jo@example.org', '')`;
      await asApplication(lead);
      await asApplication(lead);
      const failed = {
        name: 'MigrationFailed',
        message: expect.stringMatching(/^migration 0005-leads-by-name-.* \(23505\)$/),
      };
      await expect(living([...BEFORE, unique])).rejects.toMatchObject(failed);
      expect(await indexes()).toEqual([{ indisvalid: false }]);

      const careless = file(
        '0005-leads-by-name',
        `${OUTSIDE}CREATE INDEX CONCURRENTLY IF NOT EXISTS leads_by_name ON leads (name);`,
      );
      await expect(living([...BEFORE, careless])).rejects.toMatchObject({
        name: 'MigrationFailed',
        message: expect.stringContaining('leads_by_name is invalid'),
      });
      await asApplication('DELETE FROM leads');
      expect(await living([...BEFORE, unique])).toEqual({ version: unique.name });
      expect(await indexes()).toEqual([{ indisvalid: true }]);
      await asMaster(`SET ROLE funnels_owner; DELETE FROM funnels.kysely_migration WHERE name = '${unique.name}'`);
    });

    test('an index is built while the application writes; a second run has to come again', async () => {
      const files = [...BEFORE, BUILT, AFTER];
      const writer = new Client({ ...at, ...MASTER, database: 'funnels', ssl: { ca } });
      await writer.connect();
      await writer.query('SET ROLE funnels_owner; BEGIN; LOCK TABLE funnels.leads IN ROW EXCLUSIVE MODE');
      const first = living(files);
      while ((await asMaster(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted`)).length === 0);
      // The builder waits for the writer longer than a lock may be waited for, and nobody waits for the builder.
      await expect(living(files)).rejects.toMatchObject({ name: 'TransientConflict' });
      await asApplication('SELECT count(*) FROM leads');
      await new Promise((resolve) => setTimeout(resolve, 2_200));
      await writer.query('COMMIT');
      await writer.end();
      expect(await first).toEqual({ version: AFTER.name });
      expect(await indexes()).toEqual([{ indisvalid: true }]);
      expect(await living(files)).toEqual({ version: AFTER.name });
    });
  });

  test('refuse a file that the cell’s function does not know', async () => {
    await expect(living(RELEASED, `0009-future-${digest}`)).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
  });

  test('a file that was changed after it ran is told as missing', async () => {
    const changed = [...MIGRATION_FILES, file('0002-origin', 'ALTER TABLE leads ADD origin text')];
    await expect(living(changed)).rejects.toMatchObject({
      name: 'MigrationFailed',
      message: expect.stringContaining('0002-source'),
    });
  });
});

test('PrepareDatabase logs in with a token when the master password no longer works', async () => {
  await asMaster('GRANT rds_iam TO CURRENT_USER');
  await expect(asMaster('SELECT 1')).rejects.toMatchObject({ code: '28000' });
  expect(await setUp()).toEqual({ version });
});

test('a wrong master user and an unreachable server give different errors', async () => {
  await expect(setUp({ user: 'nobody', password: 'x' })).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(setUp({ port: 1 })).rejects.toMatchObject({ name: 'TransientServiceFault' });
});
