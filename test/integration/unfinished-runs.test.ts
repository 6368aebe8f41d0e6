import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
} from '@aws-sdk/client-eventbridge';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { failureText } from '../../functions/contract/failure-report';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { concludeFailed } from '../../functions/tenants/tenant-store';
import { inventoryOf } from '../../local/inventory';
import { newSignup } from '../../local/signups';
import { eventually, RunningStage } from '../support/running-stage';

let stage: RunningStage;
beforeAll(async () => {
  // Pauses as short as these do not outlast what AWS shows later.
  stage = await RunningStage.start({ SFN_WAIT_SCALE: '0.01' }, { patience: 0 });
});
afterAll(() => stage?.stop());
afterEach(() => stage.control('stack-faults/remove', {}));

const aSignup = (subdomain: string) => newSignup({ companyName: `Company ${subdomain}`, subdomain });
const recordOf = async (tenantId: string) => (await inventoryOf(stage.connection, tenantId)).record;

/** Starts an onboarding that waits in LaunchDatabase: the event of its stack never comes. */
async function waitingForItsDatabase(subdomain: string) {
  const signup = aSignup(subdomain);
  const tenantId = tenantIdOf(signup.signupId);
  const stack = tenantNames.stack(tenantId, 'database');
  await stage.control('stack-faults', { stack, status: 'CREATE_COMPLETE', deliveries: 0, times: 1 });
  const executionArn = await stage.begin(signup);
  await stage.waits(executionArn, 'LaunchDatabase');
  // Whoever finds the stack later finds it complete: its event does not come again.
  await stage.stackBecomes(tenantId, 'database', 'CREATE_COMPLETE');
  return { signup, tenantId, executionArn };
}

const unfinished = (tenantId: string) =>
  eventually(`the record of ${tenantId} tells the end of its run`, async () => {
    const record = await recordOf(tenantId);
    return record?.failure?.outcome === 'unfinished' ? record : undefined;
  });

/** What every telling of a failure has in common. */
function answerOf(telling: object | undefined): object {
  const common = ['step', 'error', 'reason', 'outcome', 'undone', 'remaining', 'stoppedAt', 'links'];
  const told = { ...telling, ...(telling && 'failedStep' in telling && { step: telling.failedStep }) };
  return Object.fromEntries(Object.entries(told).filter(([key]) => common.includes(key)));
}

test('a stopped run is recorded and published; redriven, it goes on where it was stopped and ends ACTIVE', async () => {
  const { tenantId, executionArn } = await waitingForItsDatabase('stopped');
  await stage.sfn.send(new StopExecutionCommand({ executionArn }));

  const record = await unfinished(tenantId);
  expect(record).toMatchObject({ status: 'ONBOARDING', failure: { step: 'LaunchDatabase', error: 'RunAborted' } });
  const [event] = await stage.failures(executionArn);
  expect(answerOf(event)).toEqual(answerOf(record.failure));
  const status = await stage.client.status('stopped');
  expect(answerOf(status.failure)).toEqual(answerOf(record.failure));

  await expect(stage.client.redrive({ executionArn })).resolves.toEqual({ how: 'redriven', executionArn });
  const { status: ended, visits } = await stage.follow(executionArn);
  expect(ended).toBe('SUCCEEDED');
  expect(visits.filter(({ state }) => state === 'LaunchNetwork')).toHaveLength(1);
  const after = await recordOf(tenantId);
  expect(after?.status).toBe('ACTIVE');
  expect(after?.failure).toBeUndefined();
});

