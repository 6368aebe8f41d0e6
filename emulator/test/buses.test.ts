import {
  CreateArchiveCommand,
  DeleteArchiveCommand,
  DescribeEventBusCommand,
  EventBridgeClient,
  ListRulesCommand,
  PutEventsCommand,
  PutPermissionCommand,
} from '@aws-sdk/client-eventbridge';
import { type Emulator, startEmulator } from '../emulator';
import { access, launch } from './aws';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
}, 60_000);
afterAll(() => emulator?.stop());

test('PutPermission names the root of the account that gets the permission', async () => {
  const events = new EventBridgeClient(access(emulator));
  const given = { Action: 'events:PutEvents', Principal: '999999999999', StatementId: 'Given' };
  await events.send(new PutPermissionCommand(given));
  const { Policy = '{}' } = await events.send(new DescribeEventBusCommand({}));
  expect(JSON.parse(Policy).Statement).toMatchObject([{ Principal: { AWS: 'arn:aws:iam::999999999999:root' } }]);
});

test('PutEvents refuses the entry alone whose detail is no JSON', async () => {
  const events = new EventBridgeClient(access(emulator));
  const entry = { Source: 'billing', DetailType: 'TenantSignedUp' };
  const Entries = ['{}', '{no json', '{"version":1}'].map((Detail) => ({ ...entry, Detail }));
  const { FailedEntryCount, Entries: told } = await events.send(new PutEventsCommand({ Entries }));
  expect(FailedEntryCount).toBe(1);
  const taken = { EventId: expect.any(String) };
  expect(told).toEqual([taken, { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }, taken]);
});

test('a bus made by CloudFormation has the policy of its template', async () => {
  const events = new EventBridgeClient(access(emulator));
  const Statement = [{ Sid: 'Given', Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: '*' }];
  const Properties = { Name: 'ours', Policy: { Version: '2012-10-17', Statement } };
  await launch(emulator, 'bus', { Bus: { Type: 'AWS::Events::EventBus', Properties } });
  const { Policy = '{}' } = await events.send(new DescribeEventBusCommand({ Name: 'ours' }));
  expect(JSON.parse(Policy).Statement).toEqual(Statement);
});

test('an archive of a bus is told by a managed rule of the bus, for as long as there is the archive', async () => {
  const events = new EventBridgeClient(access(emulator));
  const EventSourceArn = 'arn:aws:events:eu-central-1:000000000000:event-bus/default';
  const ruleOf = async () => (await events.send(new ListRulesCommand({ NamePrefix: 'Events-Archive-' }))).Rules;
  const EventPattern = '{"source":["billing"]}';
  await events.send(new CreateArchiveCommand({ ArchiveName: 'kept', EventSourceArn, EventPattern }));
  expect(await ruleOf()).toMatchObject([
    {
      ...{ Name: 'Events-Archive-kept', ManagedBy: 'prod.vhs.events.aws.internal' },
      EventPattern: '{"source": ["billing"], "replay-name": [{"exists": false}]}',
    },
  ]);
  await events.send(new DeleteArchiveCommand({ ArchiveName: 'kept' }));
  expect(await ruleOf()).toEqual([]);
});
