import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { serviceApp } from '../../../service/app';
import { DOMAIN, routeOf, ServiceWorld } from '../../support/shared-service';

let world: ServiceWorld;
let logged: { msg: string; tenantId?: string; err?: { message: string } }[];
let app: ReturnType<ServiceWorld['app']>;
const until = async (holds: () => boolean) => {
  while (!holds()) await pause(5);
};
const get = (host: string, url = '/', method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
  app.inject({ url, method, headers: { host } });

beforeEach(() => {
  world = new ServiceWorld();
  logged = [];
  world.add(routeOf('acme'), '<h1>Acme</h1>');
  world.add(routeOf('beta'), '<h1>Beta ñ 株式会社</h1>');
  app = world.app(world.sessions(), logged);
});
afterEach(() => app.close());

test("serves each host its own tenant's page, by that tenant's role", async () => {
  const answer = await get(`beta.${DOMAIN}`);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(answer.body).toBe('<h1>Beta ñ 株式会社</h1>');
  expect((await get(`acme.${DOMAIN}`)).body).toBe('<h1>Acme</h1>');
  const { tenantId, roleArn, externalId } = routeOf('beta');
  expect(world.assumed[0]).toMatchObject({
    RoleArn: roleArn,
    ExternalId: externalId,
    Tags: [{ Key: 'tenantId', Value: tenantId }],
  });
});

test.each([`ACME.${DOMAIN}`, `acme.${DOMAIN}:8080`, `acme.${DOMAIN}.`])(
  'serves acme’s page to host %s',
  async (host) => {
    expect((await get(host)).body).toBe('<h1>Acme</h1>');
  },
);

test.each([`nobody.${DOMAIN}`, `beta.acme.${DOMAIN}`, DOMAIN, '127.0.0.1:8080'])(
  'answers 404 to host %s',
  async (host) => {
    const answer = await get(host);
    expect(answer.statusCode).toBe(404);
    expect(answer.body).not.toContain('Acme');
  },
);

test('chooses the tenant by the Host header alone', async () => {
  const headers = { host: `nobody.${DOMAIN}`, 'x-forwarded-host': `acme.${DOMAIN}`, forwarded: `host=acme.${DOMAIN}` };
  expect((await app.inject({ url: '/', headers })).statusCode).toBe(404);
  expect((await app.inject({ url: '/', headers: { ...headers, host: `beta.${DOMAIN}` } })).body).toContain('Beta');
});

test('serves only the page, and only to GET and HEAD', async () => {
  expect((await get(`acme.${DOMAIN}`, '/index.html')).statusCode).toBe(404);
  expect((await get(`acme.${DOMAIN}`, '/../secret')).statusCode).toBe(404);
  expect((await get(`acme.${DOMAIN}`, '/', 'POST')).statusCode).toBe(404);
  expect((await get(`acme.${DOMAIN}`, '/%')).statusCode).toBe(400);
});

/** An empty form from the tenant's own page is told its fields. */
test.each([
  ['as a browser sends it', `acme.${DOMAIN}`, `https://acme.${DOMAIN}`, 400],
  ['of a port that the load balancer has dropped', `acme.${DOMAIN}`, `http://acme.${DOMAIN}:42795`, 400],
  ['of a host in capital letters', `ACME.${DOMAIN}:8080`, `https://acme.${DOMAIN}`, 400],
  ['of another tenant', `acme.${DOMAIN}`, `https://beta.${DOMAIN}`, 403],
  ['of a host that begins alike', `acme.${DOMAIN}`, `https://acme.${DOMAIN}.evil.example`, 403],
  ['of the domain', `acme.${DOMAIN}`, `https://${DOMAIN}`, 403],
  ['that is kept secret', `acme.${DOMAIN}`, 'null', 403],
  ['twice', `acme.${DOMAIN}`, `https://acme.${DOMAIN}, https://evil.example`, 403],
])('a form with an origin %s is told from one of another site', async (_, host, origin, status) => {
  const headers = { host, origin, 'content-type': 'application/x-www-form-urlencoded' };
  expect((await app.inject({ method: 'POST', url: '/leads', headers, payload: 'name=' })).statusCode).toBe(status);
});

/** A release judges a version by its answers 5xx, and counts those with its own header (functions/delivery/judge-traffic.ts). */
test('no visitor gets an answer 5xx, or one without the version, whatever is asked for', async () => {
  const healths = ['/healthz?host=a&host=b', '/healthz?host=%zz', '/healthz?host[]=a'];
  for (const url of ['/%', '/%zz', '/?%zz', '//', '/;', '/*', `/${'a'.repeat(9_000)}`, ...healths]) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'] as const) {
      const { statusCode, headers, body } = await app.inject({ url, method, headers: { host: `acme.${DOMAIN}` } });
      const { 'x-service-version': version, 'cache-control': cache } = headers;
      expect([url, method, statusCode < 500, version]).toEqual([url, method, true, 'sha256:v1']);
      expect([cache, headers['content-security-policy']]).toEqual(['private, no-cache', expect.any(String)]);
      expect(body).not.toMatch(/FST|zz/);
    }
  }
});

