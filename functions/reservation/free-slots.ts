import { GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { liveIn } from '../compute/table-live-colour';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { itemKeys } from '../contract/records';
import type { Slot } from '../contract/tenant';
import { type LoadBalancer, prioritiesInUse } from '../routing/host-rule';
import type { Meter } from '../shared/meter';
import { describeIssues } from '../shared/parse-at';
import { ReadableItems } from '../shared/readable-items';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';
import { slotSetAside, tellSetAside } from './set-aside';
import { nextBlock } from './slots';

type Occupiable = Pick<Slot, 'cell' | 'number' | 'priority'>;

const occupiable = ({ name: cell, firstPriority }: CellDescriptor, number: number): Occupiable => ({
  cell,
  number,
  priority: firstPriority + number,
});

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

/** What one query of a cell's items tells. */
interface FreeList {
  readonly free: readonly number[];
  /** @throws PlatformError `ConfigurationInvalid` when the cell has no live colour */
  readonly requireLive: () => void;
}

/**
 * Free slots by number. After the capacity was lowered, slots beyond it come last and are dropped. An item that nobody can read, such
 * as one that a person has written to give a slot back, is passed over.
 *
 * In the order of the table the item LIVE comes next, so the same query reads it: of a cell without a live colour nobody
 * could be registered after the database was built. Behind many free slots it is not seen; then RegisterTenant tells.
 */
async function freeSlots(table: TenantsTable, descriptor: CellDescriptor): Promise<FreeList> {
  const { name: cell, capacity } = descriptor;
  const liveKey = itemKeys.liveColour(cell);
  const Limit = CANDIDATES + 1;
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :free AND :live',
      ExpressionAttributeValues: { ':pk': liveKey.pk, ':free': FREE_PREFIX, ':live': liveKey.sk },
      ConsistentRead: true,
      Limit,
    }),
  );
  const slots = Items.filter(({ sk }) => sk !== liveKey.sk);
  const readable = new ReadableItems();
  return {
    free: slots
      .flatMap((item) => readable.read(FreeSlotSchema, item) ?? [])
      .map(({ number }) => number)
      .filter((number) => number < capacity),
    requireLive: () => {
      if (slots.length < Limit) liveIn(descriptor, Items[slots.length]);
    },
  };
}

/** Takes a slot off the free list for good. Another execution may have been faster with the same. */
async function setAside({ table, meter, now }: SlotFinder, slot: Occupiable): Promise<void> {
  const { cell, number } = slot;
  const TableName = table.name;
  const Key = itemKeys.freeSlot(cell, number);
  const Item = slotSetAside(slot, now().toISOString());
  try {
    await table.client.send(
      new TransactWriteCommand({
        TransactItems: [
          { Delete: { TableName, Key, ConditionExpression: 'attribute_exists(pk)' } },
          { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } },
        ],
      }),
    );
    tellSetAside(meter, slot);
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
  }
}

export interface SlotFinder {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly meter: Meter;
  readonly random: () => number;
  readonly now: () => Date;
}

function highWaterIn(item: unknown, { pk, sk }: { readonly pk: string; readonly sk: string }): number {
  if (item === undefined) return 0;
  const { data, error } = HighWaterSchema.safeParse(item);
  if (data) return data.highWater;
  const why = describeIssues(error);
  throw new PlatformError('ConfigurationInvalid', `item ${pk} / ${sk} of the tenants table is damaged: ${why}`);
}

/**
 * Adds the next block of slots to the free list. A slot whose priority a listener rule has already is
 * set aside: nobody can use it.
 *
 * @returns the free slots that were added; none when another execution has added a block at the same
 * time; undefined when the cell has no slot beyond the high-water mark
 */
