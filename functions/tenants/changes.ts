import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { CHANGE_INDEX, changeKeys, itemKeys, type NewsOf } from '../contract/records';
import { logger } from '../shared/logger';
import { everyItem, pages } from '../shared/paging';
import type { TenantsTable } from './tenants-table';

/** Index keys for an item that is written now. Every write of an item of CHANGE_INDEX sets them. */
export const changedNow = () => changeKeys(new Date().toISOString());

/**
 * Tells consoles that something outside the tenants table has changed. It is done and on record
 * already, so a failure here is logged and nothing more: consoles find the change out later.
 */
export async function tellNews({ name: TableName, client }: TenantsTable, of: NewsOf): Promise<void> {
  try {
    await client.send(new PutCommand({ TableName, Item: { ...itemKeys.news(of), ...changedNow() } }));
  } catch (thrown) {
    logger.warn('news.untold', { of, reason: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

const MarkSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  /** When the item was written. */
  changeSk: z.string(),
  executionArn: z.string().optional(),
});
/** An item that was written, and when. */
export type Mark = z.output<typeof MarkSchema>;
const MarksSchema = z.array(MarkSchema);

const asking = ({ name }: TenantsTable, after: string) => ({
  ...{ TableName: name, IndexName: CHANGE_INDEX },
  KeyConditionExpression: 'changePk = :change AND changeSk > :after',
  ExpressionAttributeValues: { ':change': changeKeys(after).changePk, ':after': after },
});

/** The items that were written after this time, in the order of their writes. */
export async function changesAfter(table: TenantsTable, after: string): Promise<Mark[]> {
  const ask = (ExclusiveStartKey: Record<string, unknown> | undefined) =>
    table.client.send(new QueryCommand({ ...asking(table, after), ExclusiveStartKey }));
  return MarksSchema.parse(await everyItem(pages(ask, 'LastEvaluatedKey'), ({ Items }) => Items));
}

/** When the last write was, by the clock of its writer; undefined in a new stage. */
export async function lastChangeAt(table: TenantsTable): Promise<string | undefined> {
  const { Items } = await table.client.send(
    new QueryCommand({ ...asking(table, ' '), ScanIndexForward: false, Limit: 1 }),
  );
  return MarksSchema.parse(Items ?? [])[0]?.changeSk;
}
