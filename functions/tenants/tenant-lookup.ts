import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { TENANT_ID_PATTERN, tenantIdOf } from '../contract/naming';
import { itemKeys, type RefusedSignup, type TenantRecord } from '../contract/records';
import { TYPED_NAME_MAX_LENGTH } from '../contract/tenant';
import { findRefusal, findTenant } from './tenant-store';
import type { TenantsTable } from './tenants-table';

const NOT_FOUND = 'tenant not found: ';

/** Whether nobody has the name. A look-up refuses a record that it cannot read under the same error name. */
export const isNotFound = (thrown: Error): boolean => thrown.message.startsWith(NOT_FOUND);

const PointerSchema = z.object({ tenantId: z.string() });

async function pointedAtBy(table: TenantsTable, Key: { pk: string; sk: string }): Promise<string[]> {
  const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key, ConsistentRead: true }));
  const tenantId = PointerSchema.safeParse(Item).data?.tenantId;
  return tenantId ? [tenantId] : [];
}

const bySubdomain = (table: TenantsTable, subdomain: string, domain?: string) => [
  () => pointedAtBy(table, itemKeys.subdomain(subdomain)),
  // Where the claim is gone, the route still tells whom visitors reach: a signup that was refused later must not hide the tenant.
  async () => (domain ? await pointedAtBy(table, itemKeys.route(`${subdomain}.${domain}`)) : []),
  () => pointedAtBy(table, itemKeys.lastOf(subdomain)),
];

async function firstOf(
  table: TenantsTable,
  candidates: readonly (() => Promise<string[]>)[],
  otherwise: string,
): Promise<TenantRecord | RefusedSignup> {
  for (const candidate of candidates) {
    for (const tenantId of await candidate()) {
      const record = (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId));
      if (record) return record;
    }
  }
  throw new PlatformError('InvalidRequest', `${NOT_FOUND}${otherwise}`);
}

/**
 * Finds a tenant by a name that a person types, without a scan. The name is tried in this order:
 * 1. as a tenant id: first, because a customer may choose another tenant's id as its subdomain
 * 2. as the subdomain of a tenant
 * 3. as the subdomain that a failed tenant has lost
 * 4. as a signup id
 * 5. as 2 and 3, in lower case: a host has no case. Last, because a signup id has one
 *
 * @param domain of the stage: with it, a tenant whose claim on the subdomain was deleted is found by its route
 * @throws PlatformError `InvalidRequest` when no tenant has that name
 */
export async function lookUpTenant(
  table: TenantsTable,
  name: string,
  domain?: string,
): Promise<TenantRecord | RefusedSignup> {
  // DynamoDB takes keys of 2,048 bytes at most ("Constraints in Amazon DynamoDB").
  if (name.length > TYPED_NAME_MAX_LENGTH)
    throw new PlatformError('InvalidRequest', `${NOT_FOUND}no name has ${name.length} characters`);
  const candidates = [
    async () => (TENANT_ID_PATTERN.test(name) ? [name] : []),
    ...bySubdomain(table, name, domain),
    async () => [tenantIdOf(name)],
    ...bySubdomain(table, name.toLowerCase(), domain),
  ];
  return await firstOf(table, candidates, `${name} is no current or former subdomain, no tenant id and no signup id`);
}

/**
 * Finds a tenant by its current or former subdomain alone.
 *
 * @throws PlatformError `InvalidRequest` when no tenant has or had the subdomain
 */
export function lookUpSubdomain(
  table: TenantsTable,
  subdomain: string,
  domain?: string,
): Promise<TenantRecord | RefusedSignup> {
  return firstOf(table, bySubdomain(table, subdomain, domain), `${subdomain} is no current or former subdomain`);
}

/**
 * Finds a tenant as `lookUpTenant` does, but accepts no refused signup.
 *
 * @throws PlatformError `InvalidRequest`
 */
export async function tenantCalled(table: TenantsTable, name: string): Promise<TenantRecord> {
  const found = await lookUpTenant(table, name);
  if (!('refused' in found)) return found;
  throw new PlatformError('InvalidRequest', `signup ${found.signupId} was refused: it never became a tenant`);
}
