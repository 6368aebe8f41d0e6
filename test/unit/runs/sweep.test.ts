import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CellDescriptor } from '../../../functions/contract/cell';
import { failureReport } from '../../../functions/contract/failure-report';
import { tenantIdOf } from '../../../functions/contract/naming';
import { itemKeys, stateKeys, type TenantRecord, type WaitingTask } from '../../../functions/contract/records';
import { sweep } from '../../../functions/runs/sweep';
import {
  aCell,
  anExecution,
  aStackId,
  aTenantRecord,
  aWaitingTask,
  NOW,
  REGION,
  theStacks,
} from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeCompute } from '../../support/fake-compute';
import { FakeTable } from '../../support/fake-table';

const now = new Date(NOW);
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const LONG_AGO = minutesAgo(10).toISOString();
const stackId = aStackId('network');

interface Stack {
  readonly StackStatus: string;
  readonly settled?: Date;
  readonly refused?: boolean;
}

interface Scene {
  readonly tasks?: readonly WaitingTask[];
  readonly records?: readonly TenantRecord[];
  /** By stack id. */
  readonly stacks?: Readonly<Record<string, Stack>>;
  /** By the machine. */
  readonly running?: Readonly<Record<string, readonly object[]>>;
  readonly executions?: Readonly<Record<string, object>>;
  /** Tokens of tasks that have ended. */
  readonly gone?: readonly string[];
  /** Machines whose executions AWS does not list. */
  readonly refused?: readonly string[];
  /** Further items of the table, damaged ones for example. */
  readonly items?: readonly Record<string, unknown>[];
  readonly cells?: CellDescriptor[];
  /** The approval's action, as GetPipelineState tells it; an error without a pipeline. */
  readonly approval?: object;
}

function outputsOf(id: string) {
  const settled = Object.values(theStacks()).find((stack) => stack.stackId === id);
  return Object.entries(settled?.outputs ?? {}).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
}

function aCloudFormation(stacks: Readonly<Record<string, Stack>>) {
  const known = (id: string) => {
    const stack = stacks[id];
    if (!stack) throw awsError('ValidationError', `Stack with id ${id} does not exist`);
    if (stack.refused) throw awsError('AccessDenied');
    return stack;
  };
  const fake = new FakeClient({
    DescribeStacksCommand: ({ StackName }: { StackName: string }) => {
      const { StackStatus } = known(StackName);
      return {
        Stacks: [
          { StackId: StackName, StackName: StackName.split('/')[1], StackStatus, Outputs: outputsOf(StackName) },
        ],
      };
    },
    DescribeStackEventsCommand: ({ StackName }: { StackName: string }) => ({
      StackEvents: [
        {
          Timestamp: known(StackName).settled ?? minutesAgo(5),
          ResourceType: 'AWS::EC2::VPC',
          LogicalResourceId: 'Vpc',
          ResourceStatus: 'CREATE_FAILED',
          ResourceStatusReason: 'VpcLimitExceeded',
        },
      ],
    }),
  });
  return { fake, client: Object.assign(new CloudFormationClient({ region: REGION }), { send: fake.send }) };
}

