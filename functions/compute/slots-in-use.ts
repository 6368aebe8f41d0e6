import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { CellDescriptor } from '../contract/cell';
import { itemKeys, TAKEN_SLOT_PREFIX } from '../contract/records';
import { pages } from '../shared/paging';
import type { TenantsTable } from '../tenants/tenants-table';

export interface SlotsInUse {
  /** Slots that tenants have, or that are set aside. */
  readonly taken: number;
  /** Slots that further tenants can get. */
  readonly left: number;
}

/**
 * Counts the slots of a cell by their items. A capacity that was lowered below the number of taken
 * slots leaves none.
 */
export async function slotsInUse(
  table: TenantsTable,
  { name, capacity }: Pick<CellDescriptor, 'name' | 'capacity'>,
): Promise<SlotsInUse> {
  const ask = (ExclusiveStartKey: Record<string, unknown> | undefined) =>
    table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :taken)',
        ExpressionAttributeValues: { ':pk': itemKeys.cell(name).pk, ':taken': TAKEN_SLOT_PREFIX },
        Select: 'COUNT',
        ExclusiveStartKey,
      }),
    );
  let taken = 0;
  for await (const page of pages(ask, 'LastEvaluatedKey')) taken += page.Count ?? 0;
  return { taken, left: Math.max(0, capacity - taken) };
}
