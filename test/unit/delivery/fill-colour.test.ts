import { itemKeys } from '../../../functions/contract/records';
import { fillColour } from '../../../functions/delivery/fill-colour';
import { aCell, NOW } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeScaling } from '../../support/fake-scaling';
import { FakeTable } from '../../support/fake-table';
import { aReleaseRun, DIGEST } from '../../support/release-world';

const cell = aCell({ liveTasks: { min: 2, max: 30 } });
const release = { cell, digest: DIGEST, releaseId: 'r1', from: 'blue', to: 'green', attempt: 'r1.0' } as const;
const claim = {
  ...itemKeys.release(cell.name),
  ...{ cell: cell.name, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
  ...{ phase: 'PrepareTask', intent: 'go', rings: [], startedAt: NOW },
};
const ago = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();
const deployment = (more: object = {}) => ({ id: 'd1', status: 'PRIMARY', rolloutState: 'IN_PROGRESS', ...more });

function aScene({ green = { desiredCount: 0, deployments: [] as object[] }, idle = {} } = {}) {
  const live = { ...itemKeys.liveColour(cell.name), colour: 'blue', since: ago(9_999), ...idle };
  const table = new FakeTable(claim, live);
  let now = green;
  const ecs = new FakeClient({
    DescribeServicesCommand: ({ services }: { services: string[] }) => ({
      services: [services[0] === cell.services.blue ? { desiredCount: 3, deployments: [] } : now],
    }),
    UpdateServiceCommand: () => {
      now = { desiredCount: 3, deployments: [deployment()] };
      return { service: now };
    },
  });
  const sfn = new FakeClient({ SendTaskSuccessCommand: {} });
  const scaling = new FakeScaling(cell);
  const deps = { table, ecs, sfn, scaling, now: () => new Date(NOW), propagationSeconds: 120 };
  const input = { release, executionArn: aReleaseRun(), taskDefinition: 'arn:green:2', taskToken: 'token-1' };
  return { table, ecs, sfn, scaling, run: () => fillColour.run(deps, input) };
}

test('gives the colour as many tasks as the live one, without ECS’s own rollback', async () => {
  const { run, ecs, table } = aScene();
  await expect(run()).resolves.toEqual({ deploymentId: 'd1' });
  expect(ecs.inputs('UpdateServiceCommand')).toMatchObject([
    {
      service: cell.services.green,
      taskDefinition: 'arn:green:2',
      desiredCount: 3,
      deploymentConfiguration: {
        deploymentCircuitBreaker: { enable: true, rollback: false, resetOnHealthyTask: false },
      },
    },
  ]);
  expect(table.get(itemKeys.release(cell.name))).toMatchObject({
    waiting: { for: 'fill', taskToken: 'token-1', deploymentId: 'd1' },
  });
});

test('lets neither colour lose a task from then on, before the deployment begins', async () => {
  const { run, ecs, scaling } = aScene();
  ecs.before = (command) => {
    if (command === 'UpdateServiceCommand')
      expect(scaling.state()).toEqual([
        [3, true],
        [3, true],
      ]);
  };
  await run();
  expect(ecs.inputs('UpdateServiceCommand')).toHaveLength(1);
  await run();
  expect(scaling.inputs('RegisterScalableTargetCommand')).toHaveLength(2);
});

test('called again, waits for the deployment under way, and answers for a completed one', async () => {
  const under = { desiredCount: 3, deployments: [deployment({ taskDefinition: 'arn:green:2' })] };
  const { run, ecs } = aScene({ green: under });
  await run();
  expect(ecs.inputs('UpdateServiceCommand')).toEqual([]);
  const done = {
    desiredCount: 3,
    deployments: [deployment({ taskDefinition: 'arn:green:2', rolloutState: 'COMPLETED' })],
  };
  const scene = aScene({ green: done });
  await scene.run();
  expect(scene.sfn.inputs('SendTaskSuccessCommand')).toMatchObject([{ taskToken: 'token-1' }]);
});

test('starts a new deployment when the last one has failed', async () => {
  const failed = {
    desiredCount: 3,
    deployments: [deployment({ taskDefinition: 'arn:green:2', rolloutState: 'FAILED' })],
  };
  const { run, ecs } = aScene({ green: failed });
  await run();
  expect(ecs.inputs('UpdateServiceCommand')).toHaveLength(1);
});

test.each([
  [30, 'TransientServiceUnsteady'],
  [121, undefined],
])(
  'deploys nothing to a colour that tenants left %d s ago, while requests may still reach it',
  async (seconds, name) => {
    const idle = { colour: 'green', since: ago(seconds), keepUntil: NOW, why: 'former version' };
    const { run, ecs } = aScene({ idle: { idle } });
    if (name) await expect(run()).rejects.toMatchObject({ name });
    else await run();
    expect(ecs.inputs('UpdateServiceCommand')).toHaveLength(name ? 0 : 1);
  },
);
