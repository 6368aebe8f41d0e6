import fc from 'fast-check';
import { itemKeys } from '../../../functions/contract/records';
import type { Release } from '../../../functions/contract/release';
import { aCell, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { ReleaseWorld } from '../../support/release-world';

const FOUR = ['acme', 'beta', 'gamma', 'delta'].map((subdomain) => ({ subdomain }));
const HUNDRED = Array.from({ length: 100 }, (_, index) => ({ subdomain: `t${index}` }));
/** All tenants in one ring. */
const LAST_RING = 3;
const { targetGroupArns, name } = aCell();
const liveKey = itemKeys.liveColour(name);

/** A verification that admits a suspended tenant again. */
const verification = { verifiedAt: '2030-01-01T11:59:00.000Z', checks: 1, digest: 'd', report: 'r.json' };
const suspension = { at: '2030-01-01T11:00:00.000Z', by: 'operator', reason: 'asked for' };

/** Lets functions run at once, each call of each in an order that fast-check chooses. An error of one is an outcome. */
const inEveryOrder = (
  race: (world: ReleaseWorld, release: Release) => Promise<unknown>[],
  end: (world: ReleaseWorld) => void,
) =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const world = new ReleaseWorld(FOUR);
      const release = await world.claimed();
      const record = world.record('beta');
      world.table.put({ ...record, status: 'SUSPENDED', statePk: 'STATUS#SUSPENDED', suspension, verification });
      world.pointed('beta', undefined);
      world.turn = (command) => scheduler.schedule(Promise.resolve(), command);
      await scheduler.waitFor(Promise.allSettled(race(world, release)));
      end(world);
    }),
    { numRuns: 100 },
  );

const everyone = (colour: 'blue' | 'green') => ({ acme: colour, beta: undefined, gamma: colour, delta: colour });

describe('rules that several functions write at once end as record and live colour say', () => {
  test('a tenant is suspended while its ring is moved', () =>
    inEveryOrder(
      (world, release) => [world.shift(release, LAST_RING), world.suspend('acme')],
      (world) => expect(world.bySubdomain()).toEqual({ ...everyone('green'), acme: undefined }),
    ));

  test('a tenant is resumed while its ring is moved: on the live colour, or moved by the next ring', () =>
    inEveryOrder(
      (world, release) => [world.shift(release, LAST_RING), world.resume('beta')],
      (world) => {
        const placed = world.record('beta').placement !== undefined;
        expect(world.bySubdomain()).toEqual({ ...everyone('green'), beta: placed ? 'green' : 'blue' });
      },
    ));

  test('a ring is moved twice, by a function that was given up and by the next one', () =>
    inEveryOrder(
      (world, release) => [world.shift(release, LAST_RING), world.shift(release, LAST_RING)],
      (world) => expect(world.bySubdomain()).toEqual(everyone('green')),
    ));

  test('a ring is moved by a function that was given up, while the tenants return', () =>
    inEveryOrder(
      (world, release) => [world.shift(release, LAST_RING), world.goBack(release)],
      (world) => expect(world.bySubdomain()).toEqual(everyone('blue')),
    ));

  test('the tenants of the cell are suspended while the first ring is moved', () =>
    inEveryOrder(
      (world, release) => [world.shift(release, 1), ...['acme', 'gamma', 'delta'].map((each) => world.suspend(each))],
      (world) => expect(new Set(Object.values(world.bySubdomain()))).toEqual(new Set([undefined])),
    ));

  test('the first ring is moved by a function that was given up, while its tenant returns', () =>
    inEveryOrder(
      (world, release) => [world.shift(release, 1), world.goBack(release)],
      (world) => expect(world.bySubdomain()).toEqual(everyone('blue')),
    ));
});

