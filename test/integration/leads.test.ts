import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  type DBInstance,
  RDSClient,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { type Emulator, startEmulator } from '../../emulator/emulator';
import { tenantNames } from '../../functions/contract/naming';
import type { RestoreStep } from '../../functions/database/copy-call';
import { setUpDatabase } from '../../functions/database/set-up-database';
import type { SessionCredentials } from '../../functions/tenants/tenant-session';
import { serviceApp } from '../../service/app';
import { MIGRATION_FILES } from '../../service/migrations/manifest';
import { lagOf } from '../../service/tenant-context/replica-lag';
import { TenantDatabases } from '../../service/tenant-context/tenant-databases';
import { testRestoredDatabase } from '../support/restored-database';
import { eventually } from '../support/running-stage';
import { hostOf, lead, MASTER, ROOT } from '../support/sent-leads';
import { routeOf, ServiceWorld } from '../support/shared-service';

/** What a role's session is worth after the role was made anew. */
const STALE: SessionCredentials = { ...ROOT, secretAccessKey: 'of-a-former-role' };
const STATEMENT_MS = 1_000;

let emulator: Emulator;
let rds: RDSClient;
let ca: string;
let app: ReturnType<typeof serviceApp>;
/** The same service for tests of which no part may hang on how long a statement takes. */
let patient: ReturnType<typeof serviceApp>;
let credentials = ROOT;
/** Seconds by which replicas are behind: the emulator's never are. */
let behind = 0;
/** Milliseconds by which the service's clock is ahead. */
let now = 0;
const world = new ServiceWorld();
const routes: Record<string, ReturnType<typeof routeOf>> = {};

async function databaseOf(subdomain: string) {
  const { DBInstance } = await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: subdomain,
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'postgres',
      DBName: 'funnels',
      MasterUsername: MASTER.user,
      MasterUserPassword: MASTER.password,
      EnableIAMDatabaseAuthentication: true,
    }),
  );
  const addressOf = ({ Endpoint }: DBInstance = {}) => ({ host: Endpoint?.Address ?? '', port: Endpoint?.Port ?? 0 });
  const primary = addressOf(DBInstance);
  const replica = await rds.send(
    new CreateDBInstanceReadReplicaCommand({
      DBInstanceIdentifier: `${subdomain}-replica`,
      SourceDBInstanceIdentifier: subdomain,
      EnableIAMDatabaseAuthentication: true,
    }),
  );
  const database = { ...primary, replica: addressOf(replica.DBInstance) };
  const route = world.add(routeOf(subdomain, { database }), `<h1>${subdomain}</h1>`);
  routes[subdomain] = route;
  await setUp(route, ca);
}

async function setUp(
  { tenantId, database }: ReturnType<typeof routeOf>,
  ca: string,
  restore?: RestoreStep,
  copyMs = 60_000,
) {
  const { host = '', port = 0 } = database ?? {};
  return await setUpDatabase.run(
    { certificates: () => ca, files: MIGRATION_FILES, copyMs },
    {
      ...{ tenantId, host, port, ...MASTER, token: 'none', living: false, rolesAreMade: restore !== undefined },
      ...{ applicationUser: tenantNames.databaseUser(tenantId), readerUser: tenantNames.databaseReader(tenantId) },
      restore,
    },
  );
}

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  const access = { endpoint: emulator.endpointUrl, region: emulator.region, credentials: ROOT };
  rds = new RDSClient(access);
  process.env.AWS_REGION = emulator.region;
  ca = await emulator.databaseCertificates();
  await Promise.all(['acme', 'beta'].map(databaseOf));
  app = serviceWith({ statementMs: STATEMENT_MS });
  patient = serviceWith({ statementMs: 60_000, connectMs: 60_000 });
});
afterAll(async () => {
  await app?.close();
  await patient?.close();
  await emulator?.stop();
});

