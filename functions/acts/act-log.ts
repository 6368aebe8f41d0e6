import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type ActEntry, ActEntrySchema, DAY_INDEX } from '../contract/act';
import { PlatformError } from '../contract/errors';
import { ReadableItems } from '../shared/readable-items';
import { unless } from '../shared/unless';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';

/**
 * The acts table: who did what. Two items for each act, and neither is ever written again:
 *
 * | pk | sk | says |
 * |---|---|---|
 * | TENANT#tenantId, or STAGE | AT#ID#ASKED | who asked for what, when and why; written before the effect |
 * | the same | AT#ID#RESULT | the same, and what came of it; written after the effect, a refusal too |
 *
 * The index DAY_INDEX (`day`, `sk`) lists the acts of a day over all tenants.
 */
type ActsTable = Pick<TenantsTable, 'name' | 'client'>;

const partitionOf = (tenantId: string | undefined) => (tenantId ? `TENANT#${tenantId}` : 'STAGE');

async function add(table: ActsTable, entry: ActEntry, part: 'ASKED' | 'RESULT'): Promise<void> {
  const { tenantId, at, id } = entry;
  const keys = { pk: partitionOf(tenantId), sk: `${at}#${id}#${part}`, day: at.slice(0, 10) };
  await table.client.send(
    new PutCommand({
      TableName: table.name,
      Item: { ...entry, ...keys },
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );
}

/**
 * Records what somebody asks for.
 *
 * @throws PlatformError `InvalidRequest` when the request was received before: it counts once
 */
export async function recordAsked(table: ActsTable, entry: ActEntry): Promise<void> {
  try {
    await add(table, entry, 'ASKED');
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    throw new PlatformError('InvalidRequest', `act ${entry.id} was asked for before; a request counts once`);
  }
}

/** Records what came of an act. A repeated write meets its own first try, and leaves it. */
export async function recordResult(table: ActsTable, entry: ActEntry): Promise<void> {
  await unless(add(table, entry, 'RESULT'), isConditionFailure);
}

/** Whose acts: of a tenant, of the stage as a whole (on no tenant), or all of a day (`2026-11-29`, UTC). */
export type ActScope = { readonly tenantId: string } | { readonly stage: true } | { readonly day: string };

export interface ActPage {
  readonly entries: readonly ActEntry[];
  /** Pass it as `before` for older acts; absent on the last page. */
  readonly next?: string;
}

const keyOf = (scope: ActScope) =>
  'day' in scope
    ? { name: 'day', value: scope.day, IndexName: DAY_INDEX }
    : { name: 'pk', value: partitionOf('tenantId' in scope ? scope.tenantId : undefined) };

/** Lists acts, the newest first. @param limit number of items to read: an act has one or two */
export async function listActs(
  table: ActsTable,
  scope: ActScope,
  { before, limit = 200 }: { readonly before?: string | undefined; readonly limit?: number } = {},
): Promise<ActPage> {
  const { name, value, ...index } = keyOf(scope);
  const { Items = [], LastEvaluatedKey } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      ...index,
      KeyConditionExpression: `#key = :key${before ? ' AND sk < :before' : ''}`,
      ExpressionAttributeNames: { '#key': name },
      ExpressionAttributeValues: { ':key': value, ...(before && { ':before': before }) },
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  const readable = new ReadableItems();
  const entries = new Map<string, ActEntry>();
  for (const item of Items) {
    const entry = readable.read(ActEntrySchema, item);
    // The result comes first: it has the later key, and says all that the other item says.
    if (entry && !entries.has(entry.id)) entries.set(entry.id, entry);
  }
  const last = [...entries.values()].at(-1);
  return { entries: [...entries.values()], ...(LastEvaluatedKey && last && { next: `${last.at}#${last.id}` }) };
}
