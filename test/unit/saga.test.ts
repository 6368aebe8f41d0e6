import { callsOf } from '../../functions/contract/time-limits';
import { anExecution } from '../support/builders';
import { dieAtEachCall } from '../support/deaths';
import { TenantWorld } from '../support/tenant-world';

/** Keys are numbered by their making: a retired one before it does not matter, a second living one does. */
const names = (world: TenantWorld) =>
  world
    .leftovers()
    .map((left) => left.replace(/^key .+/, 'key'))
    .toSorted();

/** What an undisturbed onboarding has in the end: every onboarding must have the same, however it came about. */
async function complete(): Promise<string[]> {
  const world = new TenantWorld();
  await world.onboard();
  return names(world);
}

function expectActive(world: TenantWorld, expected: string[]): void {
  expect(world.record?.status).toBe('ACTIVE');
  expect(names(world)).toEqual(expected);
  expect(world.bus.events.at(-1)?.type).toBe('TenantOnboarded');
}

const dying = () => {
  const world = new TenantWorld();
  return { world, fakes: world.fakes, run: () => world.onboard() };
};

/** A tenant that has everything and is not ACTIVE: its rollback has the most to do. */
async function rollingBack() {
  const world = new TenantWorld();
  await world.onboard();
  world.deactivate();
  return { world, fakes: world.fakes, run: () => world.rollBack() };
}

describe('when a function dies at a call of the onboarding', () => {
  it('the run is rolled back without a trace, or proves ACTIVE; redriven, it ends ACTIVE and complete', async () => {
    const expected = await complete();
    const outcomes = new Set<string>();
    const deaths = await dieAtEachCall(dying, async ({ world }) => {
      world.pass(1);
      if (world.record?.activatedAt) {
        await expect(world.rollBack()).rejects.toMatchObject({ name: 'TenantIsActive' });
        await world.announce();
        outcomes.add('proves ACTIVE');
      } else {
        await world.rollBack();
        expect(world.leftovers()).toEqual([]);
        await world.onboard();
        outcomes.add('rolled back');
      }
      expectActive(world, expected);
    });
    expect(outcomes).toEqual(new Set(['rolled back', 'proves ACTIVE']));
    expect(deaths.length).toBeGreaterThan(80);
  }, 30_000);

  it('the tenant is held; redriven, the run goes on with what exists and makes nothing twice', async () => {
    const expected = await complete();
    await dieAtEachCall(dying, async ({ world }) => {
      world.pass(1);
      if (world.record?.activatedAt) await world.announce();
      else await world.onboard();
      expectActive(world, expected);
      expect(world.kms.keys).toHaveLength(1);
      expect(world.cloudformation.stacks).toHaveLength(4);
    });
  }, 30_000);

  it('G9: the run is aborted; an equal event takes it over and ends ACTIVE and complete, or only announces an ACTIVE tenant', async () => {
    const expected = await complete();
    await dieAtEachCall(dying, async ({ world }) => {
      world.pass(1);
      world.gone.add(anExecution());
      const owner = anExecution(world.record?.activatedAt ? 'first' : 'second');
      await world.onboard(anExecution('second'));
      expect(world.record).toMatchObject({ status: 'ACTIVE', executionArn: owner });
      expect(world.bus.events.at(-1)?.detail).toMatchObject({
        tenantId: world.tenantId,
        executionArn: anExecution('second'),
      });
      expect(names(world)).toEqual(expected);
    });
  }, 30_000);
});

describe('when a function dies at a call of the rollback', () => {
  it('the resumed rollback leaves no trace; started over, the run ends ACTIVE and complete', async () => {
    const expected = await complete();
    const deaths = await dieAtEachCall(rollingBack, async ({ world }) => {
      world.pass(1);
      await world.rollBack();
      expect(world.leftovers()).toEqual([]);
      expect(world.record).toMatchObject({ status: 'FAILED', failure: { outcome: 'rolled-back' } });
      await world.onboard();
      expectActive(world, expected);
    });
    expect(deaths.length).toBeGreaterThan(40);
  }, 30_000);

  it('an equal event takes over what is left, half undone, and ends ACTIVE and complete', async () => {
    const expected = await complete();
    await dieAtEachCall(rollingBack, async ({ world }) => {
      world.pass(1);
      world.gone.add(anExecution());
      await world.onboard(anExecution('second'));
      expectActive(world, expected);
    });
  }, 30_000);
});

describe('F4: when a function dies at an AWS call and the machine calls it again', () => {
  it('the onboarding ends ACTIVE and complete by itself, and makes nothing twice', async () => {
    const expected = await complete();
    const deaths = await dieAtEachCall(
      () => {
        const scene = dying();
        scene.world.callsKilledAgain = true;
        return scene;
      },
      async ({ world }) => {
        expectActive(world, expected);
        expect(world.kms.keys).toHaveLength(1);
        expect(world.cloudformation.stacks).toHaveLength(4);
      },
    );
    expect(deaths.length).toBeGreaterThan(80);
  }, 30_000);

  it('the rollback leaves no trace by itself', async () => {
    const deaths = await dieAtEachCall(
      async () => {
        const scene = await rollingBack();
        scene.world.callsKilledAgain = true;
        return scene;
      },
      async ({ world }) => {
        expect(world.leftovers()).toEqual([]);
        expect(world.record).toMatchObject({ status: 'FAILED', failure: { outcome: 'rolled-back' } });
      },
    );
    expect(deaths.length).toBeGreaterThan(40);
  }, 30_000);

  it('F7: no action makes more calls than its timeout allows, with or without an earlier attempt that died', async () => {
    const most = new Map<string, number>();
    const note = ({ calls }: TenantWorld) => {
      for (const [action, count] of calls) most.set(action, Math.max(most.get(action) ?? 0, count));
    };
    await dieAtEachCall(dying, async ({ world }) => {
      world.pass(1);
      if (world.record?.activatedAt) await world.announce();
      else await world.onboard();
      note(world);
    });
    await dieAtEachCall(rollingBack, async ({ world }) => {
      world.pass(1);
      await world.rollBack();
      note(world);
    });
    expect(most.size).toBe(12);
    for (const [action, calls] of most) expect([action, calls <= callsOf(action)]).toEqual([action, true]);
  }, 30_000);
});
