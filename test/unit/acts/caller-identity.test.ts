import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callerOf } from '../../../functions/acts/caller-identity';
import { SuspendTenantOutput } from '../../../functions/contract/audit';
import { perform } from '../../../operations/client/perform';
import { NOW } from '../../support/builders';

const ACCOUNT = '111122223333';
const JANE = `arn:aws:iam::${ACCOUNT}:user/jane`;
const credentials = { accessKeyId: 'AKIAJANE', secretAccessKey: 'the secret of jane' };

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Whether jane has signed the request, as "Create a signed AWS API request" has it. */
function isSignedByJane({ headers }: IncomingMessage, body: string): boolean {
  const [, scope = '', names = '', signature] =
    /Credential=AKIAJANE\/(\S+), SignedHeaders=(\S+), Signature=(\w+)/.exec(headers.authorization ?? '') ?? [];
  const signed = names.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  const canonical = ['POST', '/', '', signed.join(''), names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((so, part) => hmac(so, part), `AWS4${credentials.secretAccessKey}`);
  return hmac(key, toSign).toString('hex') === signature;
}

/** STS, as far as a signature goes. */
const sts: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    received.push(request);
    const isJane = isSignedByJane(request, Buffer.concat(chunks).toString());
    response.writeHead(isJane ? 200 : 403, { 'content-type': 'text/xml' });
    response.end(
      isJane
        ? `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${JANE}</Arn><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
        : '<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>does not match</Message></Error></ErrorResponse>',
    );
  });
});
const received: IncomingMessage[] = [];
const before = { ...process.env };
let endpoint = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
  // Of the function: a role's session.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'ASIAROLE',
    AWS_SECRET_ACCESS_KEY: 'the secret of the role',
    AWS_SESSION_TOKEN: 'the session of the role',
    // Of whoever runs the tests: the SDK would look for nothing else.
    AWS_PROFILE: '',
  });
});
afterAll(async () => {
  process.env = before;
  sts.closeAllConnections();
  await new Promise((resolve) => sts.close(resolve));
});

/** What an operator's client sends to PerformAct. */
async function sentBy(aws = { region: 'eu-central-1', endpoint, credentials }) {
  let sent = { request: '', identity: {} as Record<string, string> };
  const answer = { outcome: 'done', id: 'i', by: JANE, answer: { tenantId: 't', host: 'h', suspendedAt: NOW } };
  const lambda = {
    send: async ({ input }: { input: { Payload: string } }) => {
      sent = JSON.parse(input.Payload);
      return { Payload: { transformToString: () => JSON.stringify(answer) } } as never;
    },
  };
  const operator = { aws, lambda: lambda as never, performActFunctionName: 'PerformAct' };
  await perform(operator, { kind: 'suspend', tenant: 'acme', reason: 'unpaid' }, SuspendTenantOutput);
  return sent;
}

it('names the caller who has signed the act, and sends nothing of the function’s own session', async () => {
  await expect(callerOf(await sentBy(), ACCOUNT)).resolves.toBe(JANE);
  expect(received.at(-1)?.headers).not.toHaveProperty('x-amz-security-token');
  expect(received.at(-1)?.headers.authorization).toContain('x-onboarding-act');
});

it('sends no request to STS while it signs', async () => {
  const asked = received.length;
  await sentBy();
  expect(received).toHaveLength(asked);
});

it('refuses the signature of another act', async () => {
  const { request, identity } = await sentBy();
  const changed = { request: request.replace('acme', 'globex'), identity };
  await expect(callerOf(changed, ACCOUNT)).rejects.toMatchObject({ name: 'AccessDenied' });
  const forged = { request: changed.request, identity: { ...identity, 'x-onboarding-act': sha256(request) } };
  await expect(callerOf(forged, ACCOUNT)).rejects.toMatchObject({ name: 'AccessDenied' });
});

it('refuses a signature with another secret, no signature, and a caller of another account', async () => {
  const other = { ...credentials, secretAccessKey: 'a guess' };
  const guessed = await sentBy({ region: 'eu-central-1', endpoint, credentials: other });
  await expect(callerOf(guessed, ACCOUNT)).rejects.toMatchObject({ name: 'AccessDenied' });
  const { request } = guessed;
  await expect(callerOf({ request, identity: {} }, ACCOUNT)).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(callerOf(await sentBy(), '444455556666')).rejects.toMatchObject({ name: 'AccessDenied' });
});

it.each([
  ['InvalidRequest', 'refused'],
  ['AccessDenied', 'refused'],
  ['TransientThrottling', 'failed'],
])('an act that PerformAct answers with %s is %s', async (errorType, outcome) => {
  const thrown = JSON.stringify({ errorType, errorMessage: 'act: act.reason: expected at most 2000 characters' });
  const lambda = { send: async () => ({ FunctionError: 'Unhandled', Payload: { transformToString: () => thrown } }) };
  const operator = {
    aws: { region: 'eu-central-1', credentials },
    lambda: lambda as never,
    performActFunctionName: 'PerformAct',
  };
  const asked = perform(operator, { kind: 'suspend', tenant: 'acme', reason: 'x'.repeat(2001) }, SuspendTenantOutput);
  await expect(asked).rejects.toMatchObject({ name: 'ActNotDone', outcome, error: errorType });
});