function serviceWith(limits: { readonly statementMs: number; readonly connectMs?: number }) {
  const sessions = world.sessions();
  const databases = new TenantDatabases({
    sessions: {
      of: async (route) => ({ ...(await sessions.of(route)), credentials }),
      forget: () => {
        credentials = ROOT;
      },
    },
    certificates: ca,
    ...limits,
    now: () => performance.now() + now,
    lagOf: async (client) => (await lagOf(client)) + behind,
  });
  return serviceApp({ tenants: world.tenants(sessions, databases), logger: false });
}

function send(subdomain: string, fields: Record<string, string>, headers: Record<string, string> = {}, by = app) {
  const host = hostOf(subdomain);
  return by.inject({
    method: 'POST',
    url: '/leads',
    headers: { host, origin: `https://${host}`, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(fields).toString(),
  });
}

async function tokenOf(
  subdomain: string,
  username = tenantNames.databaseReader(routes[subdomain]?.tenantId ?? ''),
  server: 'primary' | 'replica' = 'primary',
): Promise<string> {
  const { database } = routes[subdomain] ?? {};
  const { host: hostname, port } = (server === 'primary' ? database : database?.replica) ?? { host: '', port: 0 };
  return new Signer({ hostname, port, username, region: emulator.region, credentials: ROOT }).getAuthToken();
}

const list = async (subdomain: string, token: string, by = app) =>
  by.inject({ url: '/leads', headers: { host: hostOf(subdomain), authorization: `Bearer ${token}` } });

test('a lead sent to a tenant can be read by that tenant only', async () => {
  const form = await app.inject({ url: '/contact', headers: { host: hostOf('acme') } });
  const [, id = ''] = /name="id" value="([^"]+)"/.exec(form.body) ?? [];
  const answer = await send('acme', lead({ id }));
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([201, 'text/html; charset=utf-8']);
  const listed = await list('acme', await tokenOf('acme'));
  expect(listed.headers['cache-control']).toBe('no-store');
  expect(listed.json().leads).toContainEqual(expect.objectContaining({ ...lead({ id }) }));
  expect((await list('beta', await tokenOf('beta'))).json()).toEqual({ leads: [] });
});

test('a form sent twice makes one lead', async () => {
  const form = lead({ id: '0195f000-0000-7000-8000-000000000002' });
  for (const _ of [1, 2]) expect((await send('acme', form)).statusCode).toBe(201);
  const { leads } = (await list('acme', await tokenOf('acme'))).json();
  expect(leads.filter(({ id }: { id: string }) => id === form.id)).toHaveLength(1);
});

test('leads are read from the replica with the reader’s token for it, and from the primary with one for that', async () => {
  const form = lead({ id: '0195f000-0000-7000-8000-000000000009' });
  expect((await send('acme', form)).statusCode).toBe(201);
  for (const server of ['primary', 'replica'] as const) {
    const { leads } = await eventually(`the lead at the ${server}`, async () => {
      const answer = await list('acme', await tokenOf('acme', undefined, server));
      const body: { leads?: { id: string }[] } = answer.json();
      return body.leads?.some(({ id }) => id === form.id) ? body : undefined;
    });
    expect(leads).toContainEqual(expect.objectContaining({ id: form.id }));
  }
});

test.each([
  ['no token', async () => ''],
  ['another tenant’s token', () => tokenOf('beta')],
  ['a token of the master user', () => tokenOf('acme', MASTER.user)],
  ['a token for another user of the same server', () => tokenOf('acme', 'somebody')],
  ['the master password', async () => MASTER.password],
])('leads cannot be read with %s', async (_, token) => {
  const answer = await list('acme', await token());
  expect([answer.statusCode, answer.body.includes('Jo')]).toEqual([401, false]);
});

test('a form from another site, a lead without an address and a lead that is too long are refused', async () => {
  expect((await send('acme', lead(), { origin: 'https://evil.example' })).statusCode).toBe(403);
  expect((await send('acme', lead(), { origin: '' })).statusCode).toBe(403);
  expect((await send('acme', lead({ email: 'nobody' }))).statusCode).toBe(400);
  expect((await send('acme', lead({ message: 'x'.repeat(2001) }))).statusCode).toBe(400);
  expect((await send('acme', lead({ message: 'x'.repeat(40_000) }))).statusCode).toBe(413);
  const refused = await send('acme', lead({ name: '  ', message: 'a\0b' }));
  expect([refused.statusCode, refused.body]).toEqual([400, 'Please check what you have sent: name, message.\n']);
});