function aScene({
  tasks = [],
  records = [],
  stacks = {},
  running = { 'arn:machine': [] },
  executions = {},
  gone = [],
  items = [],
  refused = [],
  cells,
  approval,
}: Scene) {
  const table = new FakeTable(...items);
  for (const task of tasks) {
    table.put({ ...itemKeys.waitingTask(task.stackName), ...stateKeys.waitingTask(task.since), ...task });
  }
  for (const record of records) {
    const { tenantId, status } = record;
    table.put({ ...itemKeys.tenant(tenantId), ...stateKeys.tenant(status, tenantId), ...record });
  }
  const ended = ({ taskToken }: { taskToken: string }) => (gone.includes(taskToken) ? awsError('TaskTimedOut') : {});
  const sfn = new FakeClient({
    SendTaskHeartbeatCommand: ended,
    SendTaskSuccessCommand: ended,
    SendTaskFailureCommand: ended,
    ListExecutionsCommand: ({ stateMachineArn, nextToken }: { stateMachineArn: string; nextToken?: string }) => {
      if (refused.includes(stateMachineArn)) throw awsError('AccessDenied');
      const runs = running[stateMachineArn] ?? [];
      const at = Number(nextToken ?? 0);
      return { executions: runs.slice(at, at + 1), ...(at + 1 < runs.length && { nextToken: String(at + 1) }) };
    },
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) =>
      executions[executionArn] ?? awsError('ExecutionDoesNotExist'),
    GetExecutionHistoryCommand: ({ executionArn }: { executionArn: string }) => ({
      events: [
        {
          stateEnteredEventDetails: { name: executionArn.endsWith('concluded') ? 'ConcludeFailure' : 'LaunchDatabase' },
        },
      ],
    }),
  });
  const bus = new FakeClient({ PutEventsCommand: {} });
  const counted: Record<string, number> = {};
  const { client: cloudformation, fake: cloudFormationCalls } = aCloudFormation(stacks);
  const deps = {
    table,
    cloudformation,
    sfn,
    bus: { name: 'bus', client: bus },
    meter: {
      count: (name: string, value: number) => {
        counted[name] = (counted[name] ?? 0) + value;
      },
    },
    stage: { machineArns: Object.keys(running), maxOnboardingMinutes: 60 },
    now: () => now,
    compute: new FakeCompute(cells),
    codepipeline: new FakeClient({
      GetPipelineStateCommand: approval
        ? {
            stageStates: [
              { stageName: 'Source', actionStates: [{ actionName: 'Image' }] },
              { stageName: 'Approval', actionStates: [{ actionName: 'Approve', latestExecution: approval }] },
            ],
          }
        : awsError('PipelineNotFoundException'),
    }),
  };
  return {
    ...{ table, sfn, bus, counted, cloudFormationCalls, compute: deps.compute },
    run: (graceSeconds = 120) => sweep.run(deps, { graceSeconds }),
    waiting: () => [...table.items.keys()].filter((key) => key.endsWith('WAIT')),
  };
}

const waiting = (overrides: Partial<WaitingTask> = {}) => aWaitingTask({ since: LONG_AGO, stackId, ...overrides });

