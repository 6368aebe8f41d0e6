import { Readable } from 'node:stream';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { VERSION_HEADER } from '../functions/contract/naming';
import { behindTenant } from './behind-tenant';
import { addLeadRoutes } from './lead-routes';
import type { Tenant, Tenants } from './tenant-context/tenant';
import { type Page, TenantPages } from './tenant-page';

declare module 'fastify' {
  interface FastifyRequest {
    /** The tenant of the requested page, for the log. Undefined until the route is found. */
    tenantId: string | undefined;
  }
}

export interface AppOptions {
  readonly tenants: Tenants;
  readonly logger: FastifyServerOptions['logger'];
  /** For a client to send the whole of its request. */
  readonly requestMs?: number;
}

/**
 * A form is sent in much less. The load balancer passes a body on as it comes, and a client that sends a byte a minute would
 * keep its connection for hours ("server.requestTimeout", Node).
 */
const REQUEST_MS = 20_000;
/** How often Node looks for such clients. */
const LOOK_MS = 5_000;

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000',
  // No shared cache may keep a page: it could send the page to a visitor of another tenant.
  'cache-control': 'private, no-cache',
} as const;

const RETRY_AFTER_SECONDS = 10;

const text = (reply: FastifyReply, status: number, words: string) =>
  reply.code(status).type('text/plain; charset=utf-8').send(`${words}\n`);
const invalid = (reply: FastifyReply, status: number) => text(reply, status, 'This request is not valid.');
const nothingHere = (reply: FastifyReply) => text(reply, 404, 'There is nothing under this name.');
const beingUpdated = (reply: FastifyReply) =>
  text(reply.header('retry-after', RETRY_AFTER_SECONDS), 503, 'This site is being updated.');
const beingSetUp = (reply: FastifyReply) =>
  text(reply.header('retry-after', RETRY_AFTER_SECONDS), 503, 'This site is being set up.');

function html(reply: FastifyReply, { body, length }: Page) {
  if (length !== undefined) reply.header('content-length', length);
  return reply.type('text/html; charset=utf-8').send(body);
}

/** The HTTP application. It serves one HTML page per host: the page of the host's own tenant. */
export function serviceApp(options: AppOptions): FastifyInstance {
  const { tenants, logger = false, requestMs = REQUEST_MS } = options;
  const version = tenants.headers[VERSION_HEADER];
  const common = { ...SECURITY_HEADERS, ...tenants.headers };
  const app = Fastify({
    // No hook runs for a URL that cannot be decoded. Every answer counts for a release, this one too.
    frameworkErrors: (_, __, reply) => invalid(reply.headers(common), 400),
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    requestTimeout: requestMs,
    // Node takes the longer of both for the whole request.
    http: { headersTimeout: requestMs, connectionsCheckingInterval: Math.min(requestMs, LOOK_MS) },
  });
  app.decorateRequest('tenantId', undefined);
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(common);
  });
  app.addHook('onResponse', async (request, reply) => {
    if (request.url.startsWith('/healthz')) return;
    const { method, tenantId } = request;
    const host = tenants.hostOf(request.headers.host);
    const answered = { method, host, tenantId, version, status: reply.statusCode, ms: reply.elapsedTime };
    request.log.info(answered, 'request.answered');
  });

  // A kept-alive connection stays open after its last answer, and delays the task's exit until ECS
  // kills it.
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_, reply) => {
    if (closing) reply.header('connection', 'close');
  });

  app.addHook('onClose', async () => tenants.close());

  const pages = new TenantPages();

  /** A release asks this of a version before any visitor gets it. */
  const servesPage = async (tenant: Tenant) => {
    const page = await pages.of(tenant);
    if (page?.body instanceof Readable) page.body.destroy();
  };
  app.get<{ Querystring: { host?: string | string[] } }>('/healthz', async ({ query }, reply) => {
    // A release asks for one host. Whoever names two is a visitor, whose mistake is no fault of this version.
    if (Array.isArray(query.host)) return invalid(reply, 400);
    const { status, headers, body } = await tenants.health(query.host, servesPage);
    return reply.code(status).headers(headers).send(body);
  });

  /** The tenant of the request's host, if it is in service; otherwise the reply has been sent. */
  const activeTenant = async (request: FastifyRequest, reply: FastifyReply): Promise<Tenant | undefined> => {
    const visit = await tenants.visit(request.headers.host);
    if (visit.state === 'active') {
      request.tenantId = visit.tenant.tenantId;
      return visit.tenant;
    }
    if (visit.state === 'unknown') {
      nothingHere(reply);
      return undefined;
    }
    request.tenantId = visit.tenantId;
    if (visit.state === 'closed') beingSetUp(reply);
    else {
      request.log.warn(behindTenant(visit, tenants.needs), 'tenant.behind');
      beingUpdated(reply);
    }
    return undefined;
  };

  app.get('/', async (request, reply) => {
    const tenant = await activeTenant(request, reply);
    if (!tenant) return reply;
    const page = await pages.of(tenant);
    return page ? html(reply, page) : nothingHere(reply);
  });
  addLeadRoutes(app, activeTenant, (header) => tenants.hostOf(header));

  app.setNotFoundHandler((_, reply) => nothingHere(reply));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    // Fastify rejected the request as malformed.
    if (error.statusCode && error.statusCode < 500) return invalid(reply, error.statusCode);
    request.log.error({ err: error, tenantId: request.tenantId }, 'request.failed');
    return text(reply, 502, 'This page cannot be shown right now.');
  });
  return app;
}
