import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Emulator, startEmulator } from '../../../local/emulator/emulator';
import { access } from './aws';

const ITEMS = 2_000;
const TableName = 'crowded';

let emulator: Emulator;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  emulator = await startEmulator();
  dynamodb = new DynamoDBClient(access(emulator));
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  );
  const item = (pk: string, sk: string) => ({ PutRequest: { Item: { pk: { S: pk }, sk: { S: sk } } } });
  const puts = [
    item('few', 'free-1'),
    item('many', 'free-1'),
    ...Array.from({ length: ITEMS }, (_, index) => item('many', `taken-${index}`)),
  ];
  for (let at = 0; at < puts.length; at += 25)
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts.slice(at, at + 25) } }));
}, 60_000);
afterAll(() => emulator.stop());

/** @returns milliseconds */
async function queryFree(pk: string): Promise<number> {
  const began = performance.now();
  const { Items } = await dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :free)',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':free': { S: 'free-' } },
    }),
  );
  expect(Items).toEqual([{ pk: { S: pk }, sk: { S: 'free-1' } }]);
  return performance.now() - began;
}

test('what is found by its key is found as fast among thousands', async () => {
  const few: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < 20; round++) {
    few.push(await queryFree('few'));
    many.push(await queryFree('many'));
  }
  // The quickest of each: a busy machine makes some slow, a walk makes all slow.
  expect(Math.min(...many) / Math.min(...few)).toBeLessThan(12);
});
