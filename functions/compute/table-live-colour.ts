import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { PlatformError } from '../contract/errors';
import { itemKeys, type LiveColour, LiveColourSchema } from '../contract/records';
import { parseAt } from '../shared/parse-at';
import type { TenantsTable } from '../tenants/tenants-table';
import type { Compute } from './compute';

/**
 * @returns the cell's item LIVE as it is now (strongly consistent), or undefined
 * @throws PlatformError `InvalidRequest` when the item cannot be read
 */
export async function readLiveColour(table: TenantsTable, cell: string): Promise<LiveColour | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.liveColour(cell), ConsistentRead: true }),
  );
  return Item && parseAt(`live colour of cell ${cell}`, LiveColourSchema, Item);
}

/** The live colour is run-time state: an item of the tenants table. Only SeedCell and a release write it. */
export const tableLiveColour = (table: TenantsTable): Pick<Compute, 'live'> => ({
  live: async ({ name, liveColour }) => {
    const live = await readLiveColour(table, name);
    if (live) return live;
    // A deployment updates the functions before the cells: until its stack is updated, a cell of an older release has no item.
    if (liveColour) return { colour: liveColour };
    throw new PlatformError('ConfigurationInvalid', `cell ${name} has no item LIVE; deploy the cell's stack`);
  },
});
