import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { everyItem, pages } from '../../functions/shared/paging';
import type { StageClient } from './stage-client';

const KeyedSchema = z.looseObject({ sk: z.string() });

/** Every item of the record of acts as it is, in the order of their times. */
export async function auditTrail({ table, stage }: Pick<StageClient, 'table' | 'stage'>): Promise<readonly object[]> {
  const ask = (ExclusiveStartKey: Record<string, unknown> | undefined) =>
    table.client.send(new ScanCommand({ TableName: stage.actsTableName, ConsistentRead: true, ExclusiveStartKey }));
  const items = await everyItem(
    pages(ask, ({ LastEvaluatedKey }) => LastEvaluatedKey),
    ({ Items }) => Items,
  );
  return z
    .array(KeyedSchema)
    .parse(items)
    .sort((one, other) => (one.sk < other.sk ? -1 : 1));
}
