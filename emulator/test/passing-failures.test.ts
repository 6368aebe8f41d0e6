import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, kindAgain, settled } from './aws';

let emulator: Emulator;
let cloudformation: CloudFormationClient;

beforeAll(async () => {
  // The draws are the same every time.
  emulator = await startEmulator({ patience: 0, env: { AWS_SEED: 'passing' } });
  cloudformation = new CloudFormationClient(access(emulator));
}, 60_000);
beforeEach(() => control(emulator, 'patience', { factor: 0.001 }));
afterAll(async () => {
  cloudformation.destroy();
  await emulator.stop();
});

const topics = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`Topic${n}`, { Type: 'AWS::SNS::Topic' }]));
const role = {
  Type: 'AWS::IAM::Role',
  Properties: { RoleName: 'monitoring', AssumeRolePolicyDocument: { Statement: [] } },
};
const database = (more: object = {}) => ({
  Type: 'AWS::RDS::DBInstance',
  Properties: { Engine: 'postgres', DBInstanceClass: 'db.t4g.micro', ...more },
});

async function create(StackName: string, Resources: object): Promise<string> {
  const TemplateBody = JSON.stringify({ Resources });
  const made = await cloudformation.send(
    new CreateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_NAMED_IAM'] }),
  );
  return made.StackId ?? '';
}
async function events(StackName: string) {
  const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }));
  return StackEvents.reverse();
}
/** The reason of the first resource that failed. */
const reasonOf = async (stack: string) =>
  (await events(stack)).find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED')?.ResourceStatusReason;

/**
 * Makes stacks of one template, one after another, and deletes them: so many at most, or until one that failed for this
 * reason is followed by one that did not fail.
 *
 * @returns statuses, and the failures' reasons
 */
async function make(name: string, times: number, resources: object, until?: RegExp) {
  const made = { statuses: new Set<string | undefined>(), reasons: new Set<string>() };
  for (let turn = 0; turn < times; turn++) {
    const stack = await create(`${name}-${turn}`, resources);
    const { StackStatus } = await settled(cloudformation, stack);
    made.statuses.add(StackStatus);
    if (StackStatus === 'CREATE_COMPLETE' && [...made.reasons].some((reason) => until?.test(reason))) break;
    const reason = await reasonOf(stack);
    if (reason) made.reasons.add(reason);
    await cloudformation.send(new DeleteStackCommand({ StackName: stack }));
    await settled(cloudformation, stack);
  }
  return made;
}

test.each<[string, number, object, RegExp]>([
  ['any resource', 40, topics, /Rate exceeded.+Sns.+HandlerErrorCode: Throttling/],
  ['a database', 200, { Own: database() }, /Internal Failure|sufficient db\.t4g\.micro capacity|service linked role/],
])(
  '%s sometimes fails for a transient reason, and the next stack succeeds',
  async (name, times, resources, reason) => {
    const { statuses, reasons } = await make(name.replace(' ', '-'), times, resources, reason);
    expect([...statuses].sort()).toEqual(['CREATE_COMPLETE', 'ROLLBACK_COMPLETE']);
    expect([...reasons].join()).toMatch(reason);
  },
  60_000,
);

test('a monitoring role cannot be used right after it was made', async () => {
  // Its youth lasts ten seconds; a rollback takes as long as the factor says.
  const young = { Role: role, Own: database({ MonitoringRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } }) };
  await control(emulator, 'patience', { factor: 0.1 });
  const reasons = new Set<string>();
  for (let turn = 0; turn < 60 && reasons.size === 0; turn++) {
    const stack = await create(`monitored-${turn}`, young);
    await eventually(async () =>
      (await events(stack)).find(
        ({ LogicalResourceId: of, ResourceStatus: is }) => of === 'Own' && is !== 'CREATE_IN_PROGRESS',
      ),
    );
    const reason = await reasonOf(stack);
    if (reason?.includes('ENHANCED_MONITORING')) reasons.add(reason);
    await cloudformation.send(new DeleteStackCommand({ StackName: stack }));
    await settled(cloudformation, stack);
  }
  expect([...reasons].join()).toContain('ENHANCED_MONITORING');
}, 60_000);

test('what has failed in passing does not fail again when the stack is made anew', async () => {
  // By the draws, the third database fails at first, and the fourth one at the second time.
  const databases = Object.fromEntries(Array.from({ length: 4 }, (_, n) => [`Own${n}`, database()]));
  const statuses: (string | undefined)[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const stack = await create('twice', databases);
    const { StackStatus } = await settled(cloudformation, stack);
    statuses.push(StackStatus);
    await cloudformation.send(new DeleteStackCommand({ StackName: stack }));
    await settled(cloudformation, stack);
  }
  expect(statuses).toEqual(['ROLLBACK_COMPLETE', 'CREATE_COMPLETE']);
});

test('a rollback takes time, and status and events show it meanwhile', async () => {
  // Eight seconds at least, and its end is not waited for. At a higher factor those who look so often are throttled.
  await control(emulator, 'patience', { factor: 0.2 });
  await control(emulator, 'stack-faults', { stack: 'slow', resource: 'Second', on: 'create', reason: 'no' });
  const stack = await create('slow', { First: { Type: 'AWS::SNS::Topic' }, Second: { Type: 'AWS::SNS::Topic' } });
  await eventually(async () => {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: stack }));
    return Stacks?.[0]?.StackStatus === 'ROLLBACK_IN_PROGRESS' || undefined;
  });
  const told = (await events(stack)).map(
    ({ LogicalResourceId, ResourceStatus }) => `${LogicalResourceId} ${ResourceStatus}`,
  );
  expect(told.slice(-2)).toEqual(['Second CREATE_FAILED', 'slow ROLLBACK_IN_PROGRESS']);
  await kindAgain(emulator);
  expect((await settled(cloudformation, stack)).StackStatus).toBe('ROLLBACK_COMPLETE');
  const all = (await events(stack)).filter(({ ResourceStatus }) => ResourceStatus === 'ROLLBACK_IN_PROGRESS');
  expect(all).toHaveLength(1);
});

test('with patience 0 no stack fails', async () => {
  await control(emulator, 'patience', { factor: 0 });
  expect((await make('kind', 20, { ...topics, Own: database() })).statuses).toEqual(new Set(['CREATE_COMPLETE']));
}, 60_000);
