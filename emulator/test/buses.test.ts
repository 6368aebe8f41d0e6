import { DescribeEventBusCommand, EventBridgeClient, PutPermissionCommand } from '@aws-sdk/client-eventbridge';
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

test('a bus made by CloudFormation has the policy of its template', async () => {
  const events = new EventBridgeClient(access(emulator));
  const Statement = [{ Sid: 'Given', Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: '*' }];
  const Properties = { Name: 'ours', Policy: { Version: '2012-10-17', Statement } };
  await launch(emulator, 'bus', { Bus: { Type: 'AWS::Events::EventBus', Properties } });
  const { Policy = '{}' } = await events.send(new DescribeEventBusCommand({ Name: 'ours' }));
  expect(JSON.parse(Policy).Statement).toEqual(Statement);
});