test.each([
  ['of another script', '株'.repeat(2_000), '株'.repeat(2_000)],
  ['of line breaks, as a browser sends them', '\r\n'.repeat(2_000), '\n'.repeat(2_000)],
  ['with quotes and markup', `'; DROP TABLE leads; -- <script>`, `'; DROP TABLE leads; -- <script>`],
])('a message of the longest length %s is kept', async (_, sent, kept) => {
  const form = lead({ id: randomUUID(), name: '株'.repeat(200), message: sent });
  for (const _ of [1, 2]) expect((await send('beta', form)).statusCode).toBe(201);
  const { leads } = (await list('beta', await tokenOf('beta'))).json();
  const found = leads.filter(({ id }: { id: string }) => id === form.id);
  expect(found.map(({ message }: { message: string }) => message)).toEqual([kept]);
});

test('the scheme of a token may be written in any case', async () => {
  const headers = { host: hostOf('acme'), authorization: `bearer  ${await tokenOf('acme')}` };
  expect((await app.inject({ url: '/leads', headers })).statusCode).toBe(200);
});

test('a database that is down gives 503 for its own tenant only, and is used again when it is back', async () => {
  await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'acme' }));
  // An instance that stops serves its sessions for a moment.
  const refused = await eventually('503 of a stopped database', async () => {
    const answer = await send('acme', lead({ id: '0195f000-0000-7000-8000-000000000003' }));
    return answer.statusCode === 503 ? answer : undefined;
  });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await app.inject({ url: '/', headers: { host: hostOf('acme') } })).statusCode).toBe(200);
  expect((await send('beta', lead())).statusCode).toBe(201);
  await rds.send(new StartDBInstanceCommand({ DBInstanceIdentifier: 'acme' }));
  // A server that has just taken no connection is left alone for a moment.
  const status = await eventually('an answer of the started database', async () => {
    const again = await send('acme', lead({ id: '0195f000-0000-7000-8000-000000000003' }));
    return again.statusCode === 503 ? undefined : again.statusCode;
  });
  expect(status).toBe(201);
});

test('a form that is sent again with other words is not called kept', async () => {
  const form = lead({ id: '0195f000-0000-7000-8000-000000000004' });
  expect((await send('acme', form)).statusCode).toBe(201);
  expect((await send('acme', { ...form, message: 'Please call me at noon' })).statusCode).toBe(409);
  expect((await send('acme', form)).statusCode).toBe(201);
});