describe('a ring of a hundred tenants', () => {
  test('reads the rules of the listener once all of them are moved, and not after each ring before', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    await expect(world.shift(release, 2)).resolves.toMatchObject({ moved: 25, left: 75 });
    expect(world.elb.calls).not.toContain('DescribeRulesCommand');
    expect(world.elb.calls.filter((call) => call === 'ModifyRuleCommand')).toHaveLength(25);
    await world.shift(release, LAST_RING);
    expect(world.elb.calls).toContain('DescribeRulesCommand');
  });

  test('costs one change for each rule, and requests for many tenants at a time', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    world.table.calls.length = 0;
    world.elb.calls.length = 0;
    // What was read is remembered for a second: no time passes.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'], now: Date.parse(NOW) });
    try {
      await expect(world.shift(release, LAST_RING)).resolves.toMatchObject({ moved: 100, left: 0 });
    } finally {
      jest.useRealTimers();
    }
    const changes = world.elb.calls.filter((call) => call === 'ModifyRuleCommand');
    expect(changes).toHaveLength(100);
    expect(world.elb.calls.length - changes.length + world.table.calls.length).toBeLessThanOrEqual(11);
  });

  test('passes over tenants that leave service before they are recorded, and moves the others of their group', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    world.table.before = (command) => {
      if (command !== 'TransactWriteCommand') return;
      for (const subdomain of ['t7', 't70']) world.forget(subdomain);
    };
    await world.shift(release, LAST_RING);
    const { t7, t70, ...others } = world.bySubdomain();
    expect([t7, t70]).toEqual(['blue', 'blue']);
    expect(new Set(Object.values(others))).toEqual(new Set(['green']));
    expect(world.record('t7')).toBeUndefined();
  });

  test.each([1, LAST_RING])(
    'G4: ring %i is moved, and returned, although somebody has deleted rules of its tenants',
    async (ring) => {
      const world = new ReleaseWorld(FOUR);
      const release = await world.claimed();
      const deleteRule = (subdomain: string) => {
        world.elb.rules = world.elb.rules.filter(({ hosts: [host] }) => !host?.startsWith(`${subdomain}.`));
      };
      deleteRule('beta');
      const last = await world.shift(release, ring);
      if (last.left > 0) await world.shift(release, LAST_RING);
      const { beta, ...moved } = world.bySubdomain();
      expect([beta, moved]).toEqual([undefined, { acme: 'green', gamma: 'green', delta: 'green' }]);
      deleteRule('gamma');
      await world.goBack(release);
      expect(world.bySubdomain()).toEqual({ acme: 'blue', delta: 'blue' });
    },
  );

  test('changes a rule again that somebody has led back meanwhile', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    let changes = 0;
    world.elb.after = (command) => {
      if (command === 'ModifyRuleCommand' && ++changes === 60) world.pointed('t3', targetGroupArns.blue);
    };
    await world.shift(release, LAST_RING);
    expect(new Set(Object.values(world.bySubdomain()))).toEqual(new Set(['green']));
  });

  test('is looked after at the latest eight seconds after its first change: a suspension meanwhile closes its rule again', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    let changes = 0;
    let closedAfter = Number.POSITIVE_INFINITY;
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'], now: Date.parse(NOW) });
    world.elb.after = (command) => {
      if (command !== 'ModifyRuleCommand') return;
      jest.setSystemTime(Date.parse(NOW) + ++changes * 100);
      if (changes === 1)
        for (const { subdomain } of HUNDRED)
          if (world.bySubdomain()[subdomain] === 'green') world.suspendRecord(subdomain);
      if (Object.values(world.bySubdomain()).includes(undefined)) closedAfter = Math.min(closedAfter, changes);
    };
    try {
      await world.shift(release, LAST_RING);
    } finally {
      jest.useRealTimers();
    }
    expect(changes).toBeGreaterThanOrEqual(101);
    expect(closedAfter).toBeLessThanOrEqual(85);
  });

  test('is not moved by a function that was given up, once its tenants were returned', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    world.table.before = (command) => {
      if (command === 'TransactWriteCommand') world.table.put({ ...world.live(), ...liveKey, releasing: undefined });
    };
    await world.shift(release, LAST_RING);
    expect(world.elb.calls).not.toContain('ModifyRuleCommand');
    expect(world.record('t1')).not.toHaveProperty('placement');
  });

  test('opens no rule without a healthy target, also when the last one falls ill in the middle', async () => {
    const world = new ReleaseWorld(HUNDRED);
    const release = await world.claimed();
    let now = Date.parse(NOW);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'], now });
    world.elb.after = (command) => {
      if (command !== 'ModifyRuleCommand') return;
      now += 100;
      jest.setSystemTime(now);
      if (now - Date.parse(NOW) === 3_000) world.elb.targets.set(targetGroupArns.green, ['unhealthy']);
    };
    try {
      await expect(world.shift(release, LAST_RING)).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
    } finally {
      jest.useRealTimers();
    }
    const moved = Object.values(world.bySubdomain()).filter((colour) => colour === 'green').length;
    // A second of remembered health, and those that were being changed.
    expect(moved).toBeGreaterThanOrEqual(30);
    expect(moved).toBeLessThanOrEqual(44);
  });

  test('is one ring, however often its function dies: no tenant of the next one is moved before the bake', async () => {
    const deaths = await dieAtEachCall(
      async () => {
        const world = new ReleaseWorld(HUNDRED);
        const release = await world.claimed();
        return { world, release, fakes: [world.table, world.elb], run: () => world.shift(release, 1) };
      },
      async ({ world, release }) => {
        await expect(world.shift(release, 1)).resolves.toEqual({ ring: 1, moved: 1, left: 99 });
        expect(world.claimNow().rings).toMatchObject([{ ring: 1, tenants: 1 }]);
        expect(Object.values(world.bySubdomain()).filter((colour) => colour === 'green')).toHaveLength(1);
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after TransactWriteCommand', 'after UpdateCommand']));
  });

  test('leaves no rule behind that a death has met between record and rule', async () => {
    const deaths = await dieAtEachCall(
      async () => {
        const world = new ReleaseWorld(FOUR);
        const release = await world.claimed();
        return { world, release, fakes: [world.table, world.elb], run: () => world.shift(release, LAST_RING) };
      },
      async ({ world, release }) => {
        expect(Object.values(world.bySubdomain())).not.toContain(undefined);
        await expect(world.shift(release, LAST_RING)).resolves.toMatchObject({ left: 0 });
        expect(new Set(Object.values(world.bySubdomain()))).toEqual(new Set(['green']));
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after TransactWriteCommand', 'before ModifyRuleCommand']));
  });
});
