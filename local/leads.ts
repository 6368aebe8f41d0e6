import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Signer } from '@aws-sdk/rds-signer';
import * as z from 'zod';
import { tenantNames } from '../functions/contract/naming';
import type { RouteRecord } from '../functions/contract/records';
import { findRoute } from '../functions/tenants/routes';
import type { StageConnection } from '../operations/stage-connection';
import { requestOf, requestPage } from './page';
import type { Outcome } from './scenario';

const ListSchema = z.object({ leads: z.array(z.looseObject({ email: z.string() })) });

/** The id in the form of a tenant's page. */
const formId = (form: string) => /name="id" value="([^"]+)"/.exec(form)?.[1] ?? '';

const visitorOf = ({ tenantId }: RouteRecord) => `visitor@${tenantId}.example`;

/**
 * Signs a login token of the tenant's reader, as a person with that permission does. Whoever has just written signs one
 * for the primary.
 */
export async function tokenOf(
  stage: StageConnection,
  { tenantId, database }: RouteRecord,
  server: 'primary' | 'replica' = 'primary',
): Promise<string> {
  const { host: hostname, port } = (server === 'primary' ? database : database?.replica) ?? { host: '', port: 0 };
  return new Signer({ ...stage.aws, hostname, port, username: tenantNames.databaseReader(tenantId) }).getAuthToken();
}

/** Sends the form of a tenant's page as a browser does. @returns the status of the answer */
export async function sendLead(url: string, route: RouteRecord, email = visitorOf(route)): Promise<number> {
  const form = await requestPage(`${url}/contact`, route.host);
  const fields = { id: formId(form.body), name: 'A visitor', email, message: 'Hello' };
  const headers = {
    host: route.host,
    origin: `http://${route.host}:${new URL(url).port}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const body = new URLSearchParams(fields).toString();
  return (await requestOf(`${url}/leads`, { method: 'POST', headers }, body)).status;
}

/**
 * Reads the e-mail addresses of a tenant's leads with a token.
 *
 * @returns the HTTP status when the token is refused
 */
export async function readLeads(
  url: string,
  { host }: RouteRecord,
  token: string,
  forPrimary?: string,
): Promise<readonly string[] | number> {
  const headers = { host, authorization: `Bearer ${token}`, ...(forPrimary && { 'x-primary-token': forPrimary }) };
  const { status, body } = await requestOf(`${url}/leads`, { headers });
  return status === 200 ? ListSchema.parse(JSON.parse(body)).leads.map(({ email }) => email) : status;
}

/**
 * Sends a lead to each ACTIVE tenant and reads it back with the tenant's token. Another tenant's
 * token must be refused.
 *
 * @returns one sentence for each deviation
 */
export async function playLeads(stage: StageConnection, url: string, outcomes: readonly Outcome[]): Promise<string[]> {
  const table = {
    client: DynamoDBDocumentClient.from(new DynamoDBClient(stage.aws)),
    name: stage.tenantsTableName,
  };
  const hosts = new Set(outcomes.flatMap(({ inventory }) => inventory?.record?.host ?? []));
  const found = await Promise.all([...hosts].map((host) => findRoute(table, host)));
  const routes = found.filter((route) => route?.status === 'ACTIVE').filter((route) => route !== undefined);
  const wrong: string[] = [];
  for (const route of routes) {
    const status = await sendLead(url, route);
    if (status !== 201) wrong.push(`${route.host}: a lead was answered with ${status}`);
  }
  for (const route of routes) {
    const own = await readLeads(url, route, await tokenOf(stage, route));
    if (String(own) !== visitorOf(route)) wrong.push(`${route.host}: its leads are ${own}`);
    if (route.database?.replica) {
      const ofReplica = await readLeads(
        url,
        route,
        await tokenOf(stage, route, 'replica'),
        await tokenOf(stage, route),
      );
      if (String(ofReplica) !== visitorOf(route)) wrong.push(`${route.host}: its replica's leads are ${ofReplica}`);
    }
    const other = routes.find(({ tenantId }) => tenantId !== route.tenantId);
    const foreign = other && (await readLeads(url, route, await tokenOf(stage, other)));
    if (foreign !== undefined && foreign !== 401) wrong.push(`${route.host}: another tenant's token got ${foreign}`);
  }
  return routes.length < 2 ? [...wrong, 'too few tenants for leads'] : wrong;
}
