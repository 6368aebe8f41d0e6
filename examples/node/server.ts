import { createServer, type ServerResponse } from 'node:http';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { tenantsFromEnvironment } from '../../service/tenant-context/from-environment';
import type { Tenant } from '../../service/tenant-context/tenant';

/** An application of your own in place of the shared service: docs/your-application.md says what it must do. */
const tenants = tenantsFromEnvironment(process.env);

/** A role that was made anew denies the sessions of the old one: the next request opens a new session. */
async function stored(tenant: Tenant): Promise<string> {
  try {
    const s3 = await tenant.s3();
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: tenant.bucketName, Key: 'index.html' }));
    return (await Body?.transformToString()) ?? '';
  } catch (thrown) {
    tenant.forget();
    throw thrown;
  }
}

/** The tenant's page, and how many leads its database has, if it has one. */
async function page(tenant: Tenant): Promise<string> {
  const html = await stored(tenant);
  if (!tenant.hasDatabase) return html;
  const { rows } = await tenant.database().query('SELECT count(*)::int AS leads FROM leads');
  return `${html}\n<!-- ${rows[0]?.leads} leads -->\n`;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const CLOSED = { status: 503, headers: { 'retry-after': '10' }, body: 'This site is not available right now.\n' };

const NOTHING = { status: 404, body: 'Nothing is here.\n' };

async function answerTo(target: string, host: string | undefined): Promise<Answer> {
  // A visitor may ask for what is no URL, such as `//`. An answer 5xx would count against this version.
  const url = URL.canParse(target, 'http://task') ? new URL(target, 'http://task') : undefined;
  if (url?.pathname === '/healthz') {
    const asked = url.searchParams.get('host') ?? undefined;
    return tenants.health(asked, async (tenant) => void (await page(tenant)));
  }
  const visit = await tenants.visit(host);
  if (visit.state === 'unknown' || url?.pathname !== '/') return NOTHING;
  if (visit.state !== 'active') return CLOSED;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-cache' };
  return { status: 200, headers, body: await page(visit.tenant) };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  // The load balancer would keep the connection, which delays the end of the task until ECS kills it.
  if (!server.listening) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...tenants.headers, ...headers }).end(body);
}

const server = createServer((request, response) => {
  answerTo(request.url ?? '/', request.headers.host).then(
    (answer) => send(response, answer),
    (thrown: unknown) => {
      console.error(thrown);
      send(response, CLOSED);
    },
  );
});

/** Longer than the load balancer's 60 s: a request must not meet the end of a connection that is kept. */
server.keepAliveTimeout = 70_000;

/** ECS sends SIGTERM and kills the task 30 s later. Requests under way are answered, with their sessions still open. */
process.once('SIGTERM', () => {
  server.close(() => {
    tenants.close();
    // Connections of the SDK, and of databases that are closing, would keep the process for a while.
    process.exit(0);
  });
  server.closeIdleConnections();
});
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '0.0.0.0');