test('G8: abandoning a HELD tenant undoes everything, and a redrive does not bring it back', async () => {
  const { signup, tenantId, executionArn } = await waitingForItsDatabase('abandoned');
  await stage.sfn.send(new StopExecutionCommand({ executionArn }));
  const { failure } = await unfinished(tenantId);
  if (!failure) throw new Error('the record has no failure');
  await concludeFailed(stage.client.table, 'hold', { tenantId, executionArn }, failure);

  const [one, other] = await Promise.all(
    ['left', 'gone'].map((reason) => stage.client.abandon('abandoned', `the customer has ${reason}`)),
  );
  const [started, ...more] = [one, other].flatMap((done) => (done?.how === 'started' ? done.executionArn : []));
  expect(more).toEqual([]);
  const ended = await stage.follow(started ?? '');
  expect(ended).toMatchObject({ status: 'FAILED', failure: { error: 'OnboardingAbandoned' } });
  const left = await inventoryOf(stage.connection, tenantId);
  expect(left.record).toMatchObject({ status: 'FAILED', failure: { outcome: 'rolled-back', remaining: [] } });
  expect(left.record?.slot).toBeUndefined();
  expect(left.stacks.filter(({ status }) => status !== 'DELETE_COMPLETE')).toEqual([]);
  const [event] = await stage.failures(ended.executionArn);
  expect(event).toMatchObject({ error: 'OnboardingAbandoned', redrivable: false, signupId: signup.signupId });

  await expect(stage.client.redrive({ tenant: 'abandoned' })).resolves.toMatchObject({ how: 'nothing' });
  const anew = await stage.client.redrive({ tenant: 'abandoned' }, { anew: true });
  const onboarded = await stage.follow(anew.how === 'started' ? anew.executionArn : '');
  expect(onboarded).toMatchObject({ status: 'SUCCEEDED', output: { tenantId } });
});

test('a newer execution takes over the tenant of a stopped one with all its resources, and makes none twice', async () => {
  const { signup, tenantId, executionArn } = await waitingForItsDatabase('taken-over');
  await stage.sfn.send(new StopExecutionCommand({ executionArn }));
  const before = await unfinished(tenantId);

  const newer = await stage.begin(signup);
  expect(await stage.follow(newer)).toMatchObject({ status: 'SUCCEEDED', output: { tenantId } });
  const { record, stacks } = await inventoryOf(stage.connection, tenantId);
  expect(record).toMatchObject({ status: 'ACTIVE', executionArn: newer, slot: before.slot });
  expect(stacks).toHaveLength(4);

  await expect(stage.client.redrive({ executionArn })).resolves.toMatchObject({ how: 'nothing' });
  await expect(stage.begin(signup).then((third) => stage.follow(third))).resolves.toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'duplicate', firstExecutionArn: newer },
  });
});

test.each(['DeregisterTenant', 'DeleteDatabase', 'RetireTenantKey', 'ReleaseReservation'])(
  'a newer execution takes over at once from one that was stopped in %s of its rollback, and ends ACTIVE',
  async (state) => {
    const signup = aSignup(`stopped-in-${state.toLowerCase()}`);
    const tenantId = tenantIdOf(signup.signupId);
    const stack = tenantNames.stack(tenantId, 'access');
    await stage.control('stack-faults', { stack, resource: '*', on: 'create', reason: 'no luck', times: 1 });
    // The function that was called goes on, and has ended here. A newer one that finds the key retired, and the record not yet
    // told, waits until the index of tags must show every key: longer than the pauses are here.
    await stage.stoppedIn(signup, state);
    // The pauses are too short here for what is still unknown of a key that was retired a moment ago.
    await stage.platform.emulator.settle();

    const newer = await stage.follow(await stage.begin(signup));
    expect(newer).toMatchObject({ status: 'SUCCEEDED', output: { tenantId }, failure: undefined });
    const { record, stacks, keyState } = await inventoryOf(stage.connection, tenantId);
    expect(record).toMatchObject({ status: 'ACTIVE', executionArn: newer.executionArn });
    expect(stacks.map(({ status }) => status)).toEqual(Array(4).fill('CREATE_COMPLETE'));
    expect(keyState).toBe('Enabled');
    const { orphansFunctionName } = stage.platform.deployment.controlPlane;
    await expect(stage.call(orphansFunctionName)).resolves.toMatchObject({ orphans: [] });
  },
);