async function asMaster(subdomain: string): Promise<Client> {
  const { host = '', port = 0 } = routes[subdomain]?.database ?? {};
  const client = new Client({ host, port, ...MASTER, database: 'funnels', ssl: { ca } });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Sessions of the shared service. */
const SESSIONS = `SELECT pid FROM pg_stat_activity WHERE application_name = 'shared-service'`;
/** Those that do something. */
const BUSY = `${SESSIONS} AND state = 'active'`;

/** A tenant's database whose statements about leads wait until the lock is released. */
async function locked(subdomain: string) {
  const [holder, watcher] = await Promise.all([asMaster(subdomain), asMaster(subdomain)]);
  await holder.query('SET ROLE funnels_owner; BEGIN; LOCK TABLE funnels.leads IN ACCESS EXCLUSIVE MODE');
  return {
    /** Of the session whose statement waits. */
    pid: () => eventually('a statement that waits', async () => (await watcher.query(BUSY)).rows[0]?.pid),
    end: (pid: number) => watcher.query('SELECT pg_terminate_backend($1)', [pid]),
    release: () => Promise.all([holder.end(), watcher.end()]),
  };
}

test('a database that is slow delays its own tenant only', async () => {
  const lock = await locked('acme');
  const token = await tokenOf('acme');
  const ids = Array.from({ length: 30 }, (_, n) => `0195f000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`);
  const asked = async (by = app) => {
    const answers = await Promise.all([
      ...ids.map((id) => send('acme', lead({ id }), {}, by)),
      ...Array.from({ length: 30 }, () => list('acme', token, by)),
    ]);
    return new Set(answers.map(({ statusCode }) => statusCode));
  };
  const waiting = asked(patient);
  await lock.pid();
  expect((await send('beta', lead(), {}, patient)).statusCode).toBe(201);
  expect((await list('beta', await tokenOf('beta'), patient)).statusCode).toBe(200);
  expect(await asked()).toEqual(new Set([503]));
  await lock.release();
  expect(await waiting).toEqual(new Set([201, 200, 503]));
  expect((await send('acme', lead({ id: ids[0] ?? '' }))).statusCode).toBe(201);
});

test('a lead whose connection is lost on the way is kept over another one', async () => {
  const lock = await locked('acme');
  const sending = send('acme', lead({ id: '0195f000-0000-7000-8000-000000000005' }), {}, patient);
  await lock.end(await lock.pid());
  await lock.release();
  expect((await sending).statusCode).toBe(201);
});

test('a server that answers nothing loses the connection, and the next lead gets another one', async () => {
  const form = lead({ id: '0195f000-0000-7000-8000-000000000006' });
  expect((await send('acme', lead({ id: randomUUID() }))).statusCode).toBe(201);
  const watcher = await asMaster('acme');
  const { rows: sessions } = await watcher.query<{ pid: number }>(SESSIONS);
  await watcher.end();
  for (const { pid } of sessions) process.kill(pid, 'SIGSTOP');
  try {
    expect((await send('acme', form)).statusCode).toBe(503);
  } finally {
    for (const { pid } of sessions) process.kill(pid, 'SIGCONT');
  }
  expect((await send('acme', form)).statusCode).toBe(201);
});

/** The service reads a route again after some seconds, and closes connections of a tenant out of service. */
async function withRoute(subdomain: string, change: Parameters<typeof routeOf>[1]): Promise<void> {
  world.add({ ...(routes[subdomain] ?? routeOf(subdomain)), ...change });
  world.now += 6_000;
}

describe('a replica that cannot be read', () => {
  const replicaAt = async (port: number) => {
    const { database } = routes.acme ?? {};
    await withRoute('acme', { database: { host: '', port: 0, ...database, replica: { host: 'localhost', port } } });
    const username = tenantNames.databaseReader(routes.acme?.tenantId ?? '');
    const at = { hostname: 'localhost', port, username, region: emulator.region, credentials: ROOT };
    return await new Signer(at).getAuthToken();
  };
  const read = (token: string, forPrimary?: string) =>
    patient.inject({
      url: '/leads',
      headers: {
        ...{ host: hostOf('acme'), authorization: `Bearer ${token}` },
        ...(forPrimary && { 'x-primary-token': forPrimary }),
      },
    });
  const serverOf = ({ statusCode, headers }: Awaited<ReturnType<typeof read>>) => [statusCode, headers['x-read-from']];
  afterEach(async () => {
    behind = 0;
    // A replica is left alone for ten seconds.
    now += 10_001;
    await withRoute('acme', {});
  });

  test('because it is down is made up for by the primary, for whoever may read that, and keeps nobody from it', async () => {
    const token = await replicaAt(1);
    expect(serverOf(await read(token, await tokenOf('acme')))).toEqual([200, 'primary']);
    const visitors = Array.from({ length: 5 }, (_, n) =>
      send('acme', lead({ id: `0195f000-0000-7000-8000-00000000040${n}` }), {}, patient),
    );
    expect((await Promise.all([read(token), ...visitors])).map(({ statusCode }) => statusCode)).toEqual([
      ...[503, 201, 201, 201, 201, 201],
    ]);
    for (const other of [await tokenOf('beta'), token, await tokenOf('acme', tenantNames.databaseUser('t1')), 'none'])
      expect((await read(token, other)).statusCode).toBe(401);
  });

  test('because it answers nothing delays readers once, and the next ones not at all', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const sockets = new Set<Socket>();
    silent.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
    await once(silent, 'listening');
    const token = await replicaAt((silent.address() as AddressInfo).port);
    const forPrimary = await tokenOf('acme');
    const answers = await Promise.all(Array.from({ length: 16 }, () => read(token, forPrimary)));
    expect(answers.map(serverOf)).toEqual(answers.map(() => [200, 'primary']));
    const tried = sockets.size;
    expect(tried).toBeGreaterThan(0);
    expect(serverOf(await read(token, forPrimary))).toEqual([200, 'primary']);
    expect(sockets.size).toBe(tried);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  test('because it lags behind is not read, and one that does not is', async () => {
    const [token, forPrimary] = await Promise.all([tokenOf('acme', undefined, 'replica'), tokenOf('acme')]);
    expect(serverOf(await read(token, forPrimary))).toEqual([200, 'replica']);
    behind = 11;
    expect(serverOf(await read(token, forPrimary))).toEqual([200, 'primary']);
    // Who has no other token sees what the replica has.
    expect(serverOf(await read(token))).toEqual([200, 'replica']);
  });

  test('by this token is not made up for', async () => {
    const wrong = await tokenOf('acme', MASTER.user, 'replica');
    expect((await read(wrong, await tokenOf('acme'))).statusCode).toBe(401);
    const expired = (await tokenOf('acme', undefined, 'replica')).replace(/X-Amz-Signature=./, 'X-Amz-Signature=g');
    expect((await read(expired, await tokenOf('acme'))).statusCode).toBe(401);
  });
});

test('a login that is refused is tried again with a new session of the tenant’s role', async () => {
  await withRoute('beta', { status: 'SUSPENDED' });
  expect((await send('beta', lead())).statusCode).toBe(503);
  await withRoute('beta', {});
  credentials = STALE;
  expect((await send('beta', lead())).statusCode).toBe(201);
  expect(credentials).toBe(ROOT);
});

test('a tenant whose route leads to another server is served from there', async () => {
  expect((await send('beta', lead())).statusCode).toBe(201);
  await withRoute('beta', { database: { host: 'localhost', port: 1 } });
  expect((await send('beta', lead())).statusCode).toBe(503);
  await withRoute('beta', {});
  expect((await send('beta', lead())).statusCode).toBe(201);
});

test('of leads sent while the database reboots, each that was acknowledged is kept, once', async () => {
  const ids = Array.from({ length: 60 }, (_, n) => `0195f000-0000-7000-8000-0000000003${String(n).padStart(2, '0')}`);
  const kept = async (id: string) =>
    await eventually('an acknowledgement', async () => {
      const { statusCode } = await send('beta', lead({ id }));
      return statusCode === 201 ? id : undefined;
    });
  const acknowledged: string[] = [];
  const sendAll = async () => {
    for (let id = ids.shift(); id; id = ids.shift()) acknowledged.push(await kept(id));
  };
  const sending = Promise.all([sendAll(), sendAll(), sendAll()]);
  await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'beta' }));
  await sending;
  const leads = await eventually('the leads after the reboot', async () => {
    const answer = await list('beta', await tokenOf('beta'));
    return answer.statusCode === 200 ? answer.json().leads : undefined;
  });
  const listed = leads.map(({ id }: { id: string }) => id).filter((id: string) => acknowledged.includes(id));
  expect(listed.sort()).toEqual(acknowledged.sort());
  expect(acknowledged).toHaveLength(60);
});

test('two connections serve a burst of requests', async () => {
  const ids = Array.from({ length: 15 }, (_, n) => `0195f000-0000-7000-8000-0000000001${String(n).padStart(2, '0')}`);
  const answers = await Promise.all(ids.map((id) => send('beta', lead({ id }))));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(ids.map(() => 201));
});

testRestoredDatabase({
  get emulator() {
    return emulator;
  },
  get rds() {
    return rds;
  },
  get ca() {
    return ca;
  },
  get patient() {
    return patient;
  },
  ...{ routes, setUp, send, list, tokenOf, withRoute },
  lag: (seconds) => {
    behind = seconds;
  },
  later: (ms) => {
    now += ms;
  },
});