test('a client that sends its request too slowly is answered 408, and others meanwhile', async () => {
  const slow = serviceApp({ tenants: world.tenants(world.sessions()), logger: false, requestMs: 200 });
  await slow.listen({ port: 0, host: '127.0.0.1' });
  try {
    const [{ port = 0 } = {}] = slow.addresses() as { port?: number }[];
    const socket = connect(port, '127.0.0.1');
    const head = ['POST /leads HTTP/1.1', `host: acme.${DOMAIN}`, 'content-type: application/x-www-form-urlencoded'];
    socket.write([...head, 'content-length: 100', '', 'name='].join('\r\n'));
    const [answered, closed] = [once(socket, 'data'), once(socket, 'close')];
    expect((await slow.inject({ url: '/', headers: { host: `acme.${DOMAIN}` } })).statusCode).toBe(200);
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 408 /);
    await closed;
  } finally {
    await slow.close();
  }
});

test.each(['SETTING_UP', 'SUSPENDED'] as const)(
  'answers 503 for a tenant that is %s, and opens no session',
  async (status) => {
    world.add(routeOf('acme', { status }));
    const answer = await get(`acme.${DOMAIN}`);
    expect(answer.statusCode).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).not.toContain('Acme');
    expect(world.assumed).toEqual([]);
  },
);

describe('a version that needs a migration', () => {
  const database = (version?: string) => ({ host: 'db', port: 5432, ...(version && { version }) });
  beforeEach(async () => {
    await app.close();
    world.needs = '0002-source-0123456789ab';
    world.add(routeOf('acme', { database: database('0001-leads-0123456789ab') }), '<h1>Acme</h1>');
    world.add(routeOf('beta', { database: database('0002-source-0123456789ab') }), '<h1>Beta</h1>');
    app = world.app(world.sessions(), logged);
  });

  test.each(['/', '/contact'])(
    'answers 503 at %s for the tenant that lacks it alone, with a log line and a metric',
    async (url) => {
      const answer = await get(`acme.${DOMAIN}`, url);
      expect([answer.statusCode, answer.body]).toEqual([503, 'This site is being updated.\n']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect((await get(`beta.${DOMAIN}`, url)).statusCode).toBe(200);
      const lines = logged.filter(({ msg }) => msg === 'tenant.behind');
      expect(lines).toEqual([
        expect.objectContaining({
          tenantId: routeOf('acme').tenantId,
          needs: '0002-source-0123456789ab',
          has: '0001-leads-0123456789ab',
          RequestsOfTenantsBehind: 1,
          _aws: expect.objectContaining({ Timestamp: expect.any(Number) }),
        }),
      ]);
    },
  );

  test('serves the tenant seconds after its migration, and a tenant that is ahead', async () => {
    expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(503);
    world.add(routeOf('acme', { database: database('0003-score-0123456789ab') }), '<h1>Acme</h1>');
    world.now += 6_000;
    expect((await get(`acme.${DOMAIN}`)).body).toBe('<h1>Acme</h1>');
  });

  test('counts a route without a migration as at the first one', async () => {
    world.add(routeOf('acme', { database: database() }), '<h1>Acme</h1>');
    expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(503);
    world.add(routeOf('gamma'), '<h1>Gamma</h1>');
    expect((await get(`gamma.${DOMAIN}`)).statusCode).toBe(200);
  });

  test('tells a release which tenant is behind', async () => {
    const ask = (host: string) => get('green.cell1.funnels.example', `/healthz?host=${host}.${DOMAIN}`);
    const behind = await ask('acme');
    expect([behind.statusCode, behind.body]).toEqual([503, 'behind 0002-source-0123456789ab\n']);
    expect((await ask('beta')).statusCode).toBe(200);
    expect(behind.headers['x-service-migration']).toBe('0003-drop.contract-0123456789ab');
  });
});

test('stops serving a tenant that is no longer ACTIVE, and drops its credentials', async () => {
  const sessions = world.sessions();
  await app.close();
  app = world.app(sessions);
  await get(`acme.${DOMAIN}`);
  expect(sessions.size).toBe(1);
  world.add(routeOf('acme', { status: 'SUSPENDED' }));
  world.now += 6_000;
  expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(503);
  expect(sessions.size).toBe(0);
});

test('answers HEAD as GET, without the page', async () => {
  const answer = await get(`acme.${DOMAIN}`, '/', 'HEAD');
  expect([answer.statusCode, answer.headers['content-length'], answer.body]).toEqual([200, '13', '']);
  expect((await get(`nobody.${DOMAIN}`, '/', 'HEAD')).statusCode).toBe(404);
});

test('answers /healthz for any host, without a call to AWS', async () => {
  for (const host of ['10.0.1.17:8080', `acme.${DOMAIN}`]) expect((await get(host, '/healthz')).statusCode).toBe(200);
  expect([world.routeReads, world.assumed.length]).toEqual([0, 0]);
});

test.each([[`acme.${DOMAIN}`], [`nobody.${DOMAIN}`]])(
  'sends the security headers with every answer, host %s',
  async (host) => {
    const { headers } = await get(host);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('script-src');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-cache' });
  },
);

test('answers 502 without details when AWS denies, and logs the details', async () => {
  world.refuseRoles = true;
  const answer = await get(`acme.${DOMAIN}`);
  expect(answer.statusCode).toBe(502);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.body).toBe('This page cannot be shown right now.\n');
  expect(logged).toContainEqual(
    expect.objectContaining({
      msg: 'request.failed',
      tenantId: routeOf('acme').tenantId,
      err: expect.objectContaining({ message: expect.stringContaining('AccessDenied') }),
    }),
  );
});

