import { PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CellDescriptor } from '../contract/cell';
import { itemKeys } from '../contract/records';
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
 * The item OPEN is only a hint. If it is lost, damaged, stale, or names a cell that is gone, the search
 * looks at a few full cells in vain.
 *
 * @param item as it was read with the claims; undefined when there is none
 */
export function cellOrder(table: TenantsTable, cells: readonly CellDescriptor[], item: unknown): CellOrder {
  if (cells.length < 2) return { cells, found: async () => {} };
  const open = OpenCellSchema.safeParse(item).data?.cell;
  const first = Math.max(
    0,
    cells.findIndex(({ name }) => name === open),
  );
  return {
    cells: [...cells.slice(first), ...cells.slice(0, first)],
    found: async ({ name }) => {
      if (name === open) return;
      const Item = { ...itemKeys.openCell(), cell: name };
      await table.client.send(new PutCommand({ TableName: table.name, Item }));
    },
  };
}
