import { ListTenantsInput, ListTenantsOutput } from '../contract/audit';
import { type Action, actionHandler } from '../shared/action-handler';
import { listTenantsIn } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';

/**
 * A state's output and a Map's results have 256 KiB ("Quotas" of the Step Functions guide): 500 tenants are 10 of it as ids
 * and 50 as verdicts.
 */
const PAGE_SIZE = 500;

/**
 * One page of the ACTIVE tenants, in the order of their ids: what changes between two pages neither repeats nor hides a
 * tenant that stays ACTIVE.
 */
export const listTenants: Action<typeof ListTenantsInput, typeof ListTenantsOutput, { readonly table: TenantsTable }> =
  {
    name: 'ListTenants',
    input: ListTenantsInput,
    output: ListTenantsOutput,
    run: async ({ table }, { after }) => {
      const { tenants, next } = await listTenantsIn(table, 'ACTIVE', { after, limit: PAGE_SIZE });
      return { tenantIds: tenants.map(({ tenantId }) => tenantId), next: next ?? null };
    },
  };

export const handler = actionHandler(listTenants, { table: tenantsTable() });
