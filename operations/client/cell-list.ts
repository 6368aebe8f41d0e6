import type { SSMClient } from '@aws-sdk/client-ssm';
import { type SlotsInUse, slotsInUse } from '../../functions/compute/slots-in-use';
import { type PublishedCell, publishedCells, ssmCells } from '../../functions/compute/ssm-cells';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import { CELLS_PARAMETER_PATH } from '../../functions/contract/naming';
import { isNamed } from '../../functions/shared/is-named';
import { settled } from '../../functions/shared/settled';
import type { TenantsTable } from '../../functions/tenants/tenants-table';

export interface ListedCell extends SlotsInUse {
  readonly name: string;
  /** Number of slots. */
  readonly capacity: number;
  readonly liveColour: Colour;
}

/** A cell of which somebody has deleted or damaged something. */
export interface FaultyCell {
  readonly name: string;
  readonly fault: string;
}

async function listed(table: TenantsTable, cell: CellDescriptor): Promise<ListedCell> {
  const { name, capacity } = cell;
  const [slots, { colour }] = await settled([slotsInUse(table, cell), tableLiveColour(table).live(cell)]);
  return { name, capacity, ...slots, liveColour: colour };
}

/** The cells of the stage, with the number of tenants that each can still take. */
export async function listCells(table: TenantsTable, ssm: Pick<SSMClient, 'send'>): Promise<ListedCell[]> {
  const cells = await ssmCells(ssm).cells();
  return await settled(cells.map((cell) => listed(table, cell)));
}

async function examined(table: TenantsTable, { name, descriptor }: PublishedCell): Promise<ListedCell | FaultyCell> {
  try {
    return await listed(table, descriptor());
  } catch (thrown) {
    if (!isNamed(thrown, 'ConfigurationInvalid')) throw thrown;
    return { name, fault: thrown.message };
  }
}

/**
 * The same for an examination: a cell that lacks something hides no other one.
 *
 * @param deployed cells whose stacks there are, with a descriptor or without
 */
export async function examineCells(
  table: TenantsTable,
  ssm: Pick<SSMClient, 'send'>,
  deployed: readonly string[],
): Promise<(ListedCell | FaultyCell)[]> {
  const published = await publishedCells(ssm);
  const missing = deployed.filter((name) => !published.some((cell) => cell.name === name));
  return [
    ...(await settled(published.map((cell) => examined(table, cell)))),
    ...missing.map((name) => ({ name, fault: `SSM parameter ${CELLS_PARAMETER_PATH}/${name} not found` })),
  ];
}
