import { type ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { type TenantRecord, TenantRecordSchema } from '../contract/records';
import type { Executions } from '../reservation/claims';
import { everyItem, pages } from '../shared/paging';
import { listTenantsIn } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';

/** Running executions, the newest first. The list is eventually consistent ("ListExecutions"). */
export async function runningExecutions(sfn: Executions, stateMachineArn: string): Promise<ExecutionListItem[]> {
  const running = { stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000 } as const;
  const ask = (nextToken?: string) => sfn.send(new ListExecutionsCommand({ ...running, nextToken }));
  return await everyItem(
    pages(ask, (page) => page.nextToken),
    (page) => page.executions,
  );
}

/** Whether a run takes longer than the limit. After a redrive the time starts again. */
export const isLate = ({ startDate, redriveDate }: ExecutionListItem, now: Date, limitMinutes: number) =>
  now.getTime() - (redriveDate ?? startDate ?? now).getTime() > limitMinutes * 60_000;

/** Statuses of tenants that an execution is working on. */
const UNDER_WAY = ['ONBOARDING', 'ROLLING_BACK'] as const;

/**
 * Tenants that an execution should be working on, read from the index. Their number follows the
 * number of runs, not of tenants. A refused signup is never among them.
 */
export async function tenantsUnderWay(table: TenantsTable): Promise<TenantRecord[]> {
  const found: TenantRecord[] = [];
  for (const status of UNDER_WAY) {
    const ask = (after?: string) => listTenantsIn(table, status, { after });
    for await (const { tenants } of pages(ask, ({ next }) => next))
      found.push(...tenants.map((tenant) => TenantRecordSchema.parse(tenant)));
  }
  return found;
}
