import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, settled } from './aws';
import { Machines } from './machines';

let emulator: Emulator;
let cloudformation: CloudFormationClient;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  cloudformation = new CloudFormationClient(access(emulator));
}, 60_000);
afterAll(() => emulator.stop());
afterEach(() => control(emulator, 'stack-faults/remove', {}));

const topic = { Type: 'AWS::SNS::Topic' };
const fault = (one: object) => control(emulator, 'stack-faults', one);

async function create(StackName: string, Resources: object): Promise<string> {
  const { StackId = '' } = await cloudformation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify({ Resources }),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    }),
  );
  return StackId;
}
const remove = (StackName: string) => cloudformation.send(new DeleteStackCommand({ StackName }));
const status = async (StackName: string) =>
  (await cloudformation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus;

/** `LogicalId STATUS: reason`, oldest first. */
async function told(StackName: string): Promise<string[]> {
  const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents.reverse().map(({ LogicalResourceId, ResourceStatus, ResourceStatusReason }) =>
    [`${LogicalResourceId} ${ResourceStatus}`, ResourceStatusReason].filter(Boolean).join(': '),
  );
}
const topics = async () => (await new SNSClient(access(emulator)).send(new ListTopicsCommand({}))).Topics ?? [];

test('a stack in REVIEW_IN_PROGRESS takes its name, has no resources, and is deleted at once', async () => {
  await cloudformation.send(
    new CreateChangeSetCommand({
      StackName: 'previewed',
      ChangeSetName: 'first',
      ChangeSetType: 'CREATE',
      TemplateBody: JSON.stringify({ Resources: { Own: topic } }),
    }),
  );
  expect(await status('previewed')).toBe('REVIEW_IN_PROGRESS');
  await expect(create('previewed', { Own: topic })).rejects.toMatchObject({ name: 'AlreadyExistsException' });
  expect(await topics()).toEqual([]);
  await remove('previewed');
  await eventually(async () => (await status('previewed').catch(() => 'gone')) === 'gone' || undefined);
  expect(await settled(cloudformation, await create('previewed', { Own: topic }))).toMatchObject({
    StackStatus: 'CREATE_COMPLETE',
  });
  await remove('previewed');
  await eventually(async () => (await topics()).length === 0 || undefined);
});

test('a failed resource rolls back its stack; the events have its reason, and other resources are cancelled', async () => {
  await fault({ stack: 'failing-*', resource: 'Second', on: 'create', reason: 'quota exceeded' });
  const stack = await create('failing-1', { First: topic, Second: topic, Third: topic });
  expect(await settled(cloudformation, stack)).toMatchObject({ StackStatus: 'ROLLBACK_COMPLETE' });
  expect(await told(stack)).toEqual([
    'failing-1 CREATE_IN_PROGRESS: User Initiated',
    'First CREATE_IN_PROGRESS',
    'First CREATE_COMPLETE',
    'Second CREATE_IN_PROGRESS',
    'Second CREATE_FAILED: quota exceeded',
    'Third CREATE_IN_PROGRESS',
    'Third CREATE_FAILED: Resource creation cancelled',
    'failing-1 ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [Second, Third]. Rollback requested by user.',
    'First DELETE_IN_PROGRESS',
    'First DELETE_COMPLETE',
    'failing-1 ROLLBACK_COMPLETE: Rollback complete',
  ]);
  expect(await topics()).toEqual([]);
});

test.each([
  ['AWS::Logs::LogGroup', { LogGroupName: 'taken' }, "Resource of type 'AWS::Logs::LogGroup' with identifier 'taken'"],
  [
    'AWS::IAM::Role',
    { RoleName: 'taken', AssumeRolePolicyDocument: { Statement: [] } },
    "Resource of type 'AWS::IAM::Role'",
  ],
  [
    'AWS::SecretsManager::Secret',
    { Name: 'taken', SecretString: 'x' },
    'The operation failed because the secret taken',
  ],
  ['AWS::RDS::DBInstance', { DBInstanceIdentifier: 'taken', Engine: 'postgres' }, 'DB instance already exists'],
])(
  '%s: an existing name fails the stack, and the resource that has the name stays',
  async (Type, Properties, reason) => {
    const name = Type.replaceAll('::', '-');
    await settled(cloudformation, await create(`first-${name}`, { Own: { Type, Properties } }));
    const second = await create(`second-${name}`, { Own: { Type, Properties } });
    expect(await settled(cloudformation, second)).toMatchObject({ StackStatus: 'ROLLBACK_COMPLETE' });
    expect(await told(second)).toContainEqual(expect.stringContaining(`Own CREATE_FAILED: ${reason}`));
    await remove(`second-${name}`);
    await eventually(async () => ((await told(second)).at(-1)?.includes('DELETE_COMPLETE') ? true : undefined));
    const third = await create(`third-${name}`, { Own: { Type, Properties } });
    expect(await settled(cloudformation, third)).toMatchObject({ StackStatus: 'ROLLBACK_COMPLETE' });
  },
);

test('a fault fails the configured number of times; a resource that cannot be deleted leaves DELETE_FAILED until it can', async () => {
  await fault({ stack: 'stuck', resource: 'First', on: 'delete', reason: 'still in use', times: 1 });
  const stack = await create('stuck', { First: topic, Second: topic });
  expect((await settled(cloudformation, stack)).StackStatus).toBe('CREATE_COMPLETE');
  await remove(stack);
  expect(await settled(cloudformation, stack)).toMatchObject({
    StackStatus: 'DELETE_FAILED',
    StackStatusReason: 'The following resource(s) failed to delete: [First].',
  });
  expect(await told(stack)).toContain('First DELETE_FAILED: still in use');
  await remove(stack);
  await eventually(async () => ((await status(stack)) === 'DELETE_COMPLETE' ? true : undefined));
  expect(await topics()).toEqual([]);
});

test('what a rollback could not delete stays the stack’s, and goes with it', async () => {
  await fault({ stack: 'half-made', resource: 'Second', on: 'create', reason: 'quota exceeded' });
  await fault({ stack: 'half-made', resource: 'First', on: 'delete', reason: 'still in use', times: 1 });
  const stack = await create('half-made', { First: topic, Second: topic });
  expect(await settled(cloudformation, stack)).toMatchObject({ StackStatus: 'ROLLBACK_FAILED' });
  expect(await topics()).toHaveLength(1);
  await remove('half-made');
  expect(await settled(cloudformation, stack)).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  expect(await topics()).toEqual([]);
});

test('a bucket is deleted with its stack only when it is empty, versions and delete markers included', async () => {
  const s3 = new S3Client({ ...access(emulator), forcePathStyle: true });
  const [Bucket, Key] = ['full-bucket', 'page'];
  const Properties = { BucketName: Bucket, VersioningConfiguration: { Status: 'Enabled' } };
  const stack = await create('full', { Bucket: { Type: 'AWS::S3::Bucket', Properties } });
  await settled(cloudformation, stack);
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await remove(stack);
  expect((await settled(cloudformation, stack)).StackStatus).toBe('DELETE_FAILED');
  expect((await told(stack)).join('\n')).toMatch(/Bucket DELETE_FAILED: .*The bucket you tried to delete is not empty/);
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  expect([Versions.length, DeleteMarkers.length]).toEqual([1, 1]);
  for (const { VersionId } of [...Versions, ...DeleteMarkers]) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
  await remove(stack);
  await eventually(async () => ((await status(stack)) === 'DELETE_COMPLETE' ? true : undefined));
});

test('a stack under creation can be deleted: the rest is cancelled, and nothing is left', async () => {
  await fault({ stack: 'slow', resource: 'Second', on: 'create', seconds: 30 });
  const stack = await create('slow', { First: topic, Second: topic, Third: topic });
  await eventually(async () => ((await told(stack)).includes('Second CREATE_IN_PROGRESS') ? true : undefined));
  expect(await status(stack)).toBe('CREATE_IN_PROGRESS');
  await remove(stack);
  await eventually(async () => ((await status(stack)) === 'DELETE_COMPLETE' ? true : undefined));
  const events = await told(stack);
  expect(events).toContain('Second CREATE_FAILED: Resource creation cancelled');
  expect(events.join()).not.toMatch(/Third|slow CREATE_COMPLETE|ROLLBACK/);
  expect(await topics()).toEqual([]);
});

test('a deletion under way is not started again; a stack with termination protection is not deleted', async () => {
  await fault({ stack: 'leaving', resource: 'First', on: 'delete', seconds: 300 });
  const stack = await create('leaving', { First: topic });
  await settled(cloudformation, stack);
  const protect = (EnableTerminationProtection: boolean) =>
    cloudformation.send(new UpdateTerminationProtectionCommand({ StackName: 'leaving', EnableTerminationProtection }));
  await protect(true);
  await expect(remove(stack)).rejects.toMatchObject({ name: 'ValidationError' });
  await protect(false);
  await remove(stack);
  await eventually(async () => ((await status(stack)) === 'DELETE_IN_PROGRESS' ? true : undefined));
  await remove(stack);
  await control(emulator, 'stack-faults/remove', {});
  await eventually(async () => ((await status(stack)) === 'DELETE_COMPLETE' ? true : undefined));
  expect((await told(stack)).filter((line) => line === 'leaving DELETE_IN_PROGRESS')).toHaveLength(1);
});

test('a resource that takes its time is done when its fault is taken away', async () => {
  await fault({ stack: 'lingering', resource: 'First', on: 'delete', seconds: 300 });
  const stack = await create('lingering', { First: topic });
  await settled(cloudformation, stack);
  await remove(stack);
  await eventually(async () => ((await told(stack)).includes('First DELETE_IN_PROGRESS') ? true : undefined));
  expect(await status(stack)).toBe('DELETE_IN_PROGRESS');
  await control(emulator, 'stack-faults/remove', {});
  await eventually(async () => ((await status(stack)) === 'DELETE_COMPLETE' ? true : undefined));
});

test('a status event can be lost, or come twice', async () => {
  const machines = new Machines(emulator);
  const { url, arn } = await machines.queue('statuses');
  const events = new EventBridgeClient(access(emulator));
  const EventPattern = JSON.stringify({ source: ['aws.cloudformation'] });
  await events.send(new PutRuleCommand({ Name: 'statuses', EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: 'statuses', Targets: [{ Id: 'q', Arn: arn }] }));
  const { id: lost } = await fault({ stack: 'announced', status: 'CREATE_IN_PROGRESS', deliveries: 0 });
  const { id: doubled } = await fault({ stack: 'announced', status: 'CREATE_COMPLETE', deliveries: 2 });
  const stack = await create('announced', { First: topic });
  await settled(cloudformation, stack);
  const bodies = await machines.messages(url, 2);
  const seen = bodies.map((body) => JSON.parse(body).detail['status-details'].status);
  expect(seen).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);
  const { struck } = await control(emulator, 'stack-faults/remove', {});
  expect(struck).toEqual({ [String(lost)]: 1, [String(doubled)]: 1 });
});
