import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys, type TenantRecord, TenantRecordSchema } from '../contract/records';
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

/** The items of tenants, strongly consistent, page by page. */
async function* tenantItems(table: TenantsTable, after?: string | null): AsyncGenerator<unknown[]> {
  const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
    table.client.send(
      new ScanCommand({
        TableName: table.name,
        ConsistentRead: true,
        FilterExpression: 'sk = :tenant',
        ExpressionAttributeValues: { ':tenant': itemKeys.tenant('').sk },
        ExclusiveStartKey: ExclusiveStartKey ?? (after ? itemKeys.tenant(after) : undefined),
      }),
    );
  for await (const { Items = [] } of pages(ask, (page) => page.LastEvaluatedKey)) yield Items;
}

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