describe('Sweep: answers for lost stack events', () => {
  it('answers a task whose stack is complete', async () => {
    const {
      run,
      sfn,
      waiting: left,
      counted,
    } = aScene({
      tasks: [waiting()],
      stacks: { [stackId]: { StackStatus: 'CREATE_COMPLETE' } },
    });
    await expect(run()).resolves.toMatchObject({ answered: 1 });
    const [{ taskToken, output } = { taskToken: '', output: '' }] = sfn.inputs('SendTaskSuccessCommand');
    expect(taskToken).toBe('token-1');
    expect(JSON.parse(String(output))).toMatchObject({ stackId, outputs: theStacks().network.outputs });
    expect(left()).toEqual([]);
    expect(counted).toMatchObject({ LostStackEvents: 1, SweepsDone: 1 });
  });

  it('answers a task whose stack has failed, with the first resource that failed', async () => {
    const { run, sfn } = aScene({ tasks: [waiting()], stacks: { [stackId]: { StackStatus: 'ROLLBACK_COMPLETE' } } });
    await run();
    expect(sfn.inputs('SendTaskFailureCommand')).toEqual([
      { taskToken: 'token-1', error: 'QuotaExceeded', cause: 'AWS::EC2::VPC Vpc: VpcLimitExceeded' },
    ]);
  });

  it('answers a deletion, even of a stack that CloudFormation no longer knows', async () => {
    const other = aStackId('storage');
    const { run, sfn } = aScene({
      tasks: [
        waiting({ operation: 'delete' }),
        waiting({ operation: 'delete', stack: 'storage', stackId: other, taskToken: 'token-2' }),
      ],
      stacks: { [stackId]: { StackStatus: 'DELETE_COMPLETE' } },
    });
    await expect(run()).resolves.toMatchObject({ answered: 2 });
    expect(sfn.inputs('SendTaskSuccessCommand').map(({ taskToken }) => taskToken)).toEqual(['token-1', 'token-2']);
  });

  it('does not answer a young task, nor look at its stack: the event may still come', async () => {
    const {
      run,
      waiting: left,
      cloudFormationCalls,
    } = aScene({
      tasks: [waiting({ since: minutesAgo(1).toISOString() })],
      stacks: { [stackId]: { StackStatus: 'CREATE_COMPLETE' } },
    });
    await expect(run()).resolves.toMatchObject({ answered: 0 });
    expect(left()).toHaveLength(1);
    expect(cloudFormationCalls.sent).toEqual([]);
  });

  it('does not answer for a stack that settled a moment ago: the event may still come', async () => {
    const {
      run,
      sfn,
      waiting: left,
    } = aScene({
      tasks: [waiting()],
      stacks: { [stackId]: { StackStatus: 'CREATE_COMPLETE', settled: minutesAgo(0.5) } },
    });
    await expect(run()).resolves.toMatchObject({ answered: 0 });
    expect(sfn.inputs('SendTaskSuccessCommand')).toEqual([]);
    expect(left()).toHaveLength(1);
  });

  it.each([
    ['is answered as soon as its event is late', { stackId }, 3, 1],
    ['that its function may still be asking for waits', { stackId: undefined, operation: 'delete' } as const, 3, 0],
    ['whose function has ended is begun anew', { stackId: undefined, operation: 'delete' } as const, 10, 1],
  ])('F7: a task %s', async (_, task, minutes, count) => {
    const { run, sfn } = aScene({
      tasks: [waiting({ ...task, since: minutesAgo(minutes).toISOString() })],
      stacks: { [stackId]: { StackStatus: 'CREATE_COMPLETE', settled: minutesAgo(3) } },
    });
    await run();
    expect([...sfn.inputs('SendTaskSuccessCommand'), ...sfn.inputs('SendTaskFailureCommand')]).toHaveLength(count);
  });

  it('answers at once when an operator calls the event lost', async () => {
    const { run } = aScene({
      tasks: [waiting({ since: minutesAgo(0.1).toISOString() })],
      stacks: { [stackId]: { StackStatus: 'CREATE_COMPLETE', settled: minutesAgo(0.1) } },
    });
    await expect(run(0)).resolves.toMatchObject({ answered: 1 });
  });

  it.each([
    ['launch', 'CREATE_IN_PROGRESS'],
    ['launch', 'ROLLBACK_IN_PROGRESS'],
    ['delete', 'DELETE_IN_PROGRESS'],
    ['delete', 'ROLLBACK_IN_PROGRESS'],
  ] as const)('does not answer a %s while its stack is in %s', async (operation, StackStatus) => {
    const tasks = [waiting({ operation })];
    const { run, sfn, waiting: left } = aScene({ tasks, stacks: { [stackId]: { StackStatus } } });
    await run();
    expect(sfn.sent.map(({ command }) => command)).toEqual(['SendTaskHeartbeatCommand', 'ListExecutionsCommand']);
    expect(left()).toHaveLength(1);
  });

  it('forgets a task that its state machine no longer waits for', async () => {
    const {
      run,
      waiting: left,
      counted,
    } = aScene({
      tasks: [waiting()],
      stacks: { [stackId]: { StackStatus: 'CREATE_IN_PROGRESS' } },
      gone: ['token-1'],
    });
    await expect(run()).resolves.toMatchObject({ forgotten: 1, answered: 0 });
    expect(left()).toEqual([]);
    expect(counted.LostStackEvents).toBe(0);
  });

  it.each([
    ['the launch died before it knew its stack', { operation: 'launch', stackId: undefined }, {}],
    ['the deletion was never begun', { operation: 'delete' }, { [stackId]: { StackStatus: 'CREATE_COMPLETE' } }],
    ['a leftover was never deleted', { operation: 'replace' }, { [stackId]: { StackStatus: 'ROLLBACK_COMPLETE' } }],
  ] as const)('fails the task with a transient error when %s', async (_, task, stacks) => {
    const { run, sfn, waiting: left } = aScene({ tasks: [waiting(task as Partial<WaitingTask>)], stacks });
    await expect(run()).resolves.toMatchObject({ begunAnew: 1 });
    expect(sfn.inputs('SendTaskFailureCommand')).toEqual([
      expect.objectContaining({ taskToken: 'token-1', error: 'TransientServiceFault' }),
    ]);
    expect(left()).toEqual([]);
  });

  it('does not answer a launch whose CreateStack may still be under way', async () => {
    const launchingUntil = now.getTime() + 1000;
    const { run, sfn, waiting: left } = aScene({ tasks: [aWaitingTask({ since: LONG_AGO, launchingUntil })] });
    await run();
    expect(sfn.inputs('SendTaskFailureCommand')).toEqual([]);
    expect(left()).toHaveLength(1);
  });

  it('answers the other tasks when one fails, and then fails', async () => {
    const { run, sfn, counted } = aScene({
      tasks: [
        waiting({
          stack: 'storage',
          stackId: aStackId('storage'),
          taskToken: 'token-0',
          since: minutesAgo(20).toISOString(),
        }),
        waiting(),
      ],
      stacks: {
        [stackId]: { StackStatus: 'CREATE_COMPLETE' },
        [aStackId('storage')]: { StackStatus: 'CREATE_COMPLETE', refused: true },
      },
    });
    await expect(run()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(sfn.inputs('SendTaskSuccessCommand')).toHaveLength(1);
    expect(counted).not.toHaveProperty('SweepsDone');
  });
});

describe('Sweep: a cell whose release or migration AWS has deleted', () => {
  const executionArn = 'arn:aws:states:eu-central-1:111122223333:execution:TenantRelease:gone';
  const ofCell = { cell: 'cell1', executionArn, startedAt: NOW };
  const digest = `sha256:${'a'.repeat(64)}`;

  it.each([
    [
      'a release',
      itemKeys.release('cell1'),
      {
        ...{ releaseId: 'r1', digest, from: 'blue', to: 'green', phase: 'BakeRing', intent: 'go', rings: [] },
        ...ofCell,
      },
    ],
    ['a migration', itemKeys.migration('cell1'), { ...ofCell, phase: 'expand', target: '0001-leads' }],
  ])('notices the end of %s once, and ends well', async (_, key, claim) => {
    const { run, counted } = aScene({ items: [{ ...key, ...claim }], cells: [aCell()] });
    await expect(run()).resolves.toMatchObject({ cells: ['cell1'] });
    await expect(run()).resolves.toMatchObject({ cells: [] });
    expect(counted).toMatchObject({ UnfinishedRuns: 1, SweepsDone: 2 });
  });
});

it('G4: Sweep names the claims of a cell that cannot be parsed, counts them, and ends well', async () => {
  const damaged = [itemKeys.release('cell1'), itemKeys.migration('cell1')];
  const { run, counted } = aScene({ items: damaged.map((key) => ({ ...key, rings: 'none' })), cells: [aCell()] });
  await expect(run()).resolves.toMatchObject({ unreadable: damaged.map(({ pk, sk }) => `${pk} ${sk}`), cells: [] });
  expect(counted).toMatchObject({ UnreadableItems: 2, SweepsDone: 1 });
});

describe('Sweep: capacity', () => {
  const cells = [aCell({ capacity: 3 }), aCell({ name: 'cell2', capacity: 1 })];
  const slots = [
    { ...itemKeys.takenSlot('cell1', 0), number: 0 },
    { ...itemKeys.takenSlot('cell1', 1), number: 1, setAside: NOW },
    { ...itemKeys.freeSlot('cell1', 2), number: 2 },
    { ...itemKeys.takenSlot('cell2', 0), number: 0 },
    { ...itemKeys.takenSlot('cell2', 1), number: 1 },
  ];

  it('counts the slots of all cells, taken and left', async () => {
    const { run, counted } = aScene({ items: slots, cells });
    await run();
    expect(counted).toMatchObject({ SlotsTaken: 4, SlotsLeft: 1, SweepsDone: 1 });
  });

  it('D1: looks after the other cells when a descriptor is damaged, counts no slots, and fails', async () => {
    const items = [...slots, { ...itemKeys.release('cell2'), rings: 'none' }];
    const { run, counted, compute } = aScene({ items, cells });
    compute.damaged.add('cell1');
    await expect(run()).rejects.toThrow('SSM parameter of cell1: damaged');
    expect(counted).toMatchObject({ UnreadableItems: 1 });
    expect(counted).not.toHaveProperty('SlotsTaken');
  });

  it('counts no slots when those of one cell cannot be read, and fails', async () => {
    const { run, counted, table } = aScene({ items: slots, cells });
    const { send } = table.client;
    table.client.send = async (command) => {
      if (JSON.stringify(command).includes('CELL#cell2') && command.constructor.name === 'QueryCommand')
        throw awsError('AccessDenied');
      return await send(command);
    };
    await expect(run()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(counted).not.toHaveProperty('SlotsTaken');
    expect(counted).not.toHaveProperty('SweepsDone');
  });
});

describe('Sweep: runs', () => {
  const run = (name: string, dates: object) => ({ executionArn: anExecution(name), ...dates });

  it('counts running executions of every watched machine that are older than the stage allows', async () => {
    const { run: swept, counted } = aScene({
      running: {
        'arn:machine': [
          run('young', { startDate: minutesAgo(59) }),
          run('late', { startDate: minutesAgo(61) }),
          run('redriven', { startDate: minutesAgo(5000), redriveDate: minutesAgo(10) }),
        ],
        'arn:further': [run('late too', { startDate: minutesAgo(61) })],
      },
    });
    await expect(swept()).resolves.toMatchObject({ late: [anExecution('late'), anExecution('late too')] });
    expect(counted.LateRuns).toBe(2);
  });

  const tenantOf = (name: string, overrides: Partial<TenantRecord> = {}) =>
    aTenantRecord({ tenantId: tenantIdOf(name), signupId: name, executionArn: anExecution(name), ...overrides });
  const ended = (name: string, status: string, stopDate = minutesAgo(30)) => ({
    [anExecution(name)]: { status, input: JSON.stringify({ signupId: name }), stopDate },
  });
  const unfinished = (name: string, at: Date) => ({
    failure: {
      ...failureReport({
        executionArn: anExecution(name),
        failure: { step: 'LaunchDatabase', error: 'RunAborted', reason: 'stopped' },
        outcome: 'unfinished',
      }),
      at: at.toISOString(),
    },
  });

  it('processes an end that the watchdog has missed', async () => {
    const {
      run: swept,
      table,
      bus,
      counted,
    } = aScene({
      records: [tenantOf('a'), tenantOf('b', { status: 'ROLLING_BACK' }), tenantOf('alive'), tenantOf('forgotten')],
      running: { 'arn:machine': [run('alive', { startDate: minutesAgo(5) })] },
      executions: { ...ended('a', 'ABORTED'), ...ended('b', 'FAILED') },
    });
    const noticed = ['a', 'forgotten', 'b'].map(tenantIdOf);
    const answer = await swept();
    expect([...answer.noticed].sort()).toEqual(noticed.sort());
    expect(table.get(itemKeys.tenant(tenantIdOf('a')))).toMatchObject({ failure: { outcome: 'unfinished', at: NOW } });
    expect(table.get(itemKeys.tenant(tenantIdOf('alive')))).not.toHaveProperty('failure');
    expect(bus.sent).toHaveLength(3);
    expect(counted.UnfinishedRuns).toBe(3);
  });

  it.each([
    ['has noted already', [tenantOf('a', unfinished('a', minutesAgo(29)))], ended('a', 'ABORTED')],
    ['may still note: it has just ended', [tenantOf('a')], ended('a', 'ABORTED', minutesAgo(1))],
    ['need not note: it concluded', [tenantOf('concluded')], ended('concluded', 'FAILED')],
    ['need not note: it runs after all', [tenantOf('a')], ended('a', 'RUNNING')],
  ])('does not process an end that the watchdog %s', async (_, records, executions) => {
    const { run: swept, bus } = aScene({ records, executions });
    await expect(swept()).resolves.toMatchObject({ noticed: [] });
    expect(bus.sent).toEqual([]);
  });

  it('processes the second end of a run that was redriven after the first', async () => {
    const { run: swept } = aScene({
      records: [tenantOf('a', unfinished('a', minutesAgo(60)))],
      executions: ended('a', 'ABORTED'),
    });
    await expect(swept()).resolves.toMatchObject({ noticed: [tenantIdOf('a')] });
  });

  const damagedTask = {
    ...itemKeys.waitingTask('odd'),
    ...stateKeys.waitingTask(LONG_AGO.replace('2030', '2029')),
    since: 7,
  };
  const damagedTenant = (status: 'ONBOARDING' | 'HELD') => ({
    ...itemKeys.tenant('t000000000000000'),
    ...stateKeys.tenant(status, '!first'),
    status,
    subdomain: 'secret',
  });

  it.each([
    ['a waiting task', damagedTask],
    ['a tenant under way', damagedTenant('ONBOARDING')],
    ['a held tenant', damagedTenant('HELD')],
  ])('G4: counts and skips %s that cannot be parsed, and serves the others', async (_, damaged) => {
    const {
      run: swept,
      counted,
      sfn,
    } = aScene({
      items: [damaged],
      tasks: [waiting()],
      stacks: { [stackId]: { StackStatus: 'CREATE_COMPLETE' } },
      records: [tenantOf('a'), tenantOf('held', { status: 'HELD', updatedAt: minutesAgo(60 * 25).toISOString() })],
      running: { 'arn:machine': [run('late', { startDate: minutesAgo(61) })] },
      executions: ended('a', 'ABORTED'),
    });
    await expect(swept()).resolves.toMatchObject({
      answered: 1,
      late: [anExecution('late')],
      noticed: [tenantIdOf('a')],
      held: [tenantIdOf('held')],
      unreadable: [`${damaged.pk} ${damaged.sk}`],
    });
    expect(sfn.inputs('SendTaskSuccessCommand')).toHaveLength(1);
    expect(counted).toMatchObject({ UnreadableItems: 1, LateRuns: 1, SweepsDone: 1 });
  });

  it('G4: counts the late runs of one machine when the executions of another cannot be listed', async () => {
    const { run: swept, counted } = aScene({
      running: { 'arn:refused': [], 'arn:machine': [run('late', { startDate: minutesAgo(61) })] },
      records: [tenantOf('a')],
      executions: ended('a', 'ABORTED'),
      refused: ['arn:refused'],
    });
    await expect(swept()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(counted).toMatchObject({ LateRuns: 1, UnfinishedRuns: 1 });
    expect(counted).not.toHaveProperty('SweepsDone');
  });

  it.each([
    [23, []],
    [25, [tenantIdOf('held')]],
  ])('G8: counts a tenant that has been HELD for %d hours as held too long: %j', async (hours, held) => {
    const updatedAt = minutesAgo(60 * hours).toISOString();
    const { run: swept, counted } = aScene({ records: [tenantOf('held', { status: 'HELD', updatedAt })] });
    await expect(swept()).resolves.toMatchObject({ held });
    expect(counted.TenantsHeldTooLong).toBe(held.length);
  });

  it.each([
    ['waits for 25 hours', { token: 'token-1', lastStatusChange: minutesAgo(60 * 25) }, ['Approval/Approve']],
    ['waits for 23 hours', { token: 'token-1', lastStatusChange: minutesAgo(60 * 23) }, []],
    ['was given long ago', { status: 'Succeeded', lastStatusChange: minutesAgo(60 * 99) }, []],
    ['is in no pipeline yet', undefined, []],
  ])('counts an approval that %s: %j', async (_, approval, approvals) => {
    const { run: swept, counted } = aScene({ ...(approval && { approval }) });
    await expect(swept()).resolves.toMatchObject({ approvals });
    expect(counted).toMatchObject({ ApprovalsTooLate: approvals.length, SweepsDone: 1 });
  });

  it('asks Step Functions about no tenant that is in no run', async () => {
    const { run: swept, sfn } = aScene({
      records: (['ACTIVE', 'FAILED', 'HELD', 'SUSPENDED'] as const).map((status) => tenantOf(status, { status })),
    });
    await swept();
    expect(sfn.inputs('DescribeExecutionCommand')).toEqual([]);
  });
});
