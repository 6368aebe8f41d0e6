import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { findRefusal, findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';

/**
 * Whether resources tagged with this tenant are still needed. `active`: the tenant is in service,
 * being onboarded, held or being rolled back. `settling`: it failed less than an hour ago, and AWS
 * may still be deleting. `failed`: its rollback is long over, and nothing may be left. `unknown`:
 * no record says that there ever was such a tenant. `unreadable`: there is a record, but it cannot be
 * parsed, so that its resources count as needed.
 */
export type Ownership = 'active' | 'settling' | 'failed' | 'unknown' | 'unreadable';

/** How long AWS may go on listing what it deletes, milliseconds. */
const SETTLING = 60 * 60_000;

async function recordOf(table: TenantsTable, tenantId: string) {
  try {
    return (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId));
  } catch (thrown) {
    if (!isNamed(thrown, 'InvalidRequest')) throw thrown;
    logger.error('item.unreadable', { tenantId, why: thrown.message });
    return 'unreadable';
  }
}

/**
 * Strongly consistent. Ask after the resources were found: a record is older than all that it
 * names.
 */
export async function ownershipOf(table: TenantsTable, tenantId: string, now: Date): Promise<Ownership> {
  const record = await recordOf(table, tenantId);
  if (record === 'unreadable') return 'unreadable';
  if (!record) return 'unknown';
  if (record.status !== 'FAILED' || 'activatedAt' in record) return 'active';
  return now.getTime() - Date.parse(record.updatedAt) > SETTLING ? 'failed' : 'settling';
}