test('record, event, status and execution agree why a rollback was begun and where it stopped; redriven twice, the run ends ACTIVE', async () => {
  const signup = aSignup('half-undone');
  const tenantId = tenantIdOf(signup.signupId);
  const [database, network] = [tenantNames.stack(tenantId, 'database'), tenantNames.stack(tenantId, 'network')];
  await stage.control('stack-faults', { stack: database, resource: 'Primary', on: 'create', reason: 'no capacity' });
  await stage.control('stack-faults', { stack: network, resource: 'Vpc', on: 'delete', reason: 'has dependencies' });
  const executionArn = await stage.begin(signup);
  const ended = await stage.follow(executionArn);
  expect(ended).toMatchObject({ status: 'FAILED', failure: { error: 'StackDeletionFailed' } });

  const record = await unfinished(tenantId);
  expect(record).toMatchObject({
    status: 'ROLLING_BACK',
    failure: {
      step: 'ProvisionStacks',
      error: 'StackFailed',
      reason: expect.stringMatching(/^AWS::RDS::DBInstance Primary: .*no capacity/),
      stoppedAt: {
        step: 'DeleteNetwork',
        error: 'StackDeletionFailed',
        reason: expect.stringMatching(/^AWS::EC2::VPC Vpc: .*has dependencies/),
      },
      undone: expect.arrayContaining(['DeregisterTenant', 'DeleteAccess', 'DeleteDatabase']),
      remaining: expect.arrayContaining(['DeleteNetwork', 'RetireTenantKey', 'ReleaseReservation']),
    },
  });
  const [event] = await stage.failures(executionArn);
  expect(answerOf(event)).toEqual(answerOf(record.failure));
  const status = await stage.client.status('half-undone');
  expect(answerOf(status.failure)).toEqual(answerOf(record.failure));
  expect(ended.failure?.reason).toBe(record.failure?.stoppedAt?.reason);

  await stage.control('stack-faults/remove', {});
  await stage.client.redrive({ executionArn });
  const concluded = await stage.follow(executionArn);
  expect(concluded).toMatchObject({ status: 'FAILED', failure: { error: 'StackFailed' } });
  const rolledBack = await recordOf(tenantId);
  expect(rolledBack).toMatchObject({ status: 'FAILED', failure: { outcome: 'rolled-back', remaining: [] } });
  const told = await stage.client.status('half-undone');
  expect(told.failure && failureText(told.failure)).toBe(concluded.failure?.reason);
  const announced = await stage.failures(executionArn, 2);
  const inOrder = announced.toSorted((a, b) => `${a.occurredAt}`.localeCompare(`${b.occurredAt}`));
  expect(inOrder.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
    ['unfinished', 1],
    ['rolled-back', 2],
  ]);

  await stage.platform.emulator.settle();
  await stage.client.redrive({ executionArn });
  expect(await stage.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  expect((await recordOf(tenantId))?.status).toBe('ACTIVE');
});

test('the sweep records the end of a run whose event never reached the watchdog', async () => {
  const events = new EventBridgeClient(stage.platform.aws);
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  const Name = Rules.find(({ EventPattern }) => EventPattern?.includes('aws.states'))?.Name;
  expect(Name).toBeDefined();
  const { tenantId, executionArn } = await waitingForItsDatabase('unheard');
  await events.send(new DisableRuleCommand({ Name }));
  try {
    await stage.sfn.send(new StopExecutionCommand({ executionArn }));
    await expect(stage.sweep()).resolves.toMatchObject({ noticed: [tenantId] });
    expect((await recordOf(tenantId))?.failure).toMatchObject({ step: 'LaunchDatabase', outcome: 'unfinished' });
    await expect(stage.sweep()).resolves.toMatchObject({ noticed: [] });
  } finally {
    await events.send(new EnableRuleCommand({ Name }));
  }
  await stage.client.redrive({ executionArn });
  expect((await stage.follow(executionArn)).status).toBe('SUCCEEDED');
});
