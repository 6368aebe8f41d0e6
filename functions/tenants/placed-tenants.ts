import type * as z from 'zod';
import { TenantRecordSchema } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { pages } from '../shared/paging';
import { ReadableItems } from '../shared/readable-items';
import { listTenantsIn, readTenants } from './tenant-store';
import type { TenantsTable } from './tenants-table';

/** What a release has to know of each tenant of a cell, several times: a fifth of the record. */
const PlacedTenantSchema = TenantRecordSchema.pick({
  tenantId: true,
  host: true,
  plan: true,
  status: true,
  slot: true,
  ruleArn: true,
  placement: true,
});
export type PlacedTenant = z.output<typeof PlacedTenantSchema>;

const ATTRIBUTES = Object.keys(PlacedTenantSchema.shape);

/**
 * The tenants of a cell that have one of the statuses, read from the index, which may be late. A damaged record is named in
 * the log and passed over.
 */
export async function placedTenantsIn(
  table: TenantsTable,
  cell: string,
  statuses: readonly TenantStatus[],
): Promise<PlacedTenant[]> {
  const items = new ReadableItems();
  const found: PlacedTenant[] = [];
  for (const status of statuses) {
    const ask = (after?: string) => listTenantsIn(table, status, { after, attributes: ATTRIBUTES });
    for await (const { tenants } of pages(ask, 'next')) {
      for (const item of tenants) {
        const tenant = items.read(PlacedTenantSchema, item);
        if (tenant?.slot?.cell === cell) found.push(tenant);
      }
    }
  }
  return found;
}

/** The same of tenants by their ids, strongly consistent. @returns those that can be read */
export async function findPlacedTenants(table: TenantsTable, tenantIds: readonly string[]): Promise<PlacedTenant[]> {
  const items = new ReadableItems();
  const found = await readTenants(table, tenantIds, ATTRIBUTES);
  return found.flatMap((item) => (item ? (items.read(PlacedTenantSchema, item) ?? []) : []));
}
