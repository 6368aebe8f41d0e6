import type { SSMClient } from '@aws-sdk/client-ssm';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { Colour } from '../../functions/contract/cell';
import { itemKeys, TAKEN_SLOT_PREFIX } from '../../functions/contract/records';
import { pages } from '../../functions/shared/paging';
import { settled } from '../../functions/shared/settled';
import type { TenantsTable } from '../../functions/tenants/tenants-table';

export interface ListedCell {
  readonly name: string;
  /** Number of slots. */
  readonly capacity: number;
  /** Slots that tenants have, or that are set aside. */
  readonly taken: number;
  readonly left: number;
  readonly liveColour: Colour;
}

async function takenSlots(table: TenantsTable, cell: string): Promise<number> {
  const ask = (ExclusiveStartKey: Record<string, unknown> | undefined) =>
    table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :taken)',
        ExpressionAttributeValues: { ':pk': itemKeys.cell(cell).pk, ':taken': TAKEN_SLOT_PREFIX },
        Select: 'COUNT',
        ExclusiveStartKey,
      }),
    );
  let count = 0;
  for await (const page of pages(ask, ({ LastEvaluatedKey }) => LastEvaluatedKey)) count += page.Count ?? 0;
  return count;
}

/** The cells of the stage, with the number of tenants that each can still take. */
export async function listCells(table: TenantsTable, ssm: Pick<SSMClient, 'send'>): Promise<ListedCell[]> {
  const cells = await ssmCells(ssm).cells();
  return await settled(
    cells.map(async (cell) => {
      const { name, capacity } = cell;
      const [taken, { colour }] = await settled([takenSlots(table, name), tableLiveColour(table).live(cell)]);
      return { name, capacity, taken, left: Math.max(0, capacity - taken), liveColour: colour };
    }),
  );
}
