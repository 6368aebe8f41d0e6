import { randomUUID } from 'node:crypto';
import {
  CreateDBInstanceCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { Signer } from '@aws-sdk/rds-signer';
import { Client, type QueryResult } from 'pg';
import type { Emulator } from '../../emulator/emulator';
import { tenantNames } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import type { RestoredLogin, RestoreStep } from '../../functions/database/copy-call';
import type { setUpDatabase } from '../../functions/database/set-up-database';
import type { serviceApp } from '../../service/app';
import { eventually } from './running-stage';
import { hostOf, lead, MASTER, ROOT } from './sent-leads';
import { routeOf } from './shared-service';
import { KINDS, LOST_OF_ALL_KINDS, OF_ALL_KINDS, ROWS_OF_KINDS } from './tables-of-all-kinds';

type App = ReturnType<typeof serviceApp>;
type Answer = Awaited<ReturnType<App['inject']>>;

/** A running emulator with the tenants `acme` and `beta`, and the shared service, which serves them. */
export interface ServedTenants {
  readonly emulator: Emulator;
  readonly rds: RDSClient;
  readonly ca: string;
  readonly patient: App;
  readonly routes: Readonly<Record<string, RouteRecord>>;
  setUp(route: RouteRecord, ca: string, step?: RestoreStep, copyMs?: number): ReturnType<typeof setUpDatabase.run>;
  send(subdomain: string, fields: Record<string, string>, headers?: Record<string, string>, by?: App): Promise<Answer>;
  list(subdomain: string, token: string, by?: App): Promise<Answer>;
  tokenOf(subdomain: string): Promise<string>;
  withRoute(subdomain: string, change: Partial<RouteRecord>): Promise<void>;
  /** Replicas are behind by so many seconds. */
  lag(seconds: number): void;
  /** The service's clock goes ahead by so many milliseconds. */
  later(ms: number): void;
}

/** The trials of a restore, in the databases that the tests of leads have made. */
export function testRestoredDatabase(scene: ServedTenants): void {
  const last = (results: unknown): Record<string, unknown>[] => ([results].flat().at(-1) as QueryResult)?.rows ?? [];

  /** A session as the owner of the tables, like a migration. */
  async function ownersSession(database = scene.routes.acme?.database): Promise<Client> {
    const { host, port } = database ?? {};
    const client = new Client({ host, port, ...MASTER, database: 'funnels', ssl: { ca: scene.ca } });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('SET ROLE funnels_owner; SET search_path = funnels');
    return client;
  }

  async function asOwner(
    statement: string,
    database = scene.routes.acme?.database,
  ): Promise<Record<string, unknown>[]> {
    const client = await ownersSession(database);
    try {
      return last(await client.query(statement));
    } finally {
      await client.end();
    }
  }

  /** Keeps everybody else from the table until the end of the `work`. */
  async function whileLocked<T>(table: string, work: () => Promise<T>): Promise<T> {
    const client = await ownersSession();
    try {
      await client.query(`BEGIN; LOCK TABLE ${table}`);
      return await work();
    } finally {
      await client.end();
    }
  }

  const leadNames = async () => (await asOwner('SELECT name FROM leads ORDER BY name')).map(({ name }) => name);

  describe('a database that is restored', () => {
    const ALL = `${['visitors', 'answers', ...KINDS]
      .map((each) => `SELECT '${each}' || (x.*)::text AS row FROM ${each} x`)
      .join(' UNION ALL ')} ORDER BY 1`;
    const ROWS = 2 + 5_000 + 2 + ROWS_OF_KINDS;
    let from: RestoredLogin;
    let instance = '';
    let gib = 20;
    const sessionsThat = (are: string) =>
      asOwner(`RESET ROLE; SELECT FROM pg_stat_activity WHERE application_name = 'SetUpDatabase' AND ${are}`);
    const step = async (is: RestoreStep['is'], copyMs?: number) => {
      // The session of a step that has ended ends a moment later at the server, and of two steps at once one does nothing.
      await eventually('the end of earlier steps', async () =>
        (await sessionsThat(`state <> 'active'`)).length === 0 ? true : undefined,
      );
      const asked = is === 'drop' ? { is } : is === 'switch' ? { is, instance } : { is, instance, from, gib };
      return (await scene.setUp(scene.routes.acme ?? routeOf('acme'), scene.ca, asked, copyMs)).restore;
    };
    const staged = () => asOwner(`SELECT FROM pg_namespace WHERE nspname = 'funnels_restored'`);
    /** What RDS does with a function's sessions when Lambda ends it, as far as the server can tell. */
    const kill = async () => {
      await asOwner(
        `RESET ROLE; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'SetUpDatabase'`,
      );
      await eventually('the end of the session', async () =>
        (await sessionsThat('true')).length === 0 ? true : undefined,
      );
    };

    const waitsForALock = () =>
      eventually(
        'a session that waits for a lock',
        async () => (await sessionsThat(`wait_event_type = 'Lock'`)).length > 0 || undefined,
      );

    beforeAll(async () => {
      await asOwner(`
        DELETE FROM leads;
        CREATE TABLE visitors (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload bytea, seen timestamptz,
          score float8, tags text[], twice float8 GENERATED ALWAYS AS (score * 2) STORED, gone int);
        ALTER TABLE visitors DROP COLUMN gone;
        CREATE TABLE answers (visitor int REFERENCES visitors, note text NOT NULL DEFAULT '', extra jsonb);
        CREATE INDEX by_visitor ON answers (visitor);
        INSERT INTO visitors (payload, seen, score, tags)
          SELECT decode('00ff', 'hex'), '2026-03-01 11:00:00.123456+02', n / 7.0, ARRAY['a,b', NULL, '"', repeat('x', 200)]
          FROM generate_series(1, 5000) n;
        INSERT INTO answers VALUES (1, E'line\n\\ "x"', '{"a": [1.10, null]}'), (2, repeat('long', 1000000), NULL);
        ${OF_ALL_KINDS}`);
      for (const [at, name] of ['Kept', 'Lost'].entries()) {
        const id = `0195f000-0000-7000-8000-00000000020${at}`;
        expect((await scene.send('acme', lead({ id, name }))).statusCode).toBe(201);
      }
      const then = new Date(Math.floor(Date.now() / 1000) * 1000 + 1000);
      await new Promise((resolve) => setTimeout(resolve, then.getTime() - Date.now() + 5));
      await asOwner(`
        DELETE FROM leads WHERE name = 'Lost'; DELETE FROM answers; DELETE FROM visitors WHERE id > 10;
        UPDATE visitors SET score = 0; INSERT INTO visitors (score) VALUES (1);
        ${LOST_OF_ALL_KINDS}`);
      const id = '0195f000-0000-7000-8000-000000000209';
      expect((await scene.send('acme', lead({ id, name: 'New' }))).statusCode).toBe(201);
      const target = { TargetDBInstanceIdentifier: 'acme-restored', EnableIAMDatabaseAuthentication: true };
      const source = { SourceDBInstanceIdentifier: 'acme', RestoreTime: then };
      await scene.rds.send(new RestoreDBInstanceToPointInTimeCommand({ ...source, ...target }));
      const { DBInstances: [made] = [] } = await scene.rds.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'acme-restored' }),
      );
      const { Endpoint, DbiResourceId = '' } = made ?? {};
      from = { host: Endpoint?.Address ?? '', port: Endpoint?.Port ?? 0, ...MASTER, token: 'none' };
      instance = DbiResourceId;
    });

    test('stands for a replica that lags: a lead just written is read from the primary, or where the lag is known', async () => {
      const { host, port } = from;
      const [primary] = [scene.routes.acme?.database ?? { host: '', port: 0 }];
      await scene.withRoute('acme', { database: { ...primary, replica: { host, port } } });
      const form = lead({ id: randomUUID(), name: 'Just written' });
      expect((await scene.send('acme', form, {}, scene.patient)).statusCode).toBe(201);
      const username = tenantNames.databaseReader(scene.routes.acme?.tenantId ?? '');
      const at = { hostname: host, port, username, region: scene.emulator.region, credentials: ROOT };
      const [atReplica, atPrimary] = [await new Signer(at).getAuthToken(), await scene.tokenOf('acme')];
      const read = async (token: string, forPrimary?: string) => {
        const second = forPrimary === undefined ? {} : { 'x-primary-token': forPrimary };
        const headers = { host: hostOf('acme'), authorization: `Bearer ${token}`, ...second };
        const answer = await scene.patient.inject({ url: '/leads', headers });
        const ids: string[] = answer.json().leads.map(({ id }: { id: string }) => id);
        return [answer.headers['x-read-from'], ids.includes(form.id)];
      };
      expect(await read(atReplica)).toEqual(['replica', false]);
      expect(await read(atPrimary)).toEqual(['primary', true]);
      scene.lag(11);
      expect(await read(atReplica, atPrimary)).toEqual(['primary', true]);
      scene.lag(0);
      scene.later(10_001);
      await scene.withRoute('acme', {});
      await asOwner(`DELETE FROM leads WHERE id = '${form.id}'`);
    });

    test('is refused without room, or when the tables differ, and nothing is made', async () => {
      gib = 0;
      await expect(step('stage')).rejects.toMatchObject({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining('has 0 GiB, and the copy needs 1 GiB'),
      });
      gib = 20;
      await asOwner('CREATE TABLE later (n int)');
      await expect(step('stage')).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
      await asOwner('DROP TABLE later');
      await asOwner('RESET ROLE; CREATE TABLE public.elsewhere (n int)', from);
      const [{ oid } = {}] = await asOwner('SELECT lo_create(0) AS oid', from);
      await expect(step('stage')).rejects.toMatchObject({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining('does not bring back large objects, public.elsewhere'),
      });
      await asOwner(`SELECT lo_unlink(${oid}); RESET ROLE; DROP TABLE public.elsewhere`, from);
      await asOwner(`
        RESET ROLE; CREATE SCHEMA tied AUTHORIZATION funnels_owner; SET ROLE funnels_owner;
        CREATE TABLE tied.answers (visitor int REFERENCES funnels.visitors);
        CREATE TABLE tied.zones2 PARTITION OF funnels.zones FOR VALUES IN (2)`);
      await expect(step('stage')).rejects.toMatchObject({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining('does not bring back tied.answers, tied.zones2'),
      });
      await asOwner(
        'ALTER TABLE zones DETACH PARTITION tied.zones2; DROP TABLE tied.answers, tied.zones2; DROP SCHEMA tied',
      );
      expect(await step('switch')).toEqual({ is: 'staging', rows: 0 });
      expect(await staged()).toEqual([]);
    });

    test('gets its rows beside its own, in as many calls as it takes, and the application sees nothing of them', async () => {
      const before = await leadNames();
      expect(before).toEqual(['Kept', 'New']);
      const seen: number[] = [];
      for (
        let taken = await step('stage', 0);
        taken?.is === 'staging';
        taken = await step('stage', seen.length > 5 ? 60_000 : 0)
      ) {
        seen.push(taken.rows);
        expect(await leadNames()).toEqual(before);
        expect(await step('switch')).toEqual({ is: 'staging', rows: 0 });
      }
      expect(seen.length).toBeGreaterThan(5);
      expect(seen).toEqual([...seen].sort((one, other) => one - other));
      expect(await step('stage', 0)).toEqual({ is: 'staged', rows: ROWS });
      for (const [user, code] of [
        [tenantNames.databaseUser(scene.routes.acme?.tenantId ?? ''), '42501'],
        [tenantNames.databaseReader(scene.routes.acme?.tenantId ?? ''), '42501'],
      ])
        for (const statement of ['TABLE funnels_restored.t0', 'TABLE funnels_restored.source'])
          await expect(
            asOwner(`RESET ROLE; GRANT ${user} TO CURRENT_USER; SET ROLE ${user}; ${statement}`),
          ).rejects.toMatchObject({
            code,
          });
      expect(
        (await scene.send('acme', lead({ id: '0195f000-0000-7000-8000-000000000211', name: 'Newer' }))).statusCode,
      ).toBe(201);
      expect(await step('drop')).toEqual({ is: 'dropped', rows: 0 });
      expect(await step('drop')).toEqual({ is: 'nothing', rows: 0 });
      expect(await staged()).toEqual([]);
    });

    test('goes on after a call that was killed in the middle of a chunk, and stages no row twice', async () => {
      expect(await step('stage', 0)).toMatchObject({ is: 'staging' });
      for (let killed = 0; killed < 3; killed += 1) {
        const progress = await asOwner('SELECT sum(next) FROM funnels_restored.tables');
        const table = `(SELECT n FROM funnels_restored.tables WHERE next < blocks ORDER BY n LIMIT 1)`;
        const [{ name } = {}] = await asOwner(`SELECT 'funnels_restored.t' || ${table} AS name`);
        await whileLocked(`${name}`, async () => {
          const call = step('stage', 0).catch(() => 'killed');
          await waitsForALock();
          await kill();
          expect(await call).toBe('killed');
        });
        expect(await asOwner('SELECT sum(next) FROM funnels_restored.tables')).toEqual(progress);
        expect(await step('stage', 0)).toMatchObject({ is: 'staging' });
      }
      expect(await step('stage')).toEqual({ is: 'staged', rows: ROWS });
      const inTurn = `SELECT name FROM funnels_restored.tables WHERE name IN ('areas1', 'zones1') ORDER BY n`;
      expect(await asOwner(inTurn)).toEqual([{ name: 'zones1' }, { name: 'areas1' }]);
    });

    test('begins anew when its tables were changed meanwhile, and keeps its rows when a restored one is refused', async () => {
      const before = await leadNames();
      await asOwner('ALTER TABLE leads ADD COLUMN later int');
      expect(await step('switch')).toEqual({ is: 'staging', rows: 0 });
      await asOwner('ALTER TABLE leads DROP COLUMN later');
      await asOwner(`ALTER TABLE leads ADD CONSTRAINT refuses CHECK (name <> 'Lost') NOT VALID`);
      await expect(step('switch')).rejects.toMatchObject({
        name: 'UnexpectedFailure',
        message: expect.stringContaining('(23514)'),
      });
      expect(await leadNames()).toEqual(before);
      expect(await asOwner('SELECT count(*)::int AS count FROM visitors')).toEqual([{ count: 11 }]);
      await asOwner('ALTER TABLE leads DROP CONSTRAINT refuses');
    });

    test('keeps its rows when the switch is killed, or staged rows were changed', async () => {
      const before = await leadNames();
      await whileLocked('answers', async () => {
        expect(await step('switch', 0)).toEqual({ is: 'switching', rows: 0 });
        await waitsForALock();
        expect(await step('switch', 0)).toEqual({ is: 'switching', rows: 0 });
        await expect(step('drop')).rejects.toMatchObject({ name: 'TransientConflict' });
        await kill();
      });
      expect(await leadNames()).toEqual(before);
      const [{ n } = {}] = await asOwner(`SELECT n FROM funnels_restored.tables WHERE name = 'leads'`);
      await asOwner(`UPDATE funnels_restored.t${n} SET name = 'Forged' WHERE name = 'Lost'`);
      await expect(step('switch')).rejects.toThrow('table leads differs from the restored one');
      expect(await leadNames()).toEqual(before);
      await asOwner(`UPDATE funnels_restored.t${n} SET name = 'Lost' WHERE name = 'Forged'`);
    });

    test('has exactly the rows of then, when a switch goes on that nobody waits for, and goes on counting', async () => {
      const shape = `
        SELECT pg_get_constraintdef(oid) AS what FROM pg_constraint WHERE connamespace = 'funnels'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'funnels'
        UNION ALL SELECT concat(oid::regclass, relacl, relowner) FROM pg_class WHERE relnamespace = 'funnels'::regnamespace
        UNION ALL SELECT concat(attrelid::regclass, attname, attidentity, attgenerated) FROM pg_attribute WHERE attrelid::regclass::text IN ('leads', 'visitors', 'answers')
        UNION ALL SELECT concat(tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT concat(ev_class::regclass, rulename, ev_enabled) FROM pg_rewrite
        UNION ALL SELECT concat(oid::regclass, relrowsecurity, relforcerowsecurity) FROM pg_class WHERE relnamespace = 'funnels'::regnamespace
        UNION ALL SELECT defaclacl::text FROM pg_default_acl ORDER BY 1`;
      const before = await asOwner(shape);
      await whileLocked('answers', async () => {
        expect(await step('switch', 0)).toEqual({ is: 'switching', rows: 0 });
        await waitsForALock();
      });
      expect(await eventually('the switch', async () => ((await staged()).length === 0 ? true : undefined))).toBe(true);
      expect(await step('switch')).toEqual({ is: 'switched', rows: ROWS });
      expect(await leadNames()).toEqual(['Kept', 'Lost']);
      const restored = await asOwner(ALL, from);
      expect(restored).toContainEqual({ row: 'moods(glad,2)' });
      expect(await asOwner(ALL)).toEqual(restored);
      expect(await asOwner(shape)).toEqual(before);
      expect(await asOwner('ALTER TABLE hidden NO FORCE ROW LEVEL SECURITY; TABLE hidden')).toEqual([
        { a: 1 },
        { a: 2 },
      ]);
      const [{ id } = {}] = await asOwner('INSERT INTO visitors (score) VALUES (1) RETURNING id');
      // PostgreSQL logs a sequence ahead of its use: after a recovery it skips numbers.
      expect(id).toBeGreaterThan(5000);
      await expect(asOwner('INSERT INTO answers (visitor) VALUES (100000)')).rejects.toMatchObject({ code: '23503' });
      const { leads } = (await scene.list('acme', await scene.tokenOf('acme'))).json();
      expect(leads.map(({ name }: { name: string }) => name).sort()).toEqual(['Kept', 'Lost']);
      expect((await scene.send('acme', lead({ id: '0195f000-0000-7000-8000-000000000210' }))).statusCode).toBe(201);
      expect((await scene.list('beta', await scene.tokenOf('beta'))).json().leads.length).toBeGreaterThan(0);
    });

    test('keeps what was written after the copy when the copy is asked for again', async () => {
      const now = await leadNames();
      expect(now).toHaveLength(3);
      for (const is of ['stage', 'switch'] as const) expect(await step(is)).toEqual({ is: 'switched', rows: ROWS });
      expect(await leadNames()).toEqual(now);
      instance = 'db-ANOTHER';
      expect(await step('stage')).toEqual({ is: 'staged', rows: ROWS });
      expect(await step('switch')).toEqual({ is: 'switched', rows: ROWS });
      expect(await leadNames()).toEqual(['Kept', 'Lost']);
    });

    test('fills an instance that was made anew, which has neither roles nor tables', async () => {
      const made = `SELECT format('DROP TABLE %s CASCADE', string_agg(oid::regclass::text, ',')) AS drop FROM pg_class
        WHERE relnamespace = 'funnels'::regnamespace AND relkind IN ('r', 'p') AND relname !~ '^(leads|kysely)' AND NOT relispartition`;
      const [{ drop } = {}] = await asOwner(made, from);
      await asOwner(`${drop}; DROP TYPE mood, short`, from);
      const { DBInstance } = await scene.rds.send(
        new CreateDBInstanceCommand({
          ...{ DBInstanceIdentifier: 'anew', DBInstanceClass: 'db.t4g.medium', Engine: 'postgres', DBName: 'funnels' },
          ...{
            MasterUsername: MASTER.user,
            MasterUserPassword: MASTER.password,
            EnableIAMDatabaseAuthentication: true,
          },
        }),
      );
      const { Address: host = '', Port: port = 0 } = DBInstance?.Endpoint ?? {};
      const route = { ...(scene.routes.acme ?? routeOf('acme')), database: { host, port } };
      const asked = { is: 'stage', instance, from, gib } as const;
      expect((await scene.setUp(route, scene.ca, { is: 'drop' })).restore).toEqual({ is: 'nothing', rows: 0 });
      expect((await scene.setUp(route, scene.ca, asked)).restore).toEqual({ is: 'staged', rows: 2 });
      expect((await scene.setUp(route, scene.ca, { is: 'switch', instance })).restore).toEqual({
        is: 'switched',
        rows: 2,
      });
      const user = tenantNames.databaseUser(route.tenantId);
      const password = await new Signer({
        ...{ hostname: host, port, username: user, region: scene.emulator.region, credentials: ROOT },
      }).getAuthToken();
      const client = new Client({ host, port, user, password, database: 'funnels', ssl: { ca: scene.ca } });
      await client.connect();
      expect((await client.query('SELECT name FROM leads ORDER BY name')).rows).toEqual([
        { name: 'Kept' },
        { name: 'Lost' },
      ]);
      await client.end();
    });
  });
}
