import { itemKeys, type ReleaseClaim } from '../../../functions/contract/records';
import { alarmRaised } from '../../../functions/delivery/alarm-raised';
import { aCell, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { readable } from '../../support/fake-compute';
import { aReleaseRun, DIGEST, ReleaseWorld } from '../../support/release-world';

const cell = aCell({ alarmNames: ['cell-errors'] });
const AFTER = new Date(Date.parse(NOW) + 60_000);

/** An alarm event of a cell whose first ring was moved a minute before. */
function aScene(claim: Partial<ReleaseClaim> = {}) {
  const world = new ReleaseWorld([{ subdomain: 'acme' }]);
  world.table.put({
    ...itemKeys.release(cell.name),
    ...{ cell: cell.name, releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
    ...{ phase: 'BakeRing', intent: 'go', rings: [{ ring: 1, tenants: 1, at: NOW }], startedAt: NOW },
    waiting: { for: 'bake', taskToken: 'token-1' },
    ...claim,
  });
  world.alarms = [{ AlarmName: 'cell-errors', StateValue: 'ALARM', StateTransitionedTimestamp: AFTER }];
  world.now = AFTER;
  const sfn = new FakeClient({ SendTaskFailureCommand: {} });
  const raised = (alarmName = 'cell-errors') => {
    const { table, cloudwatch } = world;
    const deps = { table, cloudwatch, sfn, elb: { send: world.elb.answering as never }, now: () => world.now };
    return alarmRaised.run({ ...deps, compute: { readableCells: readable(cell) } }, { detail: { alarmName } });
  };
  return { world, sfn, raised, ended: () => sfn.inputs('SendTaskFailureCommand') };
}

test('an alarm of the cell ends the bake', async () => {
  const { raised, ended } = aScene();
  await expect(raised()).resolves.toEqual({ bake: 'ended' });
  const cause = 'alarm cell-errors rings since tenants were moved';
  expect(ended()).toEqual([{ taskToken: 'token-1', error: 'ReleaseUnhealthy', cause }]);
});

test('an event that comes late ends nothing: the alarm rang before the first ring, or is over', async () => {
  const { world, raised, ended } = aScene();
  const [alarm] = world.alarms;
  world.alarms = [{ ...alarm, StateTransitionedTimestamp: new Date(Date.parse(NOW) - 1) }];
  await expect(raised()).resolves.toEqual({ bake: 'ignored' });
  world.alarms = [{ ...alarm, StateValue: 'OK' }];
  await expect(raised()).resolves.toEqual({ bake: 'ignored' });
  expect(ended()).toEqual([]);
});

test.each<[string, Partial<ReleaseClaim>]>([
  ['no ring bakes', { waiting: undefined }],
  ['the colour is filled', { waiting: { for: 'fill', taskToken: 'token-1', deploymentId: 'd1' } }],
  ['the release has ended', { endedAt: NOW }],
])('is ignored while %s', async (_, claim) => {
  const { raised, ended } = aScene(claim);
  await expect(raised()).resolves.toEqual({ bake: 'ignored' });
  expect(ended()).toEqual([]);
});

test('an alarm of no cell is ignored, and a bake that has just ended is passed over', async () => {
  const { sfn, raised, ended } = aScene();
  await expect(raised('TenantOnboarding-Cell-c1-Other')).resolves.toEqual({ bake: 'ignored' });
  expect(ended()).toEqual([]);
  sfn.before = () => {
    throw awsError('TaskTimedOut');
  };
  await expect(raised()).resolves.toEqual({ bake: 'ignored' });
});
