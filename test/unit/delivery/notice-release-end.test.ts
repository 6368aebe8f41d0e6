import { itemKeys } from '../../../functions/contract/records';
import { noticeReleaseEnd } from '../../../functions/delivery/notice-release-end';
import { watchdog } from '../../../functions/runs/watchdog';
import { aCell, NOW } from '../../support/builders';
import { FakeBus } from '../../support/fake-bus';
import { FakeTable } from '../../support/fake-table';
import { aReleaseRun, DIGEST } from '../../support/release-world';
import { fakeExecution } from '../../support/run-history';

const { name: cell } = aCell();
const input = { cell, digest: DIGEST, releaseId: 'r1' };
const claim = {
  ...itemKeys.release(cell),
  ...{ cell, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
  ...{ phase: 'ShiftRing', intent: 'go', startedAt: NOW, rings: [{ ring: 1, tenants: 2, at: NOW }] },
};

function aScene(more: object = {}) {
  const table = new FakeTable({ ...claim, ...more });
  const bus = new FakeBus();
  const counted: string[] = [];
  const deps = { table, bus, meter: { count: (name: string) => void counted.push(name) }, now: () => new Date(NOW) };
  return { table, bus, counted, deps };
}

test('the watchdog publishes the stop of a release, and its claim stays open for a redrive', async () => {
  const { table, bus, counted, deps } = aScene();
  const stopped = { status: 'ABORTED', error: undefined, input: JSON.stringify(input) };
  const sfn = fakeExecution(stopped, ['BeginRelease', 'ClaimRelease', 'ShiftRing!']);
  const detail = { executionArn: aReleaseRun(), status: 'ABORTED' };
  await expect(watchdog.run({ ...deps, sfn }, { detail })).resolves.toEqual({ notice: 'unfinished' });
  expect(bus.events).toMatchObject([
    { type: 'TenantReleaseReturned', detail: { releaseId: 'r1', cell, failedStep: 'ShiftRing', tenants: 2 } },
  ]);
  expect(counted).toEqual(['UnfinishedRuns']);
  expect(table.get(itemKeys.release(cell))).toMatchObject({ failure: { step: 'ShiftRing' } });
  expect(table.get(itemKeys.release(cell))).not.toHaveProperty('endedAt');
});

test.each([
  ['has ended itself', { endedAt: NOW }],
  ['is of another execution', { executionArn: aReleaseRun('other') }],
])('publishes nothing of a release whose claim %s', async (_, more) => {
  const { bus, counted, deps } = aScene(more);
  const failure = { step: 'ShiftRing', error: 'RunAborted', reason: 'stopped' };
  const end = { executionArn: aReleaseRun(), redriveCount: 0, input, failure };
  await expect(noticeReleaseEnd(deps, end)).resolves.toBe('foreign');
  expect([bus.events, counted]).toEqual([[], []]);
});
