import { redriveExecution } from '../../../functions/acts/redrive-execution';
import { failureReport } from '../../../functions/contract/failure-report';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { anExecution, aSignup, aSignupEvent, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const executionArn = anExecution();
const { tenantId } = aTenant();
const MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantOnboarding';
const isNewName = (arn: string) => arn.includes(':anew-');
const input = JSON.stringify(aSignupEvent());
const expired = { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: 'Execution redrivable period exceeded' };

interface Others {
  readonly redriving?: object;
  /** What a second look at the execution shows. */
  readonly afterwards?: object;
  /** The execution that has been started in its place, if there is one. */
  readonly later?: (executionArn: string) => object;
  readonly starting?: object;
}

const sentBy = (sfn: FakeClient) => JSON.parse(String(sfn.inputs('StartExecutionCommand')[0]?.input));

function aScene(execution: object, record: Partial<TenantRecord> = {}, others: Others = {}) {
  const { redriving = {}, afterwards = {}, later, starting = { executionArn: anExecution('new') } } = others;
  const table = new FakeTable({ ...itemKeys.tenant(tenantId), ...aTenantRecord({ status: 'FAILED', ...record }) });
  const sfn = new FakeClient({
    DescribeExecutionCommand: ({ executionArn: asked }: { executionArn: string }, call: number) => {
      if (isNewName(asked)) return later?.(asked) ?? awsError('ExecutionDoesNotExist');
      const seen = { status: 'FAILED', redriveStatus: 'REDRIVABLE', input, ...execution };
      return call === 0 ? seen : { ...seen, ...afterwards };
    },
    RedriveExecutionCommand: redriving,
    StartExecutionCommand: starting,
  });
  const deps = { sfn, table, stateMachineArn: MACHINE, pauseMs: 0 };
  return { sfn, run: (options = {}) => redriveExecution(deps, executionArn, options) };
}

it('redrives an execution that AWS can redrive', async () => {
  const { sfn, run } = aScene({});
  await expect(run()).resolves.toEqual({ how: 'redriven', executionArn });
  expect(sfn.inputs('RedriveExecutionCommand')).toEqual([{ executionArn }]);
  expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
});

it('starts an equal execution where AWS can no longer redrive, and says why', async () => {
  const { sfn, run } = aScene(expired);
  await expect(run()).resolves.toEqual({
    how: 'started',
    executionArn: anExecution('new'),
    because: 'Execution redrivable period exceeded',
  });
  expect(sfn.inputs('StartExecutionCommand')).toEqual([
    { stateMachineArn: MACHINE, input: expect.any(String), name: expect.stringMatching(/^anew-[0-9a-f]{32}$/) },
  ]);
  expect(sentBy(sfn)).toEqual({ ...aSignupEvent(), request: expect.any(String) });
});

it('says that AWS has no such execution when no tenant names it either', async () => {
  const sfn = new FakeClient({ DescribeExecutionCommand: awsError('ExecutionDoesNotExist') });
  const deps = { sfn, table: new FakeTable(), stateMachineArn: MACHINE, pauseMs: 0 };
  await expect(redriveExecution(deps, anExecution('never-was'))).resolves.toEqual({
    how: 'nothing',
    because: 'AWS has no such execution, which it keeps for 90 days, and no tenant names it',
  });
});

it('starts an equal execution when the redrive itself is refused', async () => {
  const redriving = awsError('ExecutionNotRedrivable', 'history limit');
  const { run } = aScene({}, {}, { redriving, afterwards: { redriveStatus: 'NOT_REDRIVABLE' } });
  await expect(run()).resolves.toMatchObject({ how: 'started', because: 'history limit' });
});

it('rebuilds the signup from the tenant’s record once AWS has deleted the execution', async () => {
  const record = aTenantRecord({ status: 'FAILED' });
  const sfn = new FakeClient({
    DescribeExecutionCommand: awsError('ExecutionDoesNotExist'),
    StartExecutionCommand: { executionArn: anExecution('new') },
  });
  const deps = { sfn, table: new FakeTable(), stateMachineArn: MACHINE };
  await expect(redriveExecution(deps, executionArn, { record })).resolves.toMatchObject({
    how: 'started',
    because: 'AWS has deleted the execution',
  });
  expect(sentBy(sfn)).toEqual({ ...aSignup(), request: expect.any(String) });
});

it('does nothing when neither AWS nor a record knows the execution’s signup', async () => {
  const sfn = new FakeClient({ DescribeExecutionCommand: awsError('ExecutionDoesNotExist') });
  const deps = { sfn, table: new FakeTable(), stateMachineArn: MACHINE };
  await expect(redriveExecution(deps, executionArn)).resolves.toMatchObject({ how: 'nothing' });
});

const malformed = failureReport({
  executionArn,
  failure: { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan' },
  outcome: 'refused',
});
it.each([
  ['that runs', { status: 'RUNNING', redriveStatus: 'NOT_REDRIVABLE' }, {}, 'running'],
  ['that has succeeded', { status: 'SUCCEEDED', redriveStatus: 'NOT_REDRIVABLE' }, {}, 'succeeded'],
  ['of a malformed signup', { error: 'InvalidSignup' }, {}, 'corrected'],
  ['of a malformed signup, by the record', {}, { failure: { ...malformed, at: NOW } }, 'corrected'],
  ['whose tenant a newer one has', {}, { executionArn: anExecution('newer') }, anExecution('newer')],
] as const)('does nothing to an execution %s, and says why', async (_, execution, record, because) => {
  const { sfn, run } = aScene(execution, record);
  await expect(run()).resolves.toEqual({ how: 'nothing', because: expect.stringContaining(because) });
  expect(sfn.sent.map(({ command }) => command)).toEqual(['DescribeExecutionCommand']);
});

it('G9: starts an equal execution to announce an ACTIVE tenant when it is too late for a redrive', async () => {
  const { run } = aScene(expired, { status: 'ACTIVE', activatedAt: NOW });
  await expect(run()).resolves.toMatchObject({ how: 'started' });
});

it('G6: redrives a run that ended in SignupConflict once the tenant’s owner has been rolled back', async () => {
  const owner = { executionArn: anExecution('owner') };
  const inConflict = { error: 'SignupConflict' };
  await expect(aScene(inConflict, { ...owner, status: 'HELD' }).run()).resolves.toMatchObject({ how: 'nothing' });
  await expect(aScene(inConflict, owner).run()).resolves.toEqual({ how: 'redriven', executionArn });
});

it('redrives a run that still has to announce an ACTIVE tenant', async () => {
  const { run } = aScene({}, { status: 'ACTIVE', activatedAt: NOW });
  await expect(run()).resolves.toMatchObject({ how: 'redriven' });
});

describe('G3: two operators who redrive in the same second make one run', () => {
  const redriving = awsError('ExecutionNotRedrivable', 'Execution is RUNNING and cannot be redriven');

  it.each([
    ['the run that the first has redriven', { status: 'RUNNING', redriveStatus: 'NOT_REDRIVABLE', redriveCount: 1 }],
    ['that the run waits for its redrive', { status: 'PENDING_REDRIVE', redriveStatus: 'NOT_REDRIVABLE' }],
    ['that the redriven run has failed again', { redriveCount: 1 }],
    ['that the redriven run has succeeded', { status: 'SUCCEEDED', redriveStatus: 'NOT_REDRIVABLE' }],
    ['no more than the first, as AWS does not show the redrive yet', {}],
  ])('G3: the second operator’s command sees %s, and says that there is nothing to do', async (_, afterwards) => {
    const { sfn, run } = aScene({}, {}, { redriving, afterwards });
    await expect(run()).resolves.toEqual({
      how: 'nothing',
      because: expect.stringMatching(/somebody else|has succeeded/),
    });
    expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
  });

  it.each([
    ['runs', () => ({ status: 'RUNNING' })],
    ['has succeeded', () => ({ status: 'SUCCEEDED' })],
  ])(
    'G3: where a new execution of the first operator %s, the second command starts none and says so',
    async (_, later) => {
      const { sfn, run } = aScene(expired, {}, { later });
      await expect(run()).resolves.toEqual({
        how: 'nothing',
        because: expect.stringContaining('somebody has already started a new execution in its place'),
      });
      expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
    },
  );

  it('G3: both commands choose the same execution name, so AWS starts only one', async () => {
    const { sfn, run } = aScene(expired, {}, { starting: awsError('ExecutionAlreadyExists') });
    await expect(run()).resolves.toMatchObject({ how: 'nothing', because: expect.stringContaining('somebody has') });
    const one = aScene(expired);
    await one.run();
    const nameOf = ({ sfn: client }: typeof one) => client.inputs('StartExecutionCommand')[0]?.name;
    expect(nameOf({ sfn, run })).toBe(nameOf(one));
  });

  it('G3: redrives a new execution that failed before it took the tenant over', async () => {
    const { sfn, run } = aScene(
      expired,
      {},
      { later: () => ({ status: 'FAILED', redriveStatus: 'REDRIVABLE', input }) },
    );
    await expect(run()).resolves.toEqual({ how: 'redriven', executionArn: expect.stringContaining(':anew-') });
    expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
  });
});

describe('F8: redrive --anew', () => {
  it('F8: starts an equal new execution instead of a redrive', async () => {
    const { sfn, run } = aScene({});
    await expect(run({ anew: true })).resolves.toMatchObject({
      how: 'started',
      because: 'a new execution was asked for',
    });
    expect(sfn.inputs('RedriveExecutionCommand')).toEqual([]);
    expect(sentBy(sfn)).toMatchObject(JSON.parse(input));
  });

  it('F8: starts a new execution each time, named after the one that it replaces', async () => {
    const first = aScene({});
    await first.run({ anew: true });
    const second = aScene(
      {},
      {},
      {
        later: (arn) => (sent(first) === nameIn(arn) ? { status: 'FAILED', input } : awsError('ExecutionDoesNotExist')),
      },
    );
    await expect(second.run({ anew: true })).resolves.toMatchObject({ how: 'started' });
    expect(sent(second)).not.toBe(sent(first));
  });

  it('F8: parses a refused signup again by today’s rules', async () => {
    const { run } = aScene({ error: 'InvalidSignup' });
    await expect(run({ anew: true })).resolves.toMatchObject({ how: 'started' });
  });

  const nameIn = (arn: string) => arn.split(':').at(-1);
  const sent = ({ sfn }: ReturnType<typeof aScene>) => sfn.inputs('StartExecutionCommand')[0]?.name;

  it.each([
    ['runs', { status: 'RUNNING' }, {}],
    ['has made an ACTIVE tenant', {}, { status: 'ACTIVE', activatedAt: NOW }],
    ['has lost its tenant to a newer one', {}, { executionArn: anExecution('newer') }],
  ] as const)('F8: starts no new execution in place of a run that %s', async (_, execution, record) => {
    const { sfn, run } = aScene(execution, record);
    await expect(run({ anew: true })).resolves.toMatchObject({ how: 'nothing' });
    expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
  });
});

describe('G8: an abandoned onboarding', () => {
  const abandoned = {
    error: 'OnboardingAbandoned',
    input: JSON.stringify({ ...aSignup(), abandonment: { by: 'jane' } }),
  };

  it('G8: is not redriven, as a redrive would undo it again', async () => {
    const { sfn, run } = aScene(abandoned);
    await expect(run()).resolves.toMatchObject({ how: 'nothing', because: expect.stringContaining('abandoned') });
    expect(sfn.inputs('RedriveExecutionCommand')).toEqual([]);
  });

  it('G8: is onboarded after all with --anew', async () => {
    const { sfn, run } = aScene(abandoned);
    await expect(run({ anew: true })).resolves.toMatchObject({ how: 'started' });
    expect(sentBy(sfn)).toEqual({ ...aSignup(), request: expect.any(String) });
  });

  it('G8: is redriven when its rollback was stopped, and the rollback continues', async () => {
    const { run } = aScene({ ...abandoned, error: 'AccessDenied' }, { status: 'ROLLING_BACK' });
    await expect(run()).resolves.toMatchObject({ how: 'redriven' });
  });
});
