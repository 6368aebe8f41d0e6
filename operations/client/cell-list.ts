import type { SSMClient } from '@aws-sdk/client-ssm';
import { type SlotsInUse, slotsInUse } from '../../functions/compute/slots-in-use';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { Colour } from '../../functions/contract/cell';
import { settled } from '../../functions/shared/settled';
import type { TenantsTable } from '../../functions/tenants/tenants-table';

export interface ListedCell extends SlotsInUse {
  readonly name: string;
  /** Number of slots. */
  readonly capacity: number;
  readonly liveColour: Colour;
}

/** The cells of the stage, with the number of tenants that each can still take. */
export async function listCells(table: TenantsTable, ssm: Pick<SSMClient, 'send'>): Promise<ListedCell[]> {
  const cells = await ssmCells(ssm).cells();
  return await settled(
    cells.map(async (cell) => {
      const { name, capacity } = cell;
      const [slots, { colour }] = await settled([slotsInUse(table, cell), tableLiveColour(table).live(cell)]);
      return { name, capacity, ...slots, liveColour: colour };
    }),
  );
}
