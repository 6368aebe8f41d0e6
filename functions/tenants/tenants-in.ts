import { type TenantRecord, TenantRecordSchema } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { pages } from '../shared/paging';
import type { ReadableItems } from '../shared/readable-items';
import { listTenantsIn } from './tenant-store';
import type { TenantsTable } from './tenants-table';

/**
 * Tenants with one of the statuses, read from the index. A refused signup is never ONBOARDING, ROLLING_BACK or HELD. A damaged
 * record is passed over.
 */
export async function* tenantsIn(
  table: TenantsTable,
  statuses: readonly TenantStatus[],
  items: ReadableItems,
): AsyncGenerator<TenantRecord> {
  for (const status of statuses) {
    const ask = (after?: string) => listTenantsIn(table, status, { after });
    for await (const { tenants } of pages(ask, 'next')) {
      for (const tenant of tenants) {
        const record = items.read(TenantRecordSchema, tenant);
        if (record) yield record;
      }
    }
  }
}
