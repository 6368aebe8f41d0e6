import { RefusedSignupSchema, type TenantRecord, TenantRecordSchema } from '../../functions/contract/records';
import { type TenantStatus, TenantStatusSchema } from '../../functions/contract/tenant';
import { pages } from '../../functions/shared/paging';
import { listTenantsIn } from '../../functions/tenants/tenant-store';
import type { TenantsTable } from '../../functions/tenants/tenants-table';

export interface TenantFilter {
  readonly status?: readonly TenantStatus[] | undefined;
  readonly cell?: string | undefined;
  readonly plan?: string | undefined;
  /** Error name of the failure on record. */
  readonly error?: string | undefined;
  /** ARN of the audit's execution that suspended the tenant, or the name at its end. */
  readonly suspendedBy?: string | undefined;
  /** Only tenants that have had their status since before this time. */
  readonly before?: Date | undefined;
}

/** One line of the list. */
export interface ListedTenant {
  readonly tenantId: string;
  readonly companyName: string | undefined;
  readonly subdomain: string | undefined;
  readonly status: TenantStatus;
  /** Time of the last change of the record. */
  readonly since: string;
  readonly plan: string | undefined;
  readonly cell: string | undefined;
  /** Error name of the failure on record. */
  readonly error: string | undefined;
  /** ARN of the audit's execution, or of the person. */
  readonly suspendedBy: string | undefined;
  readonly executionArn: string;
}

/** @returns undefined for a damaged item */
export function listed(item: unknown): ListedTenant | undefined {
  const record: TenantRecord | undefined = TenantRecordSchema.safeParse(item).data;
  const found = record ?? RefusedSignupSchema.safeParse(item).data;
  if (!found) return undefined;
  const { tenantId, companyName, subdomain, status, updatedAt, plan, failure, executionArn } = found;
  const cell = record?.slot?.cell;
  return {
    tenantId,
    companyName,
    subdomain,
    status,
    since: updatedAt,
    plan,
    cell,
    error: failure?.error,
    suspendedBy: record?.suspension?.by,
    executionArn,
  };
}

const isBy = (asked: string, by: string | undefined) => by === asked || by?.split(':').at(-1) === asked;

/** Whether the filter admits a tenant; its statuses are not asked about. */
export function admits({ cell, plan, error, suspendedBy, before }: TenantFilter, tenant: ListedTenant): boolean {
  return (
    (suspendedBy === undefined || isBy(suspendedBy, tenant.suspendedBy)) &&
    (cell === undefined || tenant.cell === cell) &&
    (plan === undefined || tenant.plan === plan) &&
    (error === undefined || tenant.error === error) &&
    (before === undefined || Date.parse(tenant.since) <= before.getTime())
  );
}

/** `unreadable`: ids of tenants whose item is damaged; the runbook says what to do about them. */
export interface TenantList {
  readonly tenants: readonly ListedTenant[];
  readonly unreadable: readonly string[];
}

/** Lists tenants and refused signups, status by status, in the order of their ids. */
export async function listTenants(table: TenantsTable, filter: TenantFilter = {}): Promise<TenantList> {
  const tenants: ListedTenant[] = [];
  const unreadable: string[] = [];
  for (const status of filter.status ?? TenantStatusSchema.options) {
    const ask = (after?: string) => listTenantsIn(table, status, { after });
    for await (const page of pages(ask, 'next')) {
      for (const item of page.tenants) {
        const tenant = listed(item);
        if (!tenant) unreadable.push(item.stateSk);
        else if (admits(filter, tenant)) tenants.push(tenant);
      }
    }
  }
  return { tenants, unreadable };
}
