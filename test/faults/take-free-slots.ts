import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys } from '../../functions/contract/records';
import type { Platform } from '../../local/platform';

const FreeSlotSchema = z.object({ pk: z.string(), sk: z.string(), number: z.number() });

/**
 * Takes every free slot off the lists, as if others had them.
 *
 * @returns gives them back
 */
export async function takeFreeSlots({ aws, outputs, deployment }: Platform): Promise<() => Promise<void>> {
  const TableName = outputs.tenantsTableName;
  const dynamo = new DynamoDBClient(aws);
  const client = DynamoDBDocumentClient.from(dynamo);
  const taken: z.output<typeof FreeSlotSchema>[] = [];
  const take = async (cell: string): Promise<number> => {
    const query = {
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :free)',
      ExpressionAttributeValues: { ':pk': itemKeys.cell(cell).pk, ':free': 'FREE#' },
      ConsistentRead: true,
    };
    const { Items = [] } = await client.send(new QueryCommand(query));
    for (const { pk, sk, number } of Items.map((item) => FreeSlotSchema.parse(item))) {
      const { Attributes } = await client.send(
        new DeleteCommand({ TableName, Key: { pk, sk }, ReturnValues: 'ALL_OLD' }),
      );
      if (Attributes) taken.push({ pk, sk, number });
    }
    return Items.length;
  };
  // Others give slots back meanwhile.
  for (const cell of Object.keys(deployment.cells)) while ((await take(cell)) > 0);
  return async () => {
    for (const Item of taken) await client.send(new PutCommand({ TableName, Item }));
    dynamo.destroy();
  };
}