async function refill(
  { table, elb, meter, now }: SlotFinder,
  cell: CellDescriptor,
): Promise<number[] | FullCell | undefined> {
  const Key = itemKeys.cell(cell.name);
  const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key, ConsistentRead: true }));
  const highWater = highWaterIn(Item, Key);
  const added = nextBlock(highWater, cell.capacity);
  if (added.length === 0) return undefined;
  const inUse = await prioritiesInUse(elb, cell);
  const full = fullOfRules(cell, inUse);
  if (full) return full;
  const slots = added.map((number) => occupiable(cell, number));
  const taken = slots.filter(({ priority }) => inUse.has(priority));
  const free = slots.filter(({ priority }) => !inUse.has(priority)).map(({ number }) => number);
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
          ...free.map((number) => ({
            Put: { TableName: table.name, Item: { ...itemKeys.freeSlot(cell.name, number), number } },
          })),
          ...taken.map((slot) => ({
            Put: { TableName: table.name, Item: slotSetAside(slot, now().toISOString()) },
          })),
        ],
      }),
    );
  } catch (thrown) {
    // Another execution has raised the mark at the same time: its block is on the free list.
    if (!isConditionFailure(thrown)) throw thrown;
    return [];
  }
  for (const slot of taken) tellSetAside(meter, slot);
  return free;
}

/** A cell of which no tenant gets a slot, in words for the error. */
export interface FullCell {
  readonly full: string;
}

/**
 * The rules of others may have filled the load balancer: CreateRule would be refused after the database was built ("Quotas
 * for your Application Load Balancers").
 */
function fullOfRules({ name, maxRules }: CellDescriptor, inUse: ReadonlySet<number>): FullCell | undefined {
  if (maxRules === undefined || inUse.size < maxRules) return undefined;
  return {
    full: `${name} (its load balancer has ${inUse.size} rules, of ${maxRules} that the stage's configuration allows)`,
  };
}

/**
 * The first free slots that somebody can use. Since a slot was put on the list, somebody may have
 * made a listener rule with its priority: such a slot is set aside before anything is built for it.
 */
async function usableSlots(
  finder: SlotFinder,
  cell: CellDescriptor,
  { free: listed }: FreeList,
): Promise<number[] | FullCell> {
  if (listed.length === 0) return [];
  const inUse = await prioritiesInUse(finder.elb, cell);
  const full = fullOfRules(cell, inUse);
  if (full) return full;
  const isTaken = (number: number) => inUse.has(occupiable(cell, number).priority);
  for (const number of listed.filter(isTaken)) await setAside(finder, occupiable(cell, number));
  return listed.filter((number) => !isTaken(number));
}

/**
 * Picks a free slot of the cell without claiming it. The number of reads and writes does not depend
 * on the number of tenants.
 *
 * @returns the slot's number, or why no tenant gets a slot of the cell
 * @throws PlatformError `TransientConflict` when other executions take every new free slot; `ConfigurationInvalid` when the
 * cell that has one has no live colour
 */
export async function pickFreeSlot(finder: SlotFinder, cell: CellDescriptor): Promise<number | FullCell> {
  const oneOf = (free: readonly number[] | FullCell) =>
    'full' in free ? free : free[Math.floor(finder.random() * free.length)];
  const pick = async (list: FreeList) => oneOf(await usableSlots(finder, cell, list));
  for (let attempt = 0; attempt < REFILL_ATTEMPTS; attempt++) {
    const list = await freeSlots(finder.table, cell);
    let picked = await pick(list);
    if (picked === undefined) {
      // Between the first look and the refill another execution may have added the last block. So the
      // cell is full only if the list is still empty.
      const added = await refill(finder, cell);
      const full = { full: `${cell.name} (${cell.capacity} slots)` };
      picked = added ? oneOf(added) : ((await pick(await freeSlots(finder.table, cell))) ?? full);
    }
    if (typeof picked === 'number') list.requireLive();
    if (picked !== undefined) return picked;
  }
  throw new PlatformError('TransientConflict', `cell ${cell.name}: other executions took every new free slot`);
}
