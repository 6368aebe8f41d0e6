import type { TenantRecord } from '../../functions/contract/records';
import { workflowNamed } from '../../functions/contract/workflows';
import { anExecution, aTenant } from '../support/builders';
import { TenantWorld } from '../support/tenant-world';

/** In the order of the rollback. An undo that is added is tested too, or fails here without a scene. */
const UNDOS = [...new Set(Object.values(workflowNamed('TenantOnboarding').undos))];

const undo = (world: TenantWorld, name: string, executionArn = anExecution()): Promise<unknown> => {
  const run = world.undos(executionArn)[name];
  if (!run) throw new Error(`${name} has no scene in TenantWorld`);
  return world.retried(run);
};

async function onboarded(record: Partial<TenantRecord> = {}): Promise<TenantWorld> {
  const world = new TenantWorld();
  await world.onboard();
  world.become(record);
  return world;
}

describe.each(UNDOS)('%s', (name) => {
  it.each<[string, string, Partial<TenantRecord>]>([
    ['is ACTIVE', anExecution(), {}],
    ['is ACTIVE, called by somebody else', anExecution('by-hand'), {}],
    ['is suspended', anExecution(), { status: 'SUSPENDED' }],
    ['has been ACTIVE, whatever its status says', anExecution(), { status: 'ROLLING_BACK' }],
  ])('refuses a tenant that %s', async (_, executionArn, record) => {
    const world = await onboarded(record);
    const before = world.snapshot();
    await expect(undo(world, name, executionArn)).rejects.toMatchObject({ name: 'TenantIsActive' });
    expect(world.snapshot()).toEqual(before);
  });

  it.each(['ONBOARDING', 'ROLLING_BACK', 'HELD', 'FAILED'] as const)(
    'refuses a tenant that a newer execution owns, %s',
    async (status) => {
      const world = await onboarded();
      world.deactivate({ status, executionArn: anExecution('newer') });
      const before = world.snapshot();
      await expect(undo(world, name)).rejects.toMatchObject({ name: 'ClaimLost' });
      expect(world.snapshot()).toEqual(before);
    },
  );

  it('succeeds any number of times when nothing of the tenant was ever made', async () => {
    const world = new TenantWorld();
    world.tenant = aTenant();
    const before = structuredClone(world.table.items);
    await undo(world, name);
    await undo(world, name);
    expect(world.leftovers()).toEqual([]);
    expect(world.table.items).toEqual(before);
  });

  it('succeeds when all of the tenant is deleted already', async () => {
    const world = await onboarded();
    world.deactivate();
    for (const each of UNDOS) await undo(world, each);
    await undo(world, name);
    expect(world.leftovers()).toEqual([]);
  });
});

it('all undos together delete everything of the tenant, and nothing of another', async () => {
  const world = await onboarded();
  world.deactivate();
  world.elb.add(4000, 'other.funnels.example', 'other');
  world.cloudformation.add('tenant-other-network', { StackStatus: 'CREATE_COMPLETE' });
  const { KeyId } = world.kms.add({ tenantId: 'other' });
  world.s3.fill('tenant-other', 3);
  for (const each of UNDOS) await undo(world, each);
  const others = ['stack tenant-other-network', `key ${KeyId}`, 'rule 4000 of other', 'bucket tenant-other'];
  expect(world.leftovers().toSorted()).toEqual(others.toSorted());
});
