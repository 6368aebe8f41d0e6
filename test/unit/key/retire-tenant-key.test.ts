import type { TenantRecord } from '../../../functions/contract/records';
import { anExecution, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { KeyScene } from '../../support/key-scene';

async function madeScene(record: Partial<TenantRecord> = {}) {
  const scene = new KeyScene();
  await scene.create();
  scene.become({ status: 'ROLLING_BACK', ...record });
  scene.pass(60);
  return scene;
}

function expectNothingLeft(scene: KeyScene): void {
  expect(scene.kms.living()).toEqual([]);
  expect(scene.aliased).toBeUndefined();
  expect(scene.record).not.toHaveProperty('keyRequestedAt');
}

describe('RetireTenantKey', () => {
  it('schedules the key’s deletion at the earliest, drops its alias and forgets that one was asked for', async () => {
    const scene = await madeScene();
    const [key] = scene.kms.keys;
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [key?.Arn] });
    expectNothingLeft(scene);
    expect(key).toMatchObject({ KeyState: 'PendingDeletion', deletedIn: 7 });
  });

  it('finds a key without an alias by its tag, and every one where a crash has left several', async () => {
    const scene = await madeScene();
    const others = [scene.leftover(), scene.leftover({ KeyState: 'Disabled' })];
    const { retiredKeyArns } = await scene.retire();
    expect(retiredKeyArns).toEqual(expect.arrayContaining(others.map(({ Arn }) => Arn)));
    expectNothingLeft(scene);
  });

  it('leaves keys of other tenants alone', async () => {
    const scene = await madeScene();
    const foreign = scene.kms.add({ tenantId: 'someone-else' });
    await scene.retire();
    expect(foreign.KeyState).toBe('Enabled');
  });

  it('does not believe that there is no key while one that was asked for may be hidden', async () => {
    const scene = new KeyScene({ keyRequestedAt: NOW, status: 'ROLLING_BACK' });
    scene.kms.indexing = false;
    const hidden = scene.leftover();
    scene.leftover({ KeyState: 'PendingDeletion', indexed: true });
    scene.pass(3);
    await expect(scene.retire()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    expect(scene.record.keyRequestedAt).toBe(NOW);
    scene.kms.index();
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [hidden.Arn] });
    expectNothingLeft(scene);
  });

  it('does not wait where a key was never asked for', async () => {
    const scene = new KeyScene({ status: 'ROLLING_BACK' });
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [] });
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [] });
    scene.table.items.clear();
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [] });
    expect(scene.table.items.size).toBe(0);
  });

  it('is done when it was done before', async () => {
    const scene = await madeScene();
    await scene.retire();
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [] });
    expectNothingLeft(scene);
  });

  it('lets a redriven run make a key of its own', async () => {
    const scene = await madeScene();
    await scene.retire();
    scene.become({ status: 'ONBOARDING' });
    await scene.create();
    expect(scene.kms.living()).toEqual([scene.aliased]);
  });

  it('leaves nothing after its death at each call and a retry', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const scene = new KeyScene({ keyRequestedAt: NOW, status: 'ROLLING_BACK' });
        scene.leftover({}, { alias: true });
        scene.leftover();
        scene.pass(60);
        return { scene, fakes: [scene.table, ...scene.fakes], run: scene.retire };
      },
      async ({ scene }) => {
        await scene.retire();
        expectNothingLeft(scene);
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after DisableKeyCommand', 'after DeleteAliasCommand']));
  });

  it('leaves nothing after the death of CreateTenantKey at each call', async () => {
    await dieAtEachCall(
      () => {
        const scene = new KeyScene();
        return { scene, fakes: [scene.table, ...scene.fakes], run: scene.create };
      },
      async ({ scene }) => {
        scene.become({ status: 'ROLLING_BACK' });
        scene.pass(1);
        await scene.retire().catch((thrown: Error) => {
          expect(thrown.name).toBe('TransientNotYetVisible');
          scene.pass(30);
          return scene.retire();
        });
        expectNothingLeft(scene);
      },
    );
  });

  const refusals: [string, string, Partial<TenantRecord>][] = [
    ['has been ACTIVE', 'TenantIsActive', { status: 'ACTIVE', activatedAt: NOW }],
    ['was ACTIVE and is suspended', 'TenantIsActive', { status: 'SUSPENDED', activatedAt: NOW }],
    ['belongs to another execution', 'ClaimLost', { executionArn: anExecution('second') }],
  ];
  it.each(refusals)('touches no key of a tenant that %s', async (_, error, record) => {
    const scene = await madeScene(record);
    await expect(scene.retire()).rejects.toMatchObject({ name: error });
    expect(scene.aliased?.KeyState).toBe('Enabled');
  });

  it('leaves the note of a new owner alone', async () => {
    const scene = await madeScene();
    scene.kms.after = (command) => {
      if (command === 'DeleteAliasCommand') scene.become({ executionArn: anExecution('second') });
    };
    await expect(scene.retire()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(scene.record.keyRequestedAt).toBe(NOW);
  });
});
