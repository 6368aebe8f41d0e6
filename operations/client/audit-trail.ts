import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { everyItem, pages } from '../../functions/shared/paging';

const KeyedSchema = z.looseObject({ sk: z.string(), kind: z.string().optional() });

/** Every item of the record of acts as it is, in the order of their times. */
export async function auditTrail(
  client: DynamoDBDocumentClient,
  TableName: string,
): Promise<readonly z.output<typeof KeyedSchema>[]> {
  const ask = (ExclusiveStartKey: Record<string, unknown> | undefined) =>
    client.send(new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey }));
  const items = await everyItem(pages(ask, 'LastEvaluatedKey'), ({ Items }) => Items);
  return z
    .array(KeyedSchema)
    .parse(items)
    .sort((one, other) => (one.sk < other.sk ? -1 : 1));
}
