import type { CellDescriptor } from '../../../functions/contract/cell';
import { itemKeys } from '../../../functions/contract/records';
import { auditSurroundings } from '../../../functions/isolation/audit-surroundings';
import { aCell, NOW } from '../../support/builders';
import { anAnswer } from '../../support/evidence';
import { FakeTable } from '../../support/fake-table';

const IDS = ['platform.bus', 'cell.dns'];

/** An audit in which `platform.bus` fails so many times, and what was asked. */
function scene(failures: number, underWay: string[] = []) {
  const table = new FakeTable();
  const asked: (readonly string[])[] = [];
  const asking =
    () =>
    async (_: CellDescriptor, only: readonly string[] = IDS) => {
      asked.push(only);
      return only.map((id) => ({
        ...anAnswer({ id, group: 'cell' }),
        passed: id !== 'platform.bus' || asked.length > failures,
      }));
    };
  const nothing = { items: [] };
  const lists = { proxies: nothing, exports: nothing, integrations: nothing, logPolicies: nothing };
  const deps = {
    ...{ table, asking, underWay: async () => underWay, compute: { cells: async () => [aCell()] } },
    account: async () => ({ principals: [], policies: new Map() }),
    lists: async () => lists,
    ...{ boundaryArn: 'arn:boundary', now: () => new Date(NOW) },
  };
  const kept = () => table.get(itemKeys.surroundings(aCell().name));
  return { audit: () => auditSurroundings.run(deps, { executionArn: 'arn:audit' }), asked, kept };
}

test('what fails is asked once more, and alone', async () => {
  const { audit, asked, kept } = scene(1);
  await expect(audit()).resolves.toEqual({ reports: [], failing: 0 });
  expect(asked).toEqual([IDS, ['platform.bus']]);
  expect(kept()?.answers).toMatchObject(IDS.map((id) => ({ id, passed: true })));
});

test('what fails twice is told', async () => {
  const { audit, asked } = scene(2);
  await expect(audit()).resolves.toMatchObject({ failing: 1, reports: [{ verdict: 'surroundings' }] });
  expect(asked).toHaveLength(2);
});

test('what fails while a deployment is under way is no answer: the last ones stay', async () => {
  const { audit, kept } = scene(9, ['TenantOnboarding-ControlPlane is UPDATE_IN_PROGRESS']);
  await expect(audit()).rejects.toMatchObject({
    name: 'TransientConflict',
    message: 'platform.bus: a deployment is under way: TenantOnboarding-ControlPlane is UPDATE_IN_PROGRESS',
  });
  expect(kept()).toBeUndefined();
});

test('a deployment beside which nothing fails disturbs no audit', async () => {
  await expect(scene(0, ['TenantOnboarding-Cell-c1 is UPDATE_IN_PROGRESS']).audit()).resolves.toMatchObject({
    failing: 0,
  });
});
