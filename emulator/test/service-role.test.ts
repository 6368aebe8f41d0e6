import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { type Emulator, startEmulator } from '../emulator';
import { access, settled } from './aws';

let emulator: Emulator;
let cloudformation: CloudFormationClient;
let iam: IAMClient;
let RoleARN: string;

const MAKING = ['secretsmanager:CreateSecret', 'secretsmanager:DescribeSecret', 'secretsmanager:GetRandomPassword'];
const READING = ['secretsmanager:GetSecretValue', 'secretsmanager:TagResource'];
const DELETING = ['secretsmanager:DeleteSecret'];

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  cloudformation = new CloudFormationClient(access(emulator));
  iam = new IAMClient(access(emulator));
  const trust = { Effect: 'Allow', Principal: { Service: 'cloudformation.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'stacks', AssumeRolePolicyDocument }));
  RoleARN = Role?.Arn ?? '';
}, 60_000);
afterAll(async () => {
  for (const client of [cloudformation, iam]) client.destroy();
  await emulator.stop();
});

async function allow(Action: string[]): Promise<void> {
  const PolicyDocument = JSON.stringify({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
  await iam.send(new PutRolePolicyCommand({ RoleName: 'stacks', PolicyName: 'grants', PolicyDocument }));
}
async function create(StackName: string): Promise<string> {
  const TemplateBody = JSON.stringify({ Resources: { Own: { Type: 'AWS::SecretsManager::Secret', Properties: {} } } });
  return (await cloudformation.send(new CreateStackCommand({ StackName, TemplateBody, RoleARN }))).StackId ?? '';
}
async function reasons(StackName: string): Promise<string> {
  const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents.map(({ ResourceStatusReason }) => ResourceStatusReason).join('\n');
}
const statusOf = async (stack: string) => (await settled(cloudformation, stack)).StackStatus;

test('a resource cannot be created when one permission of its handlers is missing, and is created with all', async () => {
  await allow([...MAKING, ...DELETING]);
  const denied = await create('denied');
  expect(await statusOf(denied)).toBe('ROLLBACK_COMPLETE');
  expect(await reasons(denied)).toContain(
    'assumed-role/stacks/AWSCloudFormation is not authorized to perform: secretsmanager:',
  );
  await allow([...MAKING, 'secretsmanager:Get*', 'secretsmanager:TagResource']);
  expect(await statusOf(await create('allowed'))).toBe('CREATE_COMPLETE');
});

test('a resource cannot be deleted without the permission, and its stack can be deleted again with it', async () => {
  await allow([...MAKING, ...READING]);
  const stack = await create('kept');
  expect(await statusOf(stack)).toBe('CREATE_COMPLETE');
  await cloudformation.send(new DeleteStackCommand({ StackName: stack }));
  expect(await statusOf(stack)).toBe('DELETE_FAILED');
  expect(await reasons(stack)).toContain('secretsmanager:DeleteSecret');
  await allow([...MAKING, ...READING, ...DELETING]);
  await cloudformation.send(new DeleteStackCommand({ StackName: stack }));
  expect(await statusOf(stack)).toBe('DELETE_COMPLETE');
});
