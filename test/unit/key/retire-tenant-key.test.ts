import fc from 'fast-check';
import { isTransient } from '../../../functions/contract/errors';
import { tenantIdOf, tenantNames } from '../../../functions/contract/naming';
import type { TenantRecord } from '../../../functions/contract/records';
import { INDEX_LAG } from '../../../functions/key/tenant-keys';
import { translateError } from '../../../functions/shared/error-translation';
import { anExecution, NOW } from '../../support/builders';
import { dieAtEachCall, Killed } from '../../support/deaths';
import { kmsError } from '../../support/fake-keys';
import { KeyScene } from '../../support/key-scene';

async function madeScene(record: Partial<TenantRecord> = {}) {
  const scene = new KeyScene();
  await scene.create();
  scene.become({ status: 'ROLLING_BACK', ...record });
  scene.pass(INDEX_LAG / 1000);
  return scene;
}

function expectNothingLeft(scene: KeyScene): void {
  expect(scene.kms.living()).toEqual([]);
  expect(scene.aliased).toBeUndefined();
  expect(scene.record).not.toHaveProperty('keyRequestedAt');
}

describe('RetireTenantKey', () => {
  it('schedules the key’s deletion with the shortest window, deletes its alias and clears the request of the record', async () => {
    const scene = await madeScene();
    const [key] = scene.kms.keys;
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [key?.Arn] });
    expectNothingLeft(scene);
    expect(key).toMatchObject({ KeyState: 'PendingDeletion', deletedIn: 7 });
  });

  it('finds a key without an alias by its tag, and every key where a crash has left several', async () => {
    const scene = await madeScene();
    const others = [scene.leftover(), scene.leftover({ KeyState: 'Disabled' })];
    const { retiredKeyArns } = await scene.retire();
    expect(retiredKeyArns).toEqual(expect.arrayContaining(others.map(({ Arn }) => Arn)));
    expectNothingLeft(scene);
  });

  it('changes no key of another tenant', async () => {
    const scene = await madeScene();
    const foreign = scene.kms.add({ tenantId: 'someone-else' });
    await scene.retire();
    expect(foreign.KeyState).toBe('Enabled');
  });

  it('ends when somebody else’s key has the alias, and leaves key and alias', async () => {
    const scene = new KeyScene({ keyRequestedAt: NOW, status: 'ROLLING_BACK' });
    const foreign = scene.kms.add({});
    const alias = tenantNames.keyAlias(scene.record.tenantId);
    scene.kms.aliases.set(alias, foreign);
    scene.kms.before = (command) => {
      if (['DescribeKeyCommand', 'DeleteAliasCommand'].includes(command))
        throw kmsError('AccessDeniedException', 'not authorized');
    };
    scene.pass(INDEX_LAG / 1000);
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [] });
    expect([foreign.KeyState, scene.kms.aliases.get(alias)]).toEqual(['Enabled', foreign]);
    expect(scene.record).not.toHaveProperty('keyRequestedAt');
  });

  it('G2: leaves another tenant’s key its alias, by which it was found', async () => {
    const scene = await madeScene();
    const other = scene.leftover({ Policy: scene.policyOf(tenantIdOf('sub_other')) });
    const alias = tenantNames.keyAlias(scene.record.tenantId);
    scene.kms.aliases.set(alias, other);
    await scene.retire();
    expect(scene.kms.living()).toEqual([other]);
    expect(scene.kms.aliases.get(alias)).toBe(other);
  });

  it('drops an alias that it may not follow where a key of the tenant has it', async () => {
    const scene = await madeScene();
    let asked = 0;
    scene.kms.before = (command) => {
      if (command === 'DescribeKeyCommand' && ++asked === 1) throw kmsError('AccessDeniedException', 'not authorized');
    };
    const [key] = scene.kms.keys;
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [key?.Arn] });
    expectNothingLeft(scene);
  });

  it('stops at a key of the tenant that it may not describe: a grant is missing', async () => {
    const scene = await madeScene();
    scene.kms.before = (command) => {
      if (command === 'DescribeKeyCommand') throw kmsError('AccessDeniedException', 'not authorized');
    };
    await expect(scene.retire()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(scene.aliased?.KeyState).toBe('Enabled');
  });

  it('fails with a transient error while a requested key may still be hidden', async () => {
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

  it('T4: is called again while not every KMS call shows the key that it retires', async () => {
    const scene = await madeScene();
    for (const command of ['DisableKeyCommand', 'ScheduleKeyDeletionCommand']) {
      scene.kms.before = (called) => {
        if (called === command) throw kmsError('NotFoundException', 'key-1 is not found');
      };
      await expect(scene.retire()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    }
    scene.kms.before = () => {};
    await scene.retire();
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

  it('succeeds when the key is retired already', async () => {
    const scene = await madeScene();
    await scene.retire();
    await expect(scene.retire()).resolves.toEqual({ retiredKeyArns: [] });
    expectNothingLeft(scene);
  });

  it('lets the redriven run make a new key', async () => {
    const scene = await madeScene();
    await scene.retire();
    scene.become({ status: 'ONBOARDING' });
    await scene.create();
    expect(scene.kms.living()).toEqual([scene.aliased]);
  });

  it('leaves no key after its death at each call and a retry', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const scene = new KeyScene({ keyRequestedAt: NOW, status: 'ROLLING_BACK' });
        scene.leftover({}, { alias: true });
        scene.leftover();
        scene.pass(INDEX_LAG / 1000);
        return { scene, fakes: [scene.table, ...scene.fakes], run: scene.retire };
      },
      async ({ scene }) => {
        await scene.retire();
        expectNothingLeft(scene);
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after DisableKeyCommand', 'after DeleteAliasCommand']));
  });

  it('leaves no key after the death of CreateTenantKey at each call', async () => {
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
          scene.pass(INDEX_LAG / 1000);
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
  it.each(refusals)('changes no key of a tenant that %s', async (_, error, record) => {
    const scene = await madeScene(record);
    await expect(scene.retire()).rejects.toMatchObject({ name: error });
    expect(scene.aliased?.KeyState).toBe('Enabled');
  });

  it('G2: leaves a key that carries the tenant’s tag and serves another tenant', async () => {
    const scene = await madeScene();
    const other = tenantIdOf('sub_other');
    const [byPolicy, byAlias, byNobody] = [
      scene.leftover({ Policy: scene.policyOf(other) }),
      scene.leftover(),
      scene.leftover({ Policy: { Statement: [] } }),
    ];
    scene.kms.aliases.set(tenantNames.keyAlias(other), byAlias);
    await scene.retire();
    expect(scene.kms.living()).toEqual([byPolicy, byAlias, byNobody]);
    expect(scene.kms.aliases.get(tenantNames.keyAlias(other))).toBe(byAlias);
  });

  it.each(['DisableKeyCommand', 'ScheduleKeyDeletionCommand', 'GetResourcesCommand'])(
    'G2: goes no further when a newer execution takes over after %s',
    async (command) => {
      const scene = await madeScene();
      let after: number | undefined;
      scene.kms.after = (sent) => {
        if (after !== undefined) after += 1;
        if (sent !== command || after !== undefined) return;
        after = 0;
        scene.become({ status: 'ONBOARDING', executionArn: anExecution('second') });
      };
      await expect(scene.retire()).rejects.toMatchObject({ name: 'ClaimLost' });
      expect(scene.aliased).toBeDefined();
      expect(scene.record).not.toHaveProperty('keyRetiringUntil');
    },
  );

  it('G2: stops by itself before the CreateTenantKey of a newer execution stops waiting for it', async () => {
    const scene = await madeScene();
    scene.kms.before = (command) => {
      if (command === 'GetKeyPolicyCommand') scene.pass(31);
    };
    await expect(scene.retire()).rejects.toMatchObject({ name: 'TransientConflict' });
    expect(scene.aliased?.KeyState).toBe('Enabled');
  });

  it('G2: keeps a newer execution waiting for a minute at most when it is killed', async () => {
    const scene = await madeScene();
    scene.kms.before = () => {
      throw new Killed('killed');
    };
    scene.table.before = (command) => {
      if (scene.record.keyRetiringUntil && command === 'UpdateCommand') throw new Killed('killed');
    };
    await expect(scene.retire()).rejects.toThrow('killed');
    scene.kms.before = scene.table.before = () => {};
    scene.become({ status: 'ONBOARDING', executionArn: anExecution('second') });
    await expect(scene.create(anExecution('second'))).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    scene.pass(60);
    await scene.create(anExecution('second'));
    expect(scene.kms.living()).toEqual([scene.aliased]);
  });

  it.each(['DisableKeyCommand', 'ScheduleKeyDeletionCommand', 'DeleteAliasCommand'])(
    'G2: %s, permitted right before a newer execution takes over, does not hit the key of that execution',
    async (effect) => {
      const scene = await madeScene();
      const second = anExecution('second');
      let early: unknown = 'not tried';
      const turn = async (command: string) => {
        if (command !== effect || early !== 'not tried') return;
        scene.become({ status: 'ONBOARDING', executionArn: second });
        early = await scene.create(second).catch((thrown: unknown) => thrown);
      };
      await expect(scene.retire(anExecution(), scene.inTurns(turn))).rejects.toMatchObject({ name: 'ClaimLost' });
      expect(early).toMatchObject({ name: 'TransientNotYetVisible' });
      scene.pass(30);
      await scene.create(second);
      expect(scene.kms.living()).toEqual([scene.aliased]);
      expect(scene.aliased).toMatchObject({ KeyState: 'Enabled', rotates: true });
    },
  );

  it('G2: never retires the key of the newer execution, however their calls interleave', async () => {
    const second = anExecution('second');
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const scene = await madeScene();
        const turn = (command: string) => scheduler.schedule(Promise.resolve(), command);
        const retiring = scene.retire(anExecution(), scene.inTurns(turn)).catch(() => {});
        const taking = (async () => {
          await turn('takeOver');
          scene.become({ status: 'ONBOARDING', executionArn: second });
          for (let attempt = 0; attempt < 8; attempt++) {
            try {
              return await scene.create(second, scene.inTurns(turn));
            } catch (thrown) {
              if (!(thrown instanceof Error) || !isTransient(translateError(thrown).name)) throw thrown;
              scene.pass(10);
            }
          }
          throw new Error('eight attempts were not enough');
        })();
        await scheduler.waitFor(Promise.all([retiring, taking]));
        expect(scene.kms.living()).toEqual([scene.aliased]);
        expect(scene.aliased).toMatchObject({ KeyState: 'Enabled', rotates: true });
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it('leaves the note of the new owner on the record', async () => {
    const scene = await madeScene();
    scene.kms.after = (command) => {
      if (command === 'DeleteAliasCommand') scene.become({ executionArn: anExecution('second') });
    };
    await expect(scene.retire()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(scene.record.keyRequestedAt).toBe(NOW);
  });
});
