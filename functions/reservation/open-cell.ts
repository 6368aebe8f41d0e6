import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CellDescriptor } from '../contract/cell';
import { itemKeys } from '../contract/records';
import { parseAt } from '../shared/parse-at';
import type { TenantsTable } from '../tenants/tenants-table';

const OpenCellSchema = z.object({ cell: z.string() });

/** The cells in the order in which to look for a free slot, and what to say when it was found. */
export interface CellOrder {
  readonly cells: readonly CellDescriptor[];
  found(cell: CellDescriptor): Promise<void>;
}

/**
 * Begins with the cell where a slot was found last, and ends with those before it: to look at every full cell first would
 * cost a read for each, more of them the more tenants there are. A slot that is given back in an earlier cell is found when
 * the last cell is full.
 *
 * The note is a hint. It may be lost, stale or name a cell that is gone: then some cells are looked at in vain, no more.
 */
export async function cellOrder(table: TenantsTable, cells: readonly CellDescriptor[]): Promise<CellOrder> {
  if (cells.length < 2) return { cells, found: async () => {} };
  const Key = itemKeys.openCell();
  const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key }));
  const open = Item && parseAt('open cell', OpenCellSchema, Item).cell;
  const first = Math.max(
    0,
    cells.findIndex(({ name }) => name === open),
  );
  return {
    cells: [...cells.slice(first), ...cells.slice(0, first)],
    found: async ({ name }) => {
      if (name === open) return;
      await table.client.send(new PutCommand({ TableName: table.name, Item: { ...Key, cell: name } }));
    },
  };
}
