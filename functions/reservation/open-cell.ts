import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CellDescriptor } from '../contract/cell';
import { itemKeys } from '../contract/records';
import { parseAt } from '../shared/parse-at';
import type { TenantsTable } from '../tenants/tenants-table';

const OpenCellSchema = z.object({ cell: z.string() });

/**
 * The cells in the order in which to look for a free slot. Call `found` with the cell that has one.
 */
export interface CellOrder {
  readonly cells: readonly CellDescriptor[];
  found(cell: CellDescriptor): Promise<void>;
}

/**
 * The search begins with the cell where the last free slot was found, so that full cells cost no
 * reads. The earlier cells come last: a slot that was released there is found when the later cells
 * are full.
 *
 * The item OPEN is only a hint. If it is lost, stale, or names a cell that is gone, the search
 * looks at a few full cells in vain.
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
