import { ListTenantsInput, ListTenantsOutput } from '../contract/audit';
import { type Action, actionHandler } from '../shared/action-handler';
import { listEveryTenant } from '../tenants/every-tenant';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';

/**
 * "Quotas" of the Step Functions guide: a state's output, and the results of a Map state, have at
 * most 256 KiB. 500 tenants take 10 KiB as ids and 50 KiB as verdicts.
 */
const PAGE_SIZE = 500;

/**
 * Lists one page of the tenants that are in service: ACTIVE, SUSPENDED, or once activated whatever
 * their record says now. It scans the table and does not ask the index: a record with odd index keys
 * would never be audited again. A change between two pages neither repeats nor omits a tenant.
 */
export const listTenants: Action<typeof ListTenantsInput, typeof ListTenantsOutput, { readonly table: TenantsTable }> =
  {
    name: 'ListTenants',
    input: ListTenantsInput,
    output: ListTenantsOutput,
    run: async ({ table }, { after }) => {
      return await listEveryTenant(table, { after, limit: PAGE_SIZE });
    },
  };

export const handler = actionHandler(listTenants, { table: tenantsTable() });
