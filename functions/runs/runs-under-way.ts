import { type ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { STATE_INDEX, stateKeys, type TenantRecord, TenantRecordSchema } from '../contract/records';
import type { Executions } from '../reservation/claims';
import type { TenantsTable } from '../tenants/tenants-table';

/** Running executions, the newest first; best effort, as AWS says of it ("ListExecutions"). */
export async function runningExecutions(sfn: Executions, stateMachineArn: string): Promise<ExecutionListItem[]> {
  const running: ExecutionListItem[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000, nextToken }),
    );
    running.push(...(page.executions ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return running;
}

/** Redriven, a run has all its time again. */
export const isLate = ({ startDate, redriveDate }: ExecutionListItem, now: Date, limitMinutes: number) =>
  now.getTime() - (redriveDate ?? startDate ?? now).getTime() > limitMinutes * 60_000;

/** Statuses of tenants that an execution is working on. */
const UNDER_WAY = ['ONBOARDING', 'ROLLING_BACK'] as const;

/** A refused signup stands in a tenant's place, but is never under way. */
const RecordsSchema = z.array(TenantRecordSchema);

/** Tenants that an execution should be working on, by the index: as many as there are runs, not as there are tenants. */
export async function tenantsUnderWay({ name, client }: TenantsTable): Promise<TenantRecord[]> {
  const found: TenantRecord[] = [];
  for (const status of UNDER_WAY) {
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: name,
          IndexName: STATE_INDEX,
          KeyConditionExpression: 'statePk = :state',
          ExpressionAttributeValues: { ':state': stateKeys.tenant(status, '').statePk },
          ExclusiveStartKey,
        }),
      );
      found.push(...RecordsSchema.parse(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }
  return found;
}
