import { ApiErrorSchema } from '../../../operations/console/api/error';
import { ConsoleInTest } from '../../support/running-console';

let console: ConsoleInTest;
beforeAll(async () => {
  console = await ConsoleInTest.start();
});
afterAll(() => console.stop());

const STAGE = '/api/tenants';
const authorized = () => ({ authorization: `Bearer ${console.token}` });

/** Every refusal has the form of an API error, and tells nothing of a tenant. */
async function refusal(path: string, sending: Parameters<ConsoleInTest['send']>[1] = {}) {
  const { status, json, text } = await console.send(path, sending);
  expect(text).not.toContain('Acme');
  return [status, ApiErrorSchema.parse(json).error];
}

it('is on loopback only, with a token in the fragment of its address', () => {
  const { hostname, hash, search } = console.url;
  expect(hostname).toBe('127.0.0.1');
  expect(hash).toMatch(/^#token=[A-Za-z0-9_-]{43}$/);
  expect(search).toBe('');
});

it('answers with the token', async () => {
  expect(await console.send(STAGE, { headers: authorized() })).toMatchObject({ status: 200 });
});

it.each([
  ['no token', {}],
  ['a wrong token', { authorization: `Bearer ${'x'.repeat(43)}` }],
  ['a part of a token', { authorization: 'Bearer ' }],
  ['another scheme', { authorization: 'Basic eDp5' }],
])('refuses %s', async (_, headers) => {
  expect(await refusal(STAGE, { headers })).toEqual([401, 'Unauthorized']);
  expect(await refusal('/api/acts', { method: 'POST', headers })).toEqual([401, 'Unauthorized']);
  expect(await refusal('/api/events', { headers })).toEqual([401, 'Unauthorized']);
});

it('takes no token from the address, which would be in the history of the browser', async () => {
  expect(await refusal(`${STAGE}?token=${console.token}`)).toEqual([401, 'Unauthorized']);
});

it.each(['attacker.example', 'attacker.example:80', 'localhost', '127.0.0.1', '127.0.0.1:1'])(
  'refuses host %s, although the token is right: its name may resolve to loopback',
  async (host) => {
    expect(await refusal(STAGE, { headers: { ...authorized(), host } })).toEqual([421, 'ForeignHost']);
    expect(await refusal('/', { headers: { host } })).toEqual([421, 'ForeignHost']);
  },
);

it.each(['https://attacker.example', 'http://127.0.0.1:1', 'http://localhost', 'null'])(
  'refuses origin %s',
  async (origin) => {
    expect(await refusal(STAGE, { headers: { ...authorized(), origin } })).toEqual([403, 'Forbidden']);
    expect(await refusal(STAGE, { method: 'OPTIONS', headers: { origin } })).toEqual([403, 'Forbidden']);
  },
);

it.each(['cross-site', 'same-site'])('refuses a request that is %s', async (site) => {
  const headers = { ...authorized(), 'sec-fetch-site': site };
  expect(await refusal(STAGE, { headers })).toEqual([403, 'Forbidden']);
  expect(await refusal('/', { headers })).toEqual([403, 'Forbidden']);
});

it('names no other origin that may read its answers', async () => {
  const { headers } = await console.send(STAGE, { headers: { ...authorized(), origin: console.url.origin } });
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('has no method %s', async (method) => {
  expect(await refusal(STAGE, { method, headers: authorized() })).toEqual([405, 'MethodNotAllowed']);
});

it.each([
  '/../package.json',
  '/assets/../../package.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/..%5c..%5cpackage.json',
  '//etc/passwd',
  '/__proto__',
  '/api/constructor',
  '/api/tenants/acme/%2e%2e',
])('has no file or route %s', async (path) => {
  expect(await refusal(path, { headers: authorized() })).toEqual([404, 'NotFound']);
});

describe('a body', () => {
  const post = (body: string, headers: Record<string, string>) =>
    refusal('/api/signups', { method: 'POST', body, headers: { ...authorized(), ...headers } });
  const json = { 'content-type': 'application/json' };

  it('has to be JSON, and to say so: a form of another page can send neither', async () => {
    expect(await post('{}', { 'content-type': 'text/plain' })).toEqual([415, 'NotJson']);
    expect(await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([415, 'NotJson']);
    expect(await post('{', json)).toEqual([400, 'InvalidRequest']);
  });

  it('has a limit', async () => {
    expect(await post(`{"companyName":"${'x'.repeat(70_000)}"}`, json)).toEqual([413, 'BodyTooLarge']);
  });
});

describe('the page', () => {
  it('needs no token, loads nothing from elsewhere and is in no frame', async () => {
    const { status, headers } = await console.send('/');
    expect(status).toBe(200);
    const policy = headers['content-security-policy'];
    for (const directive of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(directive);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  });

  it('is sent compressed, as the browser accepts it', async () => {
    const asset = '/assets/console-1a2b.js';
    const sizes = [];
    for (const [accepted, encoding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip;q=0.8', 'gzip'],
      ['', undefined],
    ] as const) {
      const { headers } = await console.send(asset, { headers: { 'accept-encoding': accepted } });
      expect(headers['content-encoding']).toBe(encoding);
      sizes.push(Number(headers['content-length']));
    }
    expect(sizes[2]).toBe(7000);
    expect(Math.max(...sizes.slice(0, 2))).toBeLessThan(200);
  });
});

it('lets no answer of the API be kept', async () => {
  const { headers } = await console.send(STAGE, { headers: authorized() });
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});
