import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import { contactPage, thanksPage } from './lead-pages';
import { keepLead, LeadSchema, listLeads } from './leads';
import { isRefused } from './tenant-context/lost-connection';
import type { Tenant, Tenants } from './tenant-context/tenant';
import { ForeignToken } from './tenant-context/tenant-databases';

/** The tenant of the request's host, if it is in service; otherwise the reply has been sent. */
type ActiveTenant = (request: FastifyRequest, reply: FastifyReply) => Promise<Tenant | undefined>;

/** A character that is sent as nine: all fields of the form, as long as they may be, are 23,000. */
const LONGEST_BODY = 32 * 1024;
const RETRY_AFTER_SECONDS = 10;
/** A second token, for the primary: it is read when the replica that the first one names cannot be. */
const PRIMARY_TOKEN = 'x-primary-token';
/** Of an answer: which of the two was read. */
const READ_FROM = 'x-read-from';

const text = (reply: FastifyReply, status: number, words: string) =>
  reply.code(status).type('text/plain; charset=utf-8').send(`${words}\n`);
const html = (reply: FastifyReply, body: string) => reply.type('text/html; charset=utf-8').send(body);

/** Names of the fields that are missing, too long or malformed, each once. */
const fieldsOf = ({ issues }: z.ZodError) =>
  [...new Set(issues.map(({ path }) => String(path[0] ?? 'form')))].join(', ');

/**
 * Whether a form was sent from the tenant's own page. Browsers send the origin with every POST of
 * a form ("Cross-Site Request Forgery Prevention Cheat Sheet", OWASP).
 *
 * The origin has the port of the browser's address. The Host header has it no more: a load balancer drops it before it asks
 * a target ("Edit attributes for your Application Load Balancer"), so both are compared as a tenant is looked up.
 */
function fromOwnPage({ origin }: FastifyRequest['headers'], { host }: Tenant, hostOf: Tenants['hostOf']): boolean {
  return origin !== undefined && URL.canParse(origin) && hostOf(new URL(origin).host) === host;
}

/**
 * Routes of a tenant's form, of the leads that visitors send with it, and of their list for
 * readers with a token.
 */
export function addLeadRoutes(app: FastifyInstance, activeTenant: ActiveTenant, hostOf: Tenants['hostOf']): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: LONGEST_BODY },
    (_, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );

  /**
   * A failure of one tenant's database affects only that tenant. The visitor gets no detail of it.
   */
  const unavailable = (request: FastifyRequest, reply: FastifyReply, thrown: unknown) => {
    request.log.error({ err: thrown, tenantId: request.tenantId }, 'database.unavailable');
    return text(reply.header('retry-after', RETRY_AFTER_SECONDS), 503, 'This cannot be done right now.');
  };

  app.get('/contact', async (request, reply) => {
    const tenant = await activeTenant(request, reply);
    return tenant ? html(reply, contactPage(tenant.companyName)) : reply;
  });

  app.post('/leads', { bodyLimit: LONGEST_BODY }, async (request, reply) => {
    const tenant = await activeTenant(request, reply);
    if (!tenant) return reply;
    if (!fromOwnPage(request.headers, tenant, hostOf)) return text(reply, 403, 'Please use the form of this site.');
    const lead = LeadSchema.safeParse(request.body);
    if (!lead.success) return text(reply, 400, `Please check what you have sent: ${fieldsOf(lead.error)}.`);
    let isKept: boolean;
    try {
      isKept = await tenant.repeatably((database) => keepLead(database, lead.data));
    } catch (thrown) {
      return unavailable(request, reply, thrown);
    }
    if (!isKept) return text(reply, 409, 'This form was sent before, with other words. Please open it again.');
    return html(reply.code(201), thanksPage(tenant.companyName));
  });

  app.get('/leads', async (request, reply) => {
    // People's names and addresses: no browser and no tool keeps them on its disk.
    reply.header('cache-control', 'no-store');
    const tenant = await activeTenant(request, reply);
    if (!tenant) return reply;
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (!token) return text(reply.header('www-authenticate', 'Bearer'), 401, 'A token of this tenant is needed.');
    const [forPrimary] = [request.headers[PRIMARY_TOKEN]].flat();
    try {
      return await tenant.withToken(
        token,
        async (client, server) => {
          reply.header(READ_FROM, server);
          return { leads: await listLeads(client) };
        },
        forPrimary,
      );
    } catch (thrown) {
      if (!(thrown instanceof ForeignToken || isRefused(thrown))) return unavailable(request, reply, thrown);
      return text(
        reply.header('www-authenticate', 'Bearer error="invalid_token"'),
        401,
        'This token is not valid here.',
      );
    }
  });
}
