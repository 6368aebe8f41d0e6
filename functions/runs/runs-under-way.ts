import { type ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import type { TenantRecord } from '../contract/records';
import type { Executions } from '../reservation/claims';
import { everyItem, pages } from '../shared/paging';

/** Running executions, the newest first. The list is eventually consistent ("ListExecutions"). */
export async function runningExecutions(sfn: Executions, stateMachineArn: string): Promise<ExecutionListItem[]> {
  const running = { stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000 } as const;
  const ask = (nextToken?: string) => sfn.send(new ListExecutionsCommand({ ...running, nextToken }));
  return await everyItem(pages(ask, 'nextToken'), (page) => page.executions);
}

/** Whether a run takes longer than the limit. After a redrive the time starts again. */
export const isLate = ({ startDate, redriveDate }: ExecutionListItem, now: Date, limitMinutes: number) =>
  now.getTime() - (redriveDate ?? startDate ?? now).getTime() > limitMinutes * 60_000;

/** Statuses of tenants that an execution is working on. */
export const UNDER_WAY = ['ONBOARDING', 'ROLLING_BACK'] as const;

/** A day: long enough for an operator to repair the cause and redrive. The resources cost money meanwhile. */
const HELD_AT_MOST_MS = 24 * 60 * 60_000;

export const isHeldTooLong = ({ updatedAt }: TenantRecord, now: Date) =>
  now.getTime() - Date.parse(updatedAt) > HELD_AT_MOST_MS;
