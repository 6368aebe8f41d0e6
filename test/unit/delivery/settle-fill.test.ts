import { itemKeys } from '../../../functions/contract/records';
import { settleFill } from '../../../functions/delivery/settle-fill';
import { aCell, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { aReleaseRun, DIGEST } from '../../support/release-world';

const cell = aCell();
const waiting = { for: 'fill', taskToken: 'token-1', deploymentId: 'ecs-svc/1' };
const claim = {
  ...itemKeys.release(cell.name),
  ...{ cell: cell.name, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
  ...{ phase: 'FillColour', intent: 'go', rings: [], startedAt: NOW, waiting },
};

function aScene(deployments: object[], more: object = {}, gone = false) {
  const table = new FakeTable({ ...claim, ...more });
  const ecs = new FakeClient({
    DescribeServicesCommand: { services: [{ deployments }] },
    ListTasksCommand: { taskArns: ['arn:task/1'] },
    DescribeTasksCommand: {
      tasks: [{ stoppedReason: 'Essential container exited', containers: [{ exitCode: 3 }] }],
    },
  });
  const answer = () => (gone ? awsError('TaskTimedOut') : {});
  const sfn = new FakeClient({ SendTaskSuccessCommand: answer, SendTaskFailureCommand: answer });
  return { table, sfn, run: () => settleFill({ table, ecs, sfn }, cell) };
}

const mine = (more: object = {}) => ({ id: 'ecs-svc/1', status: 'PRIMARY', rolloutState: 'COMPLETED', ...more });

test('a completed deployment answers the waiting task, once', async () => {
  const { run, sfn } = aScene([mine()]);
  await expect(run()).resolves.toBe('answered');
  await expect(run()).resolves.toBe('ignored');
  expect(sfn.inputs('SendTaskSuccessCommand')).toEqual([
    { taskToken: 'token-1', output: JSON.stringify({ deploymentId: 'ecs-svc/1' }) },
  ]);
});

test('a failed deployment fails the waiting task with ECS’s reason and the exit code', async () => {
  const reason = 'ECS deployment circuit breaker was triggered.';
  const { run, sfn } = aScene([mine({ rolloutState: 'FAILED', rolloutStateReason: reason })]);
  await expect(run()).resolves.toBe('answered');
  expect(sfn.inputs('SendTaskFailureCommand')).toEqual([
    { taskToken: 'token-1', error: 'ReleaseFillFailed', cause: `${reason} Essential container exited (exit code 3)` },
  ]);
});

test.each([
  ['the breaker has rolled back to another one', [{ id: 'ecs-svc/0', status: 'PRIMARY', rolloutState: 'COMPLETED' }]],
  ['another one has replaced it', [mine({ status: 'ACTIVE' }), { id: 'ecs-svc/2', status: 'PRIMARY' }]],
])('a COMPLETED deployment fails the task when %s', async (_, deployments) => {
  const { run, sfn } = aScene(deployments);
  await expect(run()).resolves.toBe('answered');
  expect(sfn.inputs('SendTaskFailureCommand')).toMatchObject([{ error: 'ReleaseFillFailed' }]);
});

test('a deployment in progress answers nothing', async () => {
  const { run, sfn } = aScene([mine({ rolloutState: 'IN_PROGRESS' })]);
  await expect(run()).resolves.toBe('waits');
  expect(sfn.sent).toEqual([]);
});

test.each([
  ['has ended', { endedAt: NOW }],
  ['bakes a ring', { waiting: { for: 'bake', taskToken: 't' } }],
  ['has not begun its deployment', { waiting: { for: 'fill', taskToken: 't' } }],
  ['waits for nothing', { waiting: undefined }],
])('a release that %s gets no answer', async (_, more) => {
  const { run, sfn } = aScene([mine()], more);
  await expect(run()).resolves.toBe('ignored');
  expect(sfn.sent).toEqual([]);
});

test('forgets a waiting task that Step Functions no longer knows', async () => {
  const { run, table } = aScene([mine()], {}, true);
  await expect(run()).resolves.toBe('answered');
  expect(table.get(itemKeys.release(cell.name))).not.toHaveProperty('waiting');
});
