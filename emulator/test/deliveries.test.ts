import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually } from './aws';

let emulator: Emulator;
let events: EventBridgeClient;
let sqs: SQSClient;
let queue: string;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0, env: { AWS_SEED: 'deliveries' } });
  events = new EventBridgeClient(access(emulator));
  sqs = new SQSClient(access(emulator));
  queue = (await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }))).QueueUrl ?? '';
  const asked = new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['QueueArn'] });
  const { Attributes } = await sqs.send(asked);
  await events.send(new PutRuleCommand({ Name: 'heard', EventPattern: JSON.stringify({ source: ['test'] }) }));
  await events.send(new PutTargetsCommand({ Rule: 'heard', Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }] }));
}, 60_000);
beforeEach(() => sqs.send(new PurgeQueueCommand({ QueueUrl: queue })));
afterAll(async () => {
  for (const client of [events, sqs]) client.destroy();
  await emulator.stop();
});

async function put(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const entry = { Source: 'test', DetailType: 'number', Detail: JSON.stringify({ n }), Resources: ['numbers'] };
    await events.send(new PutEventsCommand({ Entries: [entry] }));
  }
}
async function next(): Promise<number[]> {
  const receive = new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10, VisibilityTimeout: 600 });
  const { Messages = [] } = await sqs.send(receive);
  return Messages.map(({ Body = '{}' }) => JSON.parse(Body).detail.n);
}
/** The numbers heard until there are so many. */
async function heard(count: number): Promise<number[]> {
  const numbers: number[] = [];
  return await eventually(async () => {
    numbers.push(...(await next()));
    return numbers.length >= count ? numbers : undefined;
  });
}

test('delivers events late, in any order, and sometimes twice', async () => {
  await control(emulator, 'patience', { factor: 0.2 });
  const began = Date.now();
  await put(0, 1);
  await heard(1);
  expect(Date.now() - began).toBeGreaterThan(35);
  await put(1, 300);
  const numbers: number[] = [];
  await eventually(async () => {
    numbers.push(...(await next()));
    // With this seed five of them come twice.
    return (new Set(numbers).size === 299 && numbers.length === 304) || undefined;
  });
  expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
});

test('loses or doubles an event on demand', async () => {
  await control(emulator, 'patience', { factor: 0 });
  await control(emulator, 'deliveries', { source: 'test', detailType: 'num*', deliveries: 0 });
  await put(0, 2);
  await control(emulator, 'deliveries', { source: 'test', detailType: '*', deliveries: 2, times: 2 });
  await put(2, 5);
  expect(await heard(6)).toEqual([1, 2, 2, 3, 3, 4]);
  const odd = { source: 'test', detailType: '*', deliveries: 7 };
  await expect(control(emulator, 'deliveries', odd)).rejects.toThrow('lost');
});

test('with patience 0 delivers each event once, in order', async () => {
  await control(emulator, 'patience', { factor: 0 });
  await put(0, 50);
  const numbers = await heard(50);
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, n) => n));
});
