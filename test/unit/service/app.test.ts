import { setTimeout as pause } from 'node:timers/promises';
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

test("each host gets its own tenant's page, in that tenant's role", async () => {
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

test.each([`ACME.${DOMAIN}`, `acme.${DOMAIN}:8080`, `acme.${DOMAIN}.`])('%s is acme', async (host) => {
  expect((await get(host)).body).toBe('<h1>Acme</h1>');
});

test.each([`nobody.${DOMAIN}`, `beta.acme.${DOMAIN}`, DOMAIN, '127.0.0.1:8080'])('%s is 404', async (host) => {
  const answer = await get(host);
  expect(answer.statusCode).toBe(404);
  expect(answer.body).not.toContain('Acme');
});

test('no header but Host chooses the tenant', async () => {
  const headers = { host: `nobody.${DOMAIN}`, 'x-forwarded-host': `acme.${DOMAIN}`, forwarded: `host=acme.${DOMAIN}` };
  expect((await app.inject({ url: '/', headers })).statusCode).toBe(404);
  expect((await app.inject({ url: '/', headers: { ...headers, host: `beta.${DOMAIN}` } })).body).toContain('Beta');
});

test('only the page is served, and only to be read', async () => {
  expect((await get(`acme.${DOMAIN}`, '/index.html')).statusCode).toBe(404);
  expect((await get(`acme.${DOMAIN}`, '/../secret')).statusCode).toBe(404);
  expect((await get(`acme.${DOMAIN}`, '/', 'POST')).statusCode).toBe(404);
  expect((await get(`acme.${DOMAIN}`, '/%')).statusCode).toBe(400);
});

test.each(['SETTING_UP', 'SUSPENDED'] as const)('a tenant that is %s gets 503 and no session', async (status) => {
  world.add(routeOf('acme', { status }));
  const answer = await get(`acme.${DOMAIN}`);
  expect(answer.statusCode).toBe(503);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.body).not.toContain('Acme');
  expect(world.assumed).toEqual([]);
});

test('a tenant that stops being ACTIVE is not served again, and its credentials are gone', async () => {
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

test('HEAD says what GET would, without the page', async () => {
  const answer = await get(`acme.${DOMAIN}`, '/', 'HEAD');
  expect([answer.statusCode, answer.headers['content-length'], answer.body]).toEqual([200, '13', '']);
  expect((await get(`nobody.${DOMAIN}`, '/', 'HEAD')).statusCode).toBe(404);
});

test('/healthz answers by any host, and asks nobody', async () => {
  for (const host of ['10.0.1.17:8080', `acme.${DOMAIN}`]) expect((await get(host, '/healthz')).statusCode).toBe(200);
  expect([world.routeReads, world.assumed.length]).toEqual([0, 0]);
});

test.each([[`acme.${DOMAIN}`], [`nobody.${DOMAIN}`]])('%s: every answer carries the security headers', async (host) => {
  const { headers } = await get(host);
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).not.toContain('script-src');
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-cache' });
});

test('a refusal of AWS is 502 without a word of it to the visitor, and all of it to the log', async () => {
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

test('a session that AWS refuses is replaced by the next request', async () => {
  await get(`acme.${DOMAIN}`);
  world.refuseSessionsBefore = 1;
  expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(502);
  expect((await get(`acme.${DOMAIN}`)).statusCode).toBe(200);
});

test('a tenant without a page is 404', async () => {
  world.add(routeOf('bare'));
  expect((await get(`bare.${DOMAIN}`)).statusCode).toBe(404);
});

test("an item that is another host's is not believed", async () => {
  world.routes.set(`mixed.${DOMAIN}`, routeOf('acme'));
  expect((await get(`mixed.${DOMAIN}`)).statusCode).toBe(502);
});

test('closing lets the request at hand end', async () => {
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

test('every answer tells the version, and so does the log', async () => {
  for (const [host, url] of [
    [`acme.${DOMAIN}`, '/'],
    [`nobody.${DOMAIN}`, '/'],
    ['10.0.0.7', '/healthz'],
  ] as const)
    expect((await get(host, url)).headers['x-service-version']).toBe('sha256:v1');
  expect(logged.at(-1)).toMatchObject({ msg: 'request.answered', version: 'sha256:v1' });
});

describe('a release asks before any visitor does', () => {
  const served = async (host: string) => await get(`green.c1.${DOMAIN}`, `/healthz?host=${host}`);

  test('whether this version serves a page, and learns nothing of the page', async () => {
    const answer = await served(`acme.${DOMAIN}`);
    expect([answer.statusCode, answer.body]).toEqual([200, 'ok sha256:v1\n']);
    expect(world.assumed).toHaveLength(1);
  });

  test.each([`nobody.${DOMAIN}`, 'acme.example', ''])('%j is not served', async (host) => {
    expect((await served(host)).statusCode).toBe(404);
  });

  test('a page that cannot be read is a failure', async () => {
    world.refuseRoles = true;
    expect((await served(`acme.${DOMAIN}`)).statusCode).toBe(502);
  });

  test('a tenant without a page is served, too', async () => {
    world.add(routeOf('empty'));
    expect((await served(`empty.${DOMAIN}`)).statusCode).toBe(200);
  });
});
