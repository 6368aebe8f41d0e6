import { type ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { type TenantRecord, TenantRecordSchema } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import type { Executions } from '../reservation/claims';
import { everyItem, pages } from '../shared/paging';
import type { ReadableItems } from '../shared/readable-items';
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
export const UNDER_WAY = ['ONBOARDING', 'ROLLING_BACK'] as const;

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
    for await (const { tenants } of pages(ask, ({ next }) => next)) {
      for (const tenant of tenants) {
        const record = items.read(TenantRecordSchema, tenant);
        if (record) yield record;
      }
    }
  }
}

/** A day: long enough for an operator to mend the cause and redrive. The resources cost money meanwhile. */
const HELD_AT_MOST_MS = 24 * 60 * 60_000;

export const isHeldTooLong = ({ updatedAt }: TenantRecord, now: Date) =>
  now.getTime() - Date.parse(updatedAt) > HELD_AT_MOST_MS;
