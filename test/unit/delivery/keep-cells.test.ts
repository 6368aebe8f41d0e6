import type { CellDescriptor } from '../../../functions/contract/cell';
import { RING_ZERO_PRIORITY, ringZeroHost } from '../../../functions/contract/naming';
import { itemKeys, type LiveColour } from '../../../functions/contract/records';
import { keepCells } from '../../../functions/delivery/keep-cells';
import { aCell, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeScaling } from '../../support/fake-scaling';
import { aReleaseRun, DIGEST, ReleaseWorld } from '../../support/release-world';

const cell = aCell({ liveTasks: { min: 2, max: 30 } });
const HOUR = 3_600_000;
const idle = { colour: 'green', since: NOW, keepUntil: NOW, why: 'former version' } as const;

function aScene(live: Partial<LiveColour> = {}, ringZero?: NonNullable<CellDescriptor['ringZero']>) {
  const world = new ReleaseWorld([{ subdomain: 'acme' }, { subdomain: 'beta' }], ringZero);
  world.table.put({ ...world.live(), ...itemKeys.liveColour(cell.name), ...live });
  const ecs = new FakeClient({
    UpdateServiceCommand: {},
    DescribeServicesCommand: {
      services: [{ desiredCount: 2, deployments: [{ id: 'd1', status: 'PRIMARY', rolloutState: 'COMPLETED' }] }],
    },
  });
  const sfn = new FakeClient({ SendTaskSuccessCommand: {}, SendTaskFailureCommand: {} });
  const { cloudwatch } = world;
  const scaling = new FakeScaling(cell);
  // FillColour has suspended it.
  if (live.releasing)
    for (const target of Object.values(scaling.targets)) target.SuspendedState.DynamicScalingInSuspended = true;
  const run = (at = Date.parse(NOW) + HOUR) =>
    keepCells.run(
      {
        ...{ table: world.table, elb: { send: world.elb.answering as never }, ecs, sfn, cloudwatch, scaling },
        compute: { ...world.compute, cells: async () => [{ ...cell, ringZero }] },
        now: () => new Date(at),
      },
      {},
    );
  return { world, ecs, sfn, scaling, run, emptied: () => ecs.inputs('UpdateServiceCommand') };
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

test('aligns a rule that a crash has left on the idle colour first, and removes no tasks in that call', async () => {
  const { world, run, emptied } = aScene({ idle });
  const [rule] = world.elb.rules;
  if (rule) rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.green }];
  await expect(run()).resolves.toEqual({ cells: { cell1: 'aligned' } });
  expect(Object.values(world.colours())).toEqual(['blue', 'blue']);
  expect(emptied()).toEqual([]);
  await expect(run()).resolves.toEqual({ cells: { cell1: 'emptied' } });
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
  sfn.before = () => {
    throw awsError('TaskTimedOut');
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
    const scene = aScene(live, ringZero);
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
