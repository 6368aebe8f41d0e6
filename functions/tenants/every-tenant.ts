import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys, type TenantRecord, TenantRecordSchema } from '../contract/records';
import { TenantStatusSchema } from '../contract/tenant';
import { pages } from '../shared/paging';
import type { TenantsTable } from './tenants-table';

/** What shows that an item is a tenant in service, also of a record that is damaged otherwise. */
const ListedSchema = z.looseObject({
  pk: z.string(),
  status: z.unknown().optional(),
  activatedAt: z.unknown().optional(),
});

/**
 * Whether a tenant has been in service and may still be: its route was opened once. The attributes
 * of the record decide, not its index keys: a principal that can change those could hide a tenant.
 */
const isInService = ({ status, activatedAt }: z.output<typeof ListedSchema>) =>
  status === 'ACTIVE' || status === 'SUSPENDED' || activatedAt !== undefined;

const tenantIdIn = ({ pk }: { readonly pk: string }) => pk.slice(itemKeys.tenant('').pk.length);

/** All items with a sort key, strongly consistent, page by page. */
async function* itemsWith(table: TenantsTable, sk: string, after?: object): AsyncGenerator<unknown[]> {
  const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
    table.client.send(
      new ScanCommand({
        TableName: table.name,
        ConsistentRead: true,
        FilterExpression: 'sk = :sk',
        ExpressionAttributeValues: { ':sk': sk },
        ExclusiveStartKey: ExclusiveStartKey ?? (after && { ...after }),
      }),
    );
  for await (const { Items = [] } of pages(ask, 'LastEvaluatedKey')) yield Items;
}

const tenantItems = (table: TenantsTable, after?: string | null) =>
  itemsWith(table, itemKeys.tenant('').sk, after ? itemKeys.tenant(after) : undefined);

/**
 * Ids of tenants that are in service, `limit` at most: those after `after` in the order of the table,
 * which a change of a record does not alter.
 */
export async function listEveryTenant(
  table: TenantsTable,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<{ readonly tenantIds: string[]; readonly next: string | null }> {
  const tenantIds: string[] = [];
  for await (const items of tenantItems(table, after)) {
    tenantIds.push(...z.array(ListedSchema).parse(items).filter(isInService).map(tenantIdIn));
    if (tenantIds.length > limit) {
      const page = tenantIds.slice(0, limit);
      return { tenantIds: page, next: page.at(-1) ?? null };
    }
  }
  return { tenantIds, next: null };
}

export interface TenantInService {
  readonly tenantId: string;
  /** Undefined when the item cannot be parsed. */
  readonly record: TenantRecord | undefined;
}

/** The tenants in service, one by one. */
export async function* tenantsInService(table: TenantsTable): AsyncGenerator<TenantInService> {
  for await (const items of tenantItems(table)) {
    for (const item of z.array(ListedSchema).parse(items).filter(isInService))
      yield { tenantId: tenantIdIn(item), record: TenantRecordSchema.safeParse(item).data };
  }
}

const RegisteredSchema = ListedSchema.extend({
  status: TenantStatusSchema.optional().catch(undefined),
  host: z.string().optional().catch(undefined),
  updatedAt: z.string().optional().catch(undefined),
  slot: z.looseObject({ cidr: z.string() }).optional().catch(undefined),
});

/** Every tenant of the table, whatever its status, and refused signups. */
export async function registeredTenants(table: TenantsTable) {
  const found = [];
  for await (const items of tenantItems(table))
    for (const item of z.array(RegisteredSchema).parse(items)) {
      const { status, host, updatedAt, slot } = item;
      const tenantId = tenantIdIn(item);
      found.push({ tenantId, status, host, updatedAt, cidr: slot?.cidr, inService: isInService(item) });
    }
  return found;
}

const RouteItemSchema = z.looseObject({
  pk: z.string(),
  tenantId: z.string().catch('unknown'),
  status: z.string().catch('unknown'),
});

/** Every route item, by the host in its key: the shared service finds it by the key alone. */
export async function routeItems(table: TenantsTable) {
  const found = [];
  for await (const items of itemsWith(table, itemKeys.route('').sk))
    for (const { pk, tenantId, status } of z.array(RouteItemSchema).parse(items))
      found.push({ host: pk.slice(itemKeys.route('').pk.length), tenantId, status });
  return found;
}