test('opens a new session at the next request when AWS refuses one', async () => {
  await get(`acme.${DOMAIN}`);
  world.refuseSessionsBefore = 1;
  expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(502);
  expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(200);
});

test('answers 404 for a tenant without a page', async () => {
  world.add(routeOf('bare'));
  expect((await get(`bare.${DOMAIN}`)).statusCode).toBe(404);
});

test('answers 502 when the route item names another host', async () => {
  world.routes.set(`mixed.${DOMAIN}`, routeOf('acme'));
  expect((await get(`mixed.${DOMAIN}`)).statusCode).toBe(502);
});

test('finishes the request under way before it closes', async () => {
  let open = () => {};
  world.gate = new Promise((resolve) => {
    open = resolve;
  });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = new URL(address);
  // fetch does not let a client choose its Host: any spelling that the service takes for its own will do.
  const { request } = await import('node:http');
  const answered = new Promise<number | undefined>((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers: { host: `acme.${DOMAIN}` } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    })
      .on('error', reject)
      .end();
  });
  await until(() => world.atGate > 0);
  const closed = app.close();
  await until(() => !app.server.listening);
  open();
  expect(await answered).toBe(200);
  await closed;
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
});

test('tells the version in every answer and in the log', async () => {
  for (const [host, url] of [
    [`acme.${DOMAIN}`, '/'],
    [`nobody.${DOMAIN}`, '/'],
    ['10.0.0.7', '/healthz'],
  ] as const)
    expect((await get(host, url)).headers['x-service-version']).toBe('sha256:v1');
  expect(logged.at(-1)).toMatchObject({ msg: 'request.answered', version: 'sha256:v1' });
});

describe('the check of a release before any visitor’s request', () => {
  const served = async (host: string) => await get(`green.c1.${DOMAIN}`, `/healthz?host=${host}`);

  test('answers whether this version can serve a page, and nothing of the page', async () => {
    const answer = await served(`acme.${DOMAIN}`);
    expect([answer.statusCode, answer.body]).toEqual([200, 'ok sha256:v1\n']);
    expect(world.assumed).toHaveLength(1);
  });

  test.each([`nobody.${DOMAIN}`, 'acme.example', ''])('is not served for host or header %j', async (host) => {
    expect((await served(host)).statusCode).toBe(404);
  });

  test('fails when a page cannot be read', async () => {
    world.refuseRoles = true;
    expect((await served(`acme.${DOMAIN}`)).statusCode).toBe(502);
  });

  test('passes for a tenant without a page', async () => {
    world.add(routeOf('empty'));
    expect((await served(`empty.${DOMAIN}`)).statusCode).toBe(200);
  });
});
