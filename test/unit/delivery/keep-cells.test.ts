import type { ReadableCells } from '../../../functions/compute/compute';
import type { CellDescriptor } from '../../../functions/contract/cell';
import { PlatformError } from '../../../functions/contract/errors';
import { RING_ZERO_PRIORITY, ringZeroHost } from '../../../functions/contract/naming';
import { itemKeys, type LiveColour } from '../../../functions/contract/records';
import { keepCells } from '../../../functions/delivery/keep-cells';
import { aCell, NOW } from '../../support/builders';
import { FakeBus } from '../../support/fake-bus';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeScaling } from '../../support/fake-scaling';
import { aReleaseRun, DIGEST, ReleaseWorld } from '../../support/release-world';

const cell = aCell({ liveTasks: { min: 2, max: 30 } });
const HOUR = 3_600_000;
const idle = { colour: 'green', since: NOW, keepUntil: NOW, why: 'former version' } as const;

interface Listed {
  readonly ringZero?: NonNullable<CellDescriptor['ringZero']>;
  readonly damaged?: ReadableCells['damaged'];
}

function aScene(live: Partial<LiveColour> = {}, { ringZero, damaged = new Map() }: Listed = {}) {
  const world = new ReleaseWorld([{ subdomain: 'acme' }, { subdomain: 'beta' }], ringZero);
  world.table.put({ ...world.live(), ...itemKeys.liveColour(cell.name), ...live });
  const ecs = new FakeClient({
    UpdateServiceCommand: {},
    DescribeServicesCommand: {
      services: [{ desiredCount: 2, deployments: [{ id: 'd1', status: 'PRIMARY', rolloutState: 'COMPLETED' }] }],
    },
  });
  const described: { answer: object | (() => Promise<object>) } = { answer: { status: 'RUNNING' } };
  const sfn = new FakeClient({
    ...{ SendTaskSuccessCommand: {}, SendTaskFailureCommand: {} },
    DescribeExecutionCommand: () => (typeof described.answer === 'function' ? described.answer() : described.answer),
  });
  const { cloudwatch } = world;
  const bus = new FakeBus();
  const scaling = new FakeScaling(cell);
  // FillColour has suspended it.
  if (live.releasing)
    for (const target of Object.values(scaling.targets)) target.SuspendedState.DynamicScalingInSuspended = true;
  const run = (at = Date.parse(NOW) + HOUR) =>
    keepCells.run(
      {
        ...{ table: world.table, elb: { send: world.elb.answering as never }, ecs, sfn, cloudwatch, scaling, bus },
        compute: {
          ...world.compute,
          readableCells: async () => ({ cells: [{ ...cell, ringZero }], damaged }),
        },
        now: () => new Date(at),
      },
      {},
    );
  return { world, ecs, sfn, bus, described, scaling, run, emptied: () => ecs.inputs('UpdateServiceCommand') };
}

test('removes the tasks of the idle colour once its time is over, one time', async () => {
  const { world, run, emptied } = aScene({ idle });
  await expect(run(Date.parse(NOW) - HOUR)).resolves.toEqual({ cells: { cell1: 'kept' } });
  expect(emptied()).toEqual([]);
  await expect(run()).resolves.toEqual({ cells: { cell1: 'emptied' } });
  expect(emptied()).toEqual([{ cluster: cell.clusterName, service: cell.services.green, desiredCount: 0 }]);
  expect(world.live()).not.toHaveProperty('idle');
  await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
});

test('keeps the other cells when the descriptor of one is damaged, then fails with the reason', async () => {
  const { run, emptied } = aScene(
    { idle },
    { damaged: new Map([['cell0', new PlatformError('ConfigurationInvalid', 'no JSON')]]) },
  );
  await expect(run()).rejects.toThrow('no JSON');
  expect(emptied()).toHaveLength(1);
});

test('aligns a rule that a crash has left on the idle colour first, and removes no tasks in that call', async () => {
  const { world, run, emptied } = aScene({ idle });
  const [rule] = world.elb.rules;
  if (rule) rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.green }];
  await expect(run()).resolves.toEqual({ cells: { cell1: 'aligned' } });
  expect(Object.values(world.colours())).toEqual(['blue', 'blue']);
  expect(world.live().idle?.since).toBe(new Date(Date.parse(NOW) + HOUR).toISOString());
  expect(emptied()).toEqual([]);
  await expect(run()).resolves.toEqual({ cells: { cell1: 'emptied' } });
});

