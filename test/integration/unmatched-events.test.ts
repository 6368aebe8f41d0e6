import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { newSignup } from '../../local/signups';
import { eventually, RunningStage } from '../support/running-stage';

const EventSchema = z.object({ source: z.string(), 'detail-type': z.string(), detail: z.unknown() });

let stage: RunningStage;
let sqs: SQSClient;
beforeAll(async () => {
  // Each event is counted: AWS may deliver one twice.
  stage = await RunningStage.start({}, { patience: 0 });
  sqs = new SQSClient(stage.platform.aws);
}, 300_000);
afterAll(() => stage?.stop());

async function put(...events: readonly (readonly [source: string, type: string, detail: object])[]): Promise<void> {
  const EventBusName = stage.connection.eventBusName;
  const Entries = events.map(([Source, DetailType, detail]) => ({
    EventBusName,
    Source,
    DetailType,
    Detail: JSON.stringify(detail),
  }));
  const answer = await new EventBridgeClient(stage.platform.aws).send(new PutEventsCommand({ Entries }));
  expect(answer.FailedEntryCount).toBe(0);
}

const waiting = async () => {
  const QueueUrl = stage.platform.outputs.unmatchedEventsUrl;
  const asked = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(asked.Attributes?.ApproximateNumberOfMessages);
};

/** Takes what is kept off the queue, as an operator does. */
async function takeKept(count: number) {
  const QueueUrl = stage.platform.outputs.unmatchedEventsUrl;
  await eventually(`${count} events are kept`, async () => (await waiting()) === count || undefined);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body = '' }) => EventSchema.parse(JSON.parse(Body)));
}

const executions = async () => {
  const { stateMachineArn } = stage.connection;
  return (await stage.sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions?.length;
};

test('an event that is neither a signup nor the platform’s own is kept whole, and starts nothing', async () => {
  const detail = newSignup({ companyName: 'Acme GmbH', subdomain: 'misspelled' });
  const misspelled = [
    ['Billing', 'TenantSignedUp', detail],
    ['billing', 'TenantSignedup', detail],
    ['billing', 'tenantsignedup', detail],
    ['billing-test', 'InvoicePaid', {}],
    ['tenant-onboarding ', 'TenantOnboarded', {}],
  ] as const;
  await put(...misspelled);
  const kept = await takeKept(misspelled.length);
  const order = (events: readonly object[]) => events.map((event) => JSON.stringify(event)).sort();
  expect(order(kept)).toEqual(
    order(misspelled.map(([source, type, content]) => ({ source, 'detail-type': type, detail: content }))),
  );
  expect(await executions()).toBe(0);
}, 60_000);

test('signups and the platform’s own events are not kept there', async () => {
  await put(
    ['billing', 'TenantSignedUp', { version: 2 }],
    ['tenant-onboarding', 'TenantOnboarded', {}],
    ['other', 'Marker', {}],
  );
  // The execution of the malformed signup publishes its refusal, too.
  await eventually('the refusal', async () => {
    const { stateMachineArn } = stage.connection;
    const failed = await stage.sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'FAILED' }));
    return failed.executions?.length === 1 || undefined;
  });
  expect(await takeKept(1)).toEqual([{ source: 'other', 'detail-type': 'Marker', detail: {} }]);
  expect(await waiting()).toBe(0);
}, 60_000);
