import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { isBehind } from '../functions/contract/migration';
import { BEHIND, MIGRATION_HEADER, VERSION_HEADER } from '../functions/contract/naming';
import type { RouteRecord } from '../functions/contract/records';
import { behindTenant } from './behind-tenant';
import { tenantHost } from './host';
import { addLeadRoutes } from './lead-routes';
import type { RouteDirectory } from './route-directory';
import type { TenantDatabases } from './tenant-databases';
import { type Page, tenantPage } from './tenant-page';
import type { TenantSessions } from './tenant-sessions';

declare module 'fastify' {
  interface FastifyRequest {
    /** The tenant of the requested page, for the log. Undefined until the route is found. */
    tenantId: string | undefined;
  }
}

export interface AppOptions {
  readonly domain: string;
  /** Of the image, as the release that started the task names it. */
  readonly version: string;
  readonly routes: RouteDirectory;
  readonly sessions: TenantSessions;
  readonly databases: TenantDatabases;
  /** The migration that this version needs of a tenant's database. */
  readonly needs: string;
  /** The last migration that this version knows. */
  readonly knows: string;
  readonly logger: FastifyServerOptions['logger'];
}

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

const SWEEP_EVERY_MS = 15_000;
const RETRY_AFTER_SECONDS = 10;

const text = (reply: FastifyReply, status: number, words: string) =>
  reply.code(status).type('text/plain; charset=utf-8').send(`${words}\n`);
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
  const { domain, version, routes, sessions, databases, needs, knows, logger = false } = options;
  const app = Fastify({
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
  });
  app.decorateRequest('tenantId', undefined);
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(SECURITY_HEADERS).header(VERSION_HEADER, version);
  });
  app.addHook('onResponse', async (request, reply) => {
    if (request.url.startsWith('/healthz')) return;
    const { method, tenantId } = request;
    const host = tenantHost(request.headers.host, domain);
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

  const sweeping = setInterval(() => sessions.sweep(), SWEEP_EVERY_MS).unref();
  app.addHook('onClose', async () => {
    clearInterval(sweeping);
    sessions.clear();
    databases.clear();
  });

  /** By the route, which is read anyway: a tenant is served again seconds after its migration. */
  const lacks = ({ database }: RouteRecord) => database !== undefined && isBehind(database.version, needs);

  /**
   * For a host: whether its page can be served. A release asks this of a version before any
   * visitor gets it.
   */
  const serves = async (host: string) => {
    const route = await routes.find(host);
    if (route?.status !== 'ACTIVE') return 'not served';
    if (lacks(route)) return 'behind';
    const page = await tenantPage(sessions, route);
    page?.body.destroy();
    return 'ok';
  };
  app.get<{ Querystring: { host?: string } }>('/healthz', async ({ query }, reply) => {
    reply.header(MIGRATION_HEADER, knows);
    if (query.host === undefined) return text(reply, 200, `ok ${version}`);
    const host = tenantHost(query.host, domain);
    const answer = host === undefined ? 'not served' : await serves(host);
    if (answer === 'behind') return text(reply, 503, `${BEHIND} ${needs}`);
    return text(reply, answer === 'ok' ? 200 : 404, answer === 'ok' ? `ok ${version}` : answer);
  });
  /** The route of the request's host, if its tenant is ACTIVE; otherwise the reply has been sent. */
  const activeRoute = async (request: FastifyRequest, reply: FastifyReply): Promise<RouteRecord | undefined> => {
    const host = tenantHost(request.headers.host, domain);
    const route = host && (await routes.find(host));
    if (!route) {
      nothingHere(reply);
      return undefined;
    }
    request.tenantId = route.tenantId;
    const isBehindNow = route.status === 'ACTIVE' && lacks(route);
    if (route.status === 'ACTIVE' && !isBehindNow) return route;
    sessions.forget(route.tenantId);
    databases.forget(route.tenantId);
    if (isBehindNow) {
      request.log.warn(behindTenant(route, needs), 'tenant.behind');
      beingUpdated(reply);
    } else beingSetUp(reply);
    return undefined;
  };

  app.get('/', async (request, reply) => {
    const route = await activeRoute(request, reply);
    if (!route) return reply;
    const page = await tenantPage(sessions, route);
    return page ? html(reply, page) : nothingHere(reply);
  });
  addLeadRoutes(app, { databases, activeRoute });

  app.setNotFoundHandler((_, reply) => nothingHere(reply));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    // Fastify rejected the request as malformed.
    if (error.statusCode && error.statusCode < 500) return text(reply, error.statusCode, 'This request is not valid.');
    request.log.error({ err: error, tenantId: request.tenantId }, 'request.failed');
    return text(reply, 502, 'This page cannot be shown right now.');
  });
  return app;
}
