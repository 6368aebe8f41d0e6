import { seedCell } from '../../../functions/compute/seed-cell';
import { type Colour, SeedCellInput } from '../../../functions/contract/cell';
import { itemKeys, LiveColourSchema } from '../../../functions/contract/records';
import { aCell, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const cell = aCell();
const properties = {
  ServiceToken: 'arn:SeedCell',
  Cell: cell.name,
  ClusterName: cell.clusterName,
  Services: cell.services,
  TargetGroupArns: cell.targetGroupArns,
  // CloudFormation sends every number as text.
  MinimumTasks: '3',
};

interface Given {
  /** What the cell's stack has published before; undefined in a cell that is being made. */
  readonly descriptor?: object;
  /** What the table says is live. */
  readonly live?: Colour;
  /** Desired tasks, as CloudFormation leaves a new service where nothing is said. */
  readonly tasks?: Record<Colour, number>;
}

function aScene({ descriptor, live, tasks = { blue: 1, green: 1 } }: Given = {}) {
  const LATER = '2031-01-01T00:00:00.000Z';
  const table = new FakeTable(
    ...(live ? [{ ...itemKeys.liveColour(cell.name), colour: live, since: NOW, releaseId: 'r7' }] : []),
  );
  const ssm = new FakeClient({
    GetParameterCommand: ({ Name }: { Name: string }) => {
      expect(Name).toBe(`/tenant-onboarding/cells/${cell.name}`);
      return descriptor ? { Parameter: { Value: JSON.stringify(descriptor) } } : awsError('ParameterNotFound');
    },
  });
  const desired = new Map<string, number>([
    [cell.services.blue, tasks.blue],
    [cell.services.green, tasks.green],
  ]);
  const ecs = new FakeClient({
    DescribeServicesCommand: ({ cluster, services }: { cluster: string; services: string[] }) => ({
      services: cluster === cell.clusterName ? services.map((name) => ({ desiredCount: desired.get(name) })) : [],
    }),
    UpdateServiceCommand: ({ service, desiredCount }: { service: string; desiredCount: number }) => {
      desired.set(service, desiredCount);
      return {};
    },
  });
  const run = (RequestType: 'Create' | 'Update' | 'Delete' = 'Create') => {
    const input = SeedCellInput.parse({ RequestType, ResourceProperties: properties });
    return seedCell.run({ table, ssm, ecs, now: () => new Date(LATER) }, input);
  };
  return {
    ...{ table, ssm, ecs, run, LATER, fakes: [table, ssm, ecs] },
    tasks: () => ({ blue: desired.get(cell.services.blue), green: desired.get(cell.services.green) }),
    live: () => table.get(itemKeys.liveColour(cell.name)),
  };
}

const blue = { Colour: 'blue', TargetGroupArn: cell.targetGroupArns.blue };
const green = { Colour: 'green', TargetGroupArn: cell.targetGroupArns.green };

describe('a new cell', () => {
  test('is blue, with the minimum of tasks, and has none in green', async () => {
    const scene = aScene();
    await expect(scene.run()).resolves.toEqual(blue);
    expect(scene.live()).toMatchObject({ ...itemKeys.liveColour(cell.name), colour: 'blue', since: scene.LATER });
    expect(LiveColourSchema.parse(scene.live())).toEqual({ colour: 'blue', since: scene.LATER });
    expect(scene.tasks()).toEqual({ blue: 3, green: 0 });
  });

  test('gets the live colour of an earlier cell with the same name', async () => {
    const scene = aScene({ live: 'green' });
    const before = structuredClone(scene.live());
    await expect(scene.run()).resolves.toEqual(green);
    expect(scene.live()).toEqual(before);
    expect(scene.tasks()).toEqual({ blue: 0, green: 3 });
  });

  test('is finished by a retry after the function’s death at each call', async () => {
    const deaths = await dieAtEachCall(
      () => aScene(),
      async (scene) => {
        await scene.run();
        expect(scene.live()).toMatchObject({ colour: 'blue' });
        expect(scene.tasks()).toEqual({ blue: 3, green: 0 });
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after PutCommand', 'after UpdateServiceCommand']));
  });
});

describe('an existing cell', () => {
  test.each(['Create', 'Update'] as const)(
    'keeps its colour and all its tasks at a later deployment (%s)',
    async (type) => {
      const scene = aScene({ descriptor: aCell(), live: 'green', tasks: { blue: 5, green: 7 } });
      const before = structuredClone(scene.live());
      await expect(scene.run(type)).resolves.toEqual(green);
      expect(scene.live()).toEqual(before);
      expect(scene.tasks()).toEqual({ blue: 5, green: 7 });
      expect(scene.ecs.inputs('UpdateServiceCommand')).toEqual([]);
    },
  );

  test('gets more live tasks when the stage’s minimum rises, and no idle ones', async () => {
    const scene = aScene({ descriptor: aCell(), live: 'green', tasks: { blue: 0, green: 1 } });
    await scene.run('Update');
    expect(scene.tasks()).toEqual({ blue: 0, green: 3 });
  });

  test('without a live-colour item gets the colour that its stack was deployed with', async () => {
    const scene = aScene({ descriptor: { ...aCell(), liveColour: 'green' }, tasks: { blue: 0, green: 7 } });
    await expect(scene.run()).resolves.toEqual(green);
    expect(scene.live()).toMatchObject({ colour: 'green', since: scene.LATER });
    expect(scene.tasks()).toEqual({ blue: 0, green: 7 });
  });

  test('is seeded although its descriptor has the format of another release', async () => {
    const scene = aScene({ descriptor: { name: cell.name, liveColour: 'green' }, tasks: { blue: 0, green: 7 } });
    await expect(scene.run()).resolves.toEqual(green);
  });

  test.each(['Create', 'Update'] as const)(
    'that has lost its live-colour item fails instead of a guessed colour (%s)',
    async (type) => {
      const scene = aScene({ descriptor: aCell() });
      await expect(scene.run(type)).rejects.toMatchObject({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining('docs/runbook.md#live-colour'),
      });
      expect(scene.live()).toBeUndefined();
      expect(scene.tasks()).toEqual({ blue: 1, green: 1 });
    },
  );
});

test('a Delete request, which a rollback sends too, changes nothing', async () => {
  const scene = aScene({ descriptor: aCell(), live: 'green' });
  await expect(scene.run('Delete')).resolves.toBeUndefined();
  expect(scene.live()).toMatchObject({ colour: 'green', releaseId: 'r7' });
  expect([...scene.ssm.sent, ...scene.ecs.sent]).toEqual([]);
});

test('two calls at once seed the same live colour', async () => {
  const scene = aScene();
  let met = false;
  scene.table.before = (command) => {
    if (command !== 'PutCommand' || met) return;
    met = true;
    scene.table.put({ ...itemKeys.liveColour(cell.name), colour: 'green', since: NOW });
  };
  await expect(scene.run()).resolves.toEqual(green);
});

test('a cell whose service does not exist is a configuration error', async () => {
  const scene = aScene();
  const gone = new FakeClient({ DescribeServicesCommand: { services: [] } });
  const input = SeedCellInput.parse({ RequestType: 'Create', ResourceProperties: properties });
  const seeding = seedCell.run({ table: scene.table, ssm: scene.ssm, ecs: gone, now: () => new Date(NOW) }, input);
  await expect(seeding).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
});
