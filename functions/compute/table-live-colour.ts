import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { itemKeys, type LiveColour, LiveColourSchema } from '../contract/records';
import { describeIssues } from '../shared/parse-at';
import { unless } from '../shared/unless';
import { changedNow } from '../tenants/changes';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';
import type { Compute, Live } from './compute';

/**
 * @returns the cell's item LIVE as it is now (strongly consistent), or undefined
 * @throws PlatformError `ConfigurationInvalid` when the item cannot be parsed
 */
export async function readLiveColour(table: TenantsTable, cell: string): Promise<LiveColour | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.liveColour(cell), ConsistentRead: true }),
  );
  return liveColourIn(cell, Item);
}

const withoutLiveColour = (cell: string, why: string) =>
  new PlatformError('ConfigurationInvalid', `item CELL#${cell} / LIVE ${why}; see docs/runbook.md#live-colour`);

/**
 * The same of an item that the caller has read.
 *
 * @throws PlatformError `ConfigurationInvalid` when it cannot be parsed
 */
export function liveColourIn(cell: string, item: unknown): LiveColour | undefined {
  if (item === undefined) return undefined;
  const parsed = LiveColourSchema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw withoutLiveColour(cell, `of the tenants table is damaged: ${describeIssues(parsed.error)}`);
}

/** The error of a cell whose item LIVE should exist. */
export const liveColourNotFound = (cell: string): PlatformError =>
  withoutLiveColour(cell, 'not found in the tenants table');

/** Writes the cell's first live colour. An existing item is not changed. */
export async function seedLiveColour(table: TenantsTable, cell: string, live: LiveColour): Promise<void> {
  const first = new PutCommand({
    TableName: table.name,
    Item: { ...itemKeys.liveColour(cell), ...changedNow(), ...live },
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  await unless(table.client.send(first), isConditionFailure);
}

function requireLive({ name, liveColour }: CellDescriptor, live: LiveColour | undefined): Live {
  if (live) return live;
  // A deployment updates the functions before the cells. Until then, a cell of an older release has
  // no item, and its descriptor names the colour.
  if (liveColour) return { colour: liveColour };
  throw liveColourNotFound(name);
}

/** What `live` answers, from the cell's item LIVE, which the caller has just read with others. */
export const liveIn = (cell: CellDescriptor, item: unknown): Live => requireLive(cell, liveColourIn(cell.name, item));

/** The live colour is run-time state: an item of the tenants table. Only SeedCell and a release write it. */
export const tableLiveColour = (table: TenantsTable): Pick<Compute, 'live'> => ({
  live: async (cell) => requireLive(cell, await readLiveColour(table, cell.name)),
});
