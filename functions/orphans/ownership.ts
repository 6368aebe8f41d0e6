import { findRefusal, findTenant } from '../tenants/ownership';
import type { TenantsTable } from '../tenants/tenants-table';

/**
 * What a tenant's name still holds things for. `living`: it is onboarded, being onboarded, held or rolled back. `leaving`: it
 * has failed just now, and AWS may still be at work. `failed`: its rollback is long over, nothing may be left. `nobody`: no
 * record says that there ever was such a tenant.
 */
export type Standing = 'living' | 'leaving' | 'failed' | 'nobody';

/** What AWS deletes, it may go on listing for a while. */
const LEAVING = 60 * 60_000;

/** Strongly consistent, and read after what it is asked about was found: a record comes before anything that it names. */
export async function standingOf(table: TenantsTable, tenantId: string, now: Date): Promise<Standing> {
  const record = (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId));
  if (!record) return 'nobody';
  if (record.status !== 'FAILED' || 'activatedAt' in record) return 'living';
  return now.getTime() - Date.parse(record.updatedAt) > LEAVING ? 'failed' : 'leaving';
}