test('counts the idle colour as left also for a release that has claimed the cell while rules were aligned', async () => {
  const { world, run } = aScene({ idle });
  const [rule] = world.elb.rules;
  if (rule) rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.green }];
  world.elb.after = (command) => {
    if (command !== 'ModifyRuleCommand') return;
    world.table.put({ ...itemKeys.liveColour(cell.name), ...world.live(), releasing: 'r1.0' });
  };
  await expect(run()).resolves.toEqual({ cells: { cell1: 'aligned' } });
  expect(world.live()).toMatchObject({
    releasing: 'r1.0',
    idle: { ...idle, since: new Date(Date.parse(NOW) + HOUR).toISOString() },
  });
});

test('aligns nothing and removes no tasks while a release moves tenants', async () => {
  const { world, run, emptied } = aScene({ idle, releasing: 'r1.0' });
  const [rule] = world.elb.rules;
  if (rule) rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.green }];
  await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
  expect(Object.values(world.colours())).toEqual(['green', 'blue']);
  expect(emptied()).toEqual([]);
});

test('answers for a deployment that ended without an event, and the release continues', async () => {
  const { world, run, sfn } = aScene();
  world.table.put({
    ...itemKeys.release(cell.name),
    ...{ cell: cell.name, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
    ...{ phase: 'FillColour', intent: 'go', rings: [], startedAt: NOW },
    waiting: { for: 'fill', taskToken: 'token-1', deploymentId: 'd1' },
  });
  await expect(run()).resolves.toEqual({ cells: { cell1: 'answered' } });
  expect(sfn.inputs('SendTaskSuccessCommand')).toHaveLength(1);
});

/** A ring bakes, and the sweep comes five minutes later. */
function aBake() {
  const scene = aScene({ releasing: 'r1.0' });
  scene.world.table.put({
    ...itemKeys.release(cell.name),
    ...{ cell: cell.name, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
    ...{ phase: 'BakeRing', intent: 'go', rings: [{ ring: 1, tenants: 1, at: NOW }], startedAt: NOW },
    waiting: { for: 'bake', taskToken: 'token-1' },
  });
  const at = Date.parse(NOW) + 5 * 60_000;
  scene.world.now = new Date(at);
  const ended = () => scene.sfn.inputs('SendTaskFailureCommand');
  return { ...scene, run: () => scene.run(at), ended };
}

test('ends a bake whose colour has no healthy target, and the release returns', async () => {
  const { world, run, ended } = aBake();
  world.elb.targets.set(cell.targetGroupArns.green, ['unhealthy', 'initial']);
  await expect(run()).resolves.toEqual({ cells: { cell1: 'returned' } });
  expect(ended()).toEqual([
    { taskToken: 'token-1', error: 'ReleaseUnhealthy', cause: 'targets of green are unhealthy, initial' },
  ]);
});

test('ends a bake in which visitors get errors', async () => {
  const { world, run, ended } = aBake();
  world.traffic.green = { requests: 100, failed: 50 };
  await expect(run()).resolves.toEqual({ cells: { cell1: 'returned' } });
  expect(ended()).toEqual([expect.objectContaining({ cause: expect.stringContaining('50 of 100 requests') })]);
});

test.each([
  ['without traffic', {}],
  ['with good traffic', { requests: 500, p95: 0.02 }],
])('lets a bake go on %s', async (_, green) => {
  const { world, run, ended } = aBake();
  world.traffic.green = green;
  await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
  expect(ended()).toEqual([]);
});

test('passes over a bake whose execution was stopped', async () => {
  const { world, sfn, run } = aBake();
  world.elb.targets.set(cell.targetGroupArns.green, []);
  sfn.before = (command) => {
    if (command === 'SendTaskFailureCommand') throw awsError('TaskTimedOut');
  };
  await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
});

test('ends a suspension of scaling that a killed run has left, and suspends it while a release moves tenants', async () => {
  const left = aScene();
  for (const target of Object.values(left.scaling.targets))
    Object.assign(target, { MinCapacity: 7, SuspendedState: { DynamicScalingInSuspended: true } });
  await expect(left.run()).resolves.toEqual({ cells: { cell1: 'scaled' } });
  expect(left.scaling.state()).toEqual([
    [2, false],
    [2, false],
  ]);
  await expect(left.run()).resolves.toEqual({ cells: { cell1: 'kept' } });

  const moving = aScene({ releasing: 'r1.0' });
  moving.scaling.targets.blue.MinCapacity = 7;
  moving.scaling.targets.green.SuspendedState.DynamicScalingInSuspended = false;
  await expect(moving.run()).resolves.toEqual({ cells: { cell1: 'scaled' } });
  expect(moving.scaling.state()).toEqual([
    [7, true],
    [2, true],
  ]);
});

test('gives the live colour the tasks that somebody has taken away', async () => {
  const { world, ecs, run, emptied } = aScene({ releasing: 'r1.0' });
  world.desired[cell.services.blue] = 0;
  const described = ecs.send;
  Object.assign(ecs, {
    send: (command: { constructor: { name: string } }) =>
      command.constructor.name === 'DescribeServicesCommand' ? world.ecs.send(command) : described(command),
  });
  await expect(run()).resolves.toEqual({ cells: { cell1: 'scaled' } });
  expect(emptied()).toEqual([{ cluster: cell.clusterName, service: cell.services.blue, desiredCount: 2 }]);
});

test('one cell that fails makes the call fail, after the other cells', async () => {
  const { ecs, run } = aScene({ idle });
  ecs.before = () => {
    throw awsError('AccessDeniedException');
  };
  await expect(run()).rejects.toThrow('AccessDenied');
});

describe('the rule of ring 0, which somebody has deleted', () => {
  const ringZero = { host: ringZeroHost(cell.name, 'funnels.example'), ruleArn: 'arn:rule/ring-zero' };
  function deleted(live: Partial<LiveColour> = {}) {
    const scene = aScene(live, { ringZero });
    scene.world.elb.rules = scene.world.elb.rules.filter(({ RuleArn }) => RuleArn !== ringZero.ruleArn);
    return { ...scene, page: () => scene.world.colours()[ringZero.host] };
  }

  test('is made again, once, and leads to the live colour', async () => {
    const { world, run, page } = deleted({ colour: 'green' });
    await expect(run()).resolves.toEqual({ cells: { cell1: 'remade' } });
    expect(page()).toBe('green');
    await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
    expect(world.elb.calls.filter((call) => call === 'CreateRuleCommand')).toHaveLength(1);
  });

  test('is made again when the answer was lost, and leads where a release has moved the page', async () => {
    const { world, run, page } = deleted({ releasing: 'r1.0' });
    world.table.put({
      ...itemKeys.release(cell.name),
      ...{ cell: cell.name, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
      ...{ phase: 'ShiftRing', intent: 'go', rings: [{ ring: 0, tenants: 0, at: NOW }], startedAt: NOW },
    });
    world.elb.after = (command) => {
      if (command === 'CreateRuleCommand') throw awsError('TimeoutError');
    };
    await expect(run()).rejects.toThrow('TimeoutError');
    await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
    expect(page()).toBe('green');
  });

  test('is not made while the colour has no healthy target, nor in the place of another rule', async () => {
    const { world, run, page } = deleted();
    world.elb.targets.set(cell.targetGroupArns.blue, ['unhealthy']);
    await expect(run()).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
    world.elb.targets.clear();
    world.elb.add(RING_ZERO_PRIORITY, 'somebody.else.example');
    await expect(run()).rejects.toMatchObject({ name: 'SlotOccupied' });
    expect(page()).toBeUndefined();
  });
});

describe('a release that was stopped after it had moved tenants', () => {
  const END = { status: 'ABORTED', redriveStatus: 'NOT_REDRIVABLE' };
  async function stopped(answer: object, moves = true) {
    const scene = aScene();
    const release = await scene.world.claimed();
    // FillColour has suspended it.
    for (const target of Object.values(scene.scaling.targets)) target.SuspendedState.DynamicScalingInSuspended = true;
    if (moves) await scene.world.shiftAll(release);
    scene.described.answer = answer;
    /** Until a call does one of these things, six at most. */
    const until = async (...ends: string[]): Promise<string[]> => {
      const kept: string[] = [];
      while (kept.length < 6 && !ends.includes(kept.at(-1) ?? '')) kept.push((await scene.run()).cells.cell1 ?? '');
      return kept;
    };
    const next = () => scene.world.claim('r2', aReleaseRun('second'));
    return { ...scene, release, until, next, hosts: () => Object.values(scene.world.colours()) };
  }

  test.each([
    ['AWS has deleted', awsError('ExecutionDoesNotExist')],
    ['AWS can no longer redrive', END],
  ])('and that %s, has its cell until all tenants have left its colour, and no longer', async (_, answer) => {
    const { world, scaling, until, next, hosts } = await stopped(answer);
    expect(hosts()).toEqual(['green', 'green']);
    await expect(next()).rejects.toMatchObject({ name: 'ReleaseUnderWay' });
    expect(await until('aligned')).toEqual(['withdrawn', 'scaled', 'aligned']);
    await expect(next()).rejects.toMatchObject({ name: 'ReleaseUnderWay' });
    expect(await until('freed', 'kept')).toEqual(['freed']);
    expect(hosts()).toEqual(['blue', 'blue']);
    expect(scaling.state().map(([, suspended]) => suspended)).toEqual([false, false]);
    const freed = new Date(Date.parse(NOW) + HOUR).toISOString();
    expect(world.claimNow()).toMatchObject({ releaseId: 'r1', endedAt: freed, outcome: 'returned' });
    expect(world.live()).toMatchObject({ colour: 'blue', idle: { colour: 'green', since: freed } });
    await expect(next()).resolves.toMatchObject({ outcome: 'claimed', release: { from: 'blue', to: 'green' } });
  });

  test('is told to have returned, once its tenants have left its colour, and as no copy of its stop', async () => {
    const { bus, until } = await stopped({ ...END, redriveCount: 1 });
    await until('aligned');
    expect(bus.events).toEqual([]);
    await until('freed');
    await until('emptied');
    const freed = new Date(Date.parse(NOW) + HOUR).toISOString();
    expect(bus.events).toEqual([
      {
        type: 'TenantReleaseReturned',
        detail: expect.objectContaining({
          ...{ releaseId: 'r1', cell: cell.name, digest: DIGEST, tenants: 2, executionArn: aReleaseRun() },
          ...{
            error: 'RunAborted',
            attempt: 3,
            occurredAt: freed,
            reason: expect.stringContaining('have been returned'),
          },
        }),
      },
    ]);
  });

  test('is told again, and ended, by the next call when the bus was out of order', async () => {
    const { world, bus, until, run } = await stopped(END);
    await until('aligned');
    bus.before = () => {
      throw awsError('InternalException');
    };
    await expect(run()).rejects.toMatchObject({ name: 'InternalException' });
    expect(world.claimNow()).not.toHaveProperty('endedAt');
    bus.before = () => {};
    await expect(until('freed')).resolves.toEqual(['freed']);
  });

  test('counts its colour as left from the moment on at which nobody was there any more', async () => {
    const { world, run } = await stopped(END);
    for (const minutes of [0, 2, 4, 6]) await run(Date.parse(NOW) + minutes * 60_000);
    expect(world.claimNow().endedAt).toBe(new Date(Date.parse(NOW) + 6 * 60_000).toISOString());
    expect(world.live().idle?.since).toBe(world.claimNow().endedAt);
  });

  test('keeps its cell while a rule that belongs to no tenant in service leads to its colour', async () => {
    const { world, until, run, next } = await stopped(END);
    const own = world.elb.add(2, `green.${cell.name}.funnels.example`);
    own.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.green }];
    await until('aligned');
    world.forget('acme');
    world.pointed('acme', cell.targetGroupArns.green);
    await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
    await expect(next()).rejects.toMatchObject({ name: 'ReleaseUnderWay' });
  });

  test.each([
    ['is under way', { status: 'RUNNING', redriveStatus: 'NOT_REDRIVABLE' }],
    ['waits for its redrive', { status: 'PENDING_REDRIVE', redriveStatus: 'NOT_REDRIVABLE' }],
    ['can be redriven', { status: 'ABORTED', redriveStatus: 'REDRIVABLE' }],
  ])('and that %s, keeps its cell and its tenants', async (_, answer) => {
    const { world, run, hosts } = await stopped(answer);
    const before = world.claimNow();
    await run();
    await expect(run()).resolves.toEqual({ cells: { cell1: 'kept' } });
    expect(hosts()).toEqual(['green', 'green']);
    expect(world.claimNow()).toEqual(before);
  });

  test('ends as completed when its colour is live', async () => {
    const { world, bus, release, until, hosts } = await stopped(END);
    await world.settle(release);
    await until('freed');
    expect(bus.events).toMatchObject([
      { type: 'TenantReleaseCompleted', detail: { releaseId: 'r1', colour: 'green', tenants: 2, attempt: 2 } },
    ]);
    expect(hosts()).toEqual(['green', 'green']);
    expect(world.claimNow()).toMatchObject({ outcome: 'completed', endedAt: expect.any(String) });
    expect(world.live()).toMatchObject({ colour: 'green', releaseId: 'r1' });
  });

  test('ends, too, when it had returned its tenants, and its colour has no tasks any more', async () => {
    const { world, release, until } = await stopped(END);
    await world.goBack(release);
    const { idle: _, ...live } = world.live();
    world.table.put({ ...live, ...itemKeys.liveColour(cell.name) });
    await until('freed');
    expect(world.live()).not.toHaveProperty('idle');
    expect(world.claimNow()).toMatchObject({ outcome: 'returned' });
  });

  test('touches nothing of another release that has claimed the cell after the look at the first', async () => {
    const { world, described, next, run } = await stopped(END, false);
    described.answer = async () => {
      world.table.put({ ...itemKeys.release(cell.name), ...world.claimNow(), endedAt: NOW });
      await next();
      return { status: 'SUCCEEDED', redriveStatus: 'NOT_REDRIVABLE' };
    };
    await run();
    expect(world.claimNow()).toMatchObject({ releaseId: 'r2' });
    expect(world.claimNow()).not.toHaveProperty('endedAt');
    expect(world.live().releasing).toMatch(/^r2\./);
  });
});
