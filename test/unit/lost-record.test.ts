import { itemKeys } from '../../functions/contract/records';
import { anExecution, aSignup, NOW } from '../support/builders';
import { Reservations } from '../support/reservations';
import { TenantWorld } from '../support/tenant-world';

async function inService(): Promise<TenantWorld> {
  const world = new TenantWorld();
  await world.onboard();
  world.gone.add(anExecution());
  world.pass(3600);
  return world;
}

/** What requests and data of the tenant need. */
const service = ({ cloudformation, kms, elb, s3 }: TenantWorld) =>
  structuredClone({
    stacks: cloudformation.stacks,
    keys: kms.keys.map(({ KeyState }) => KeyState),
    rules: elb.rules,
    buckets: s3.buckets,
  });

describe('G6: the record of a tenant in service was deleted', () => {
  it.each(['gone', 'running'])(
    'an equal signup fails with TenantRecordLost and changes nothing; the first run is %s',
    async (run) => {
      const world = await inService();
      if (run === 'running') world.gone.clear();
      world.table.items.delete(`${itemKeys.tenant(world.tenantId).pk}|TENANT`);
      const before = world.snapshot();
      await expect(world.onboard(anExecution('second'))).rejects.toMatchObject({ name: 'TenantRecordLost' });
      await world.fails({ executionArn: anExecution('second'), error: 'TenantRecordLost' });
      expect(world.snapshot()).toEqual(before);
    },
  );

  it.each([
    ['with its route', ['TENANT#', 'ROUTE#']],
    ['with all claims', ['TENANT#', 'SIGNUP#', 'SUBDOMAIN#']],
  ])('%s, an equal signup is told so before it claims anything', async (_, deleted) => {
    const world = await inService();
    world.gone.clear();
    world.succeeded.add(anExecution());
    for (const key of world.table.items.keys())
      if (deleted.some((prefix) => key.startsWith(prefix))) world.table.items.delete(key);
    const before = structuredClone([...world.table.items]);
    await expect(world.onboard(anExecution('second'))).rejects.toMatchObject({ name: 'TenantRecordLost' });
    expect([...world.table.items]).toEqual(before);
  });

  it('with its other items also deleted, the run stops at the first protected stack and its rollback before any change', async () => {
    const world = await inService();
    for (const key of world.table.items.keys())
      if (!/^CELL.*\|(?:CELL|LIVE|FREE)/.test(key)) world.table.items.delete(key);
    const before = service(world);
    await expect(world.onboard(anExecution('second'))).rejects.toMatchObject({ name: 'TenantRecordLost' });
    for (const name of ['DeregisterTenant', 'DeleteStack'])
      await expect(world.undos(anExecution('second'))[name]?.()).rejects.toMatchObject({ name: 'TenantRecordLost' });
    expect(service(world)).toEqual(before);
  });
});

describe('G6: the record was deleted during the onboarding', () => {
  it.each([anExecution(), anExecution('second')])(
    'the next attempt, %s, keeps the tenant’s one slot',
    async (executionArn) => {
      const stage = new Reservations();
      const first = await stage.reserve(aSignup());
      if (first.outcome !== 'reserved') throw new Error(first.outcome);
      await stage.reserveNumber(1);
      stage.table.items.delete(`${itemKeys.tenant(first.tenant.tenantId).pk}|TENANT`);
      stage.endings[anExecution()] = 'FAILED';
      stage.random = () => 0.5;
      await expect(stage.reserve(aSignup(), executionArn)).resolves.toMatchObject({
        tenant: { slot: first.tenant.slot },
      });
      expect(stage.slots('SLOT')).toEqual([0, 1]);
      expect(stage.slots('FREE')).not.toContain(0);
      expect(stage.record(first.tenant.tenantId)).toMatchObject({ status: 'ONBOARDING', executionArn, createdAt: NOW });
    },
  );

  it('the next attempt finds the slot behind one that nobody can read', async () => {
    const stage = new Reservations();
    await stage.reserveNumber(1);
    const first = await stage.reserve(aSignup());
    if (first.outcome !== 'reserved') throw new Error(first.outcome);
    stage.table.put({ ...itemKeys.takenSlot('cell1', 0), number: 'zero' });
    stage.table.items.delete(`${itemKeys.tenant(first.tenant.tenantId).pk}|TENANT`);
    stage.endings[anExecution()] = 'FAILED';
    await expect(stage.reserve(aSignup())).resolves.toMatchObject({ tenant: { slot: first.tenant.slot } });
  });

  it('the rollback of the next attempt deletes all of the tenant', async () => {
    const world = new TenantWorld();
    await world.onboard();
    world.deactivate();
    for (const stack of world.cloudformation.stacks) stack.EnableTerminationProtection = false;
    for (const database of world.rds.instances.values()) database.protectedFromDeletion = false;
    world.table.items.delete(`${itemKeys.tenant(world.tenantId).pk}|TENANT`);
    for (const undo of Object.values(world.undos())) await world.retried(undo);
    expect(world.leftovers().filter((left) => !/SLOT|CLAIM/.test(left))).toEqual([]);
  });
});
