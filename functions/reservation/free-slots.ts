import { GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { itemKeys } from '../contract/records';
import { parseAt } from '../shared/parse-at';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';
import { nextBlock } from './slots';

const FREE_PREFIX = 'FREE#';
/**
 * Each claim picks one of this many free slots at random, so that simultaneous claims rarely
 * collide.
 */
const CANDIDATES = 25;
/** Number of attempts while other executions take every slot of a new block. */
const REFILL_ATTEMPTS = 3;

const FreeSlotSchema = z.object({ number: z.number().int().nonnegative() });
const HighWaterSchema = z.object({ highWater: z.number().int().nonnegative() });

/**
 * Free slots by number. After the capacity was lowered, slots beyond it come last and are dropped.
 */
async function freeSlots(table: TenantsTable, { name: cell, capacity }: CellDescriptor): Promise<number[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :free)',
      ExpressionAttributeValues: { ':pk': itemKeys.cell(cell).pk, ':free': FREE_PREFIX },
      ConsistentRead: true,
      Limit: CANDIDATES,
    }),
  );
  return Items.map((item) => parseAt(`free slot of cell ${cell}`, FreeSlotSchema, item).number).filter(
    (number) => number < capacity,
  );
}

/** @returns false when the cell has no slot beyond the high-water mark */
async function refill(table: TenantsTable, cell: CellDescriptor): Promise<boolean> {
  const Key = itemKeys.cell(cell.name);
  const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key, ConsistentRead: true }));
  const highWater = Item ? parseAt(`cell ${cell.name}`, HighWaterSchema, Item).highWater : 0;
  const added = nextBlock(highWater, cell.capacity);
  if (added.length === 0) return false;
  try {
    await table.client.send(
      new TransactWriteCommand({
        TransactItems: [
          {
            Put: {
              TableName: table.name,
              Item: { ...Key, highWater: highWater + added.length },
              ConditionExpression: Item ? 'highWater = :seen' : 'attribute_not_exists(pk)',
              ...(Item && { ExpressionAttributeValues: { ':seen': highWater } }),
            },
          },
          ...added.map((number) => ({
            Put: { TableName: table.name, Item: { ...itemKeys.freeSlot(cell.name, number), number } },
          })),
        ],
      }),
    );
  } catch (thrown) {
    // Another execution has raised the mark at the same time: its block is on the free list.
    if (!isConditionFailure(thrown)) throw thrown;
  }
  return true;
}

/**
 * Picks a free slot of the cell without claiming it. The number of reads and writes does not depend
 * on the number of tenants.
 *
 * @returns undefined when the cell is full
 * @throws PlatformError `TransientConflict` when other executions take every new free slot
 */
export async function pickFreeSlot(
  table: TenantsTable,
  cell: CellDescriptor,
  random: () => number,
): Promise<number | undefined> {
  const pick = async () => {
    const free = await freeSlots(table, cell);
    return free[Math.floor(random() * free.length)];
  };
  for (let attempt = 0; attempt < REFILL_ATTEMPTS; attempt++) {
    const picked = await pick();
    if (picked !== undefined) return picked;
    // Between the first look and the refill another execution may have added the last block. So the
    // cell is full only if the list is still empty.
    if (!(await refill(table, cell))) return pick();
  }
  throw new PlatformError('TransientConflict', `cell ${cell.name}: other executions took every new free slot`);
}
