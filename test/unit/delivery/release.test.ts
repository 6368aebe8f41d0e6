import { itemKeys } from '../../../functions/contract/records';
import type { Release } from '../../../functions/contract/release';
import { attemptOf, claimRelease } from '../../../functions/delivery/claim-release';
import { aCell, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { awsError } from '../../support/fake-client';
import { readable } from '../../support/fake-compute';
import { aReleaseRun, DIGEST, ReleaseWorld } from '../../support/release-world';

const FOUR = [
  { subdomain: 'acme' },
  { subdomain: 'beta', plan: 'growth' as const },
  { subdomain: 'gamma' },
  { subdomain: 'delta' },
];
const all = (world: ReleaseWorld, colour: string) => Object.fromEntries(world.hosts.map((host) => [host, colour]));

const theRelease = ({ executionArn, redriveCount }: ReleaseWorld): Release => ({
  ...{
    cell: aCell({ liveTasks: { min: 2, max: 30 } }),
    from: 'blue',
    to: 'green',
    digest: DIGEST,
    releaseId: 'r1',
    attempt: attemptOf('r1', executionArn, redriveCount),
  },
});

describe('a cell', () => {
  test('has one release at a time: of fifty that start at once one claims the cell, and the others name it', async () => {
    const world = new ReleaseWorld(FOUR);
    const starts = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => world.claim(`r${index}`, aReleaseRun(`run-${index}`))),
    );
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { executionArn } = world.claimNow();
    for (const start of starts)
      if (start.status === 'rejected')
        expect(start.reason).toMatchObject({
          name: 'ReleaseUnderWay',
          message: expect.stringContaining(executionArn),
        });
  });

  test('can be claimed again when its release has ended', async () => {
    const world = new ReleaseWorld(FOUR);
    await world.claimed();
    world.table.put({ ...world.claimNow(), endedAt: '2030-01-01T12:00:00.000Z' } as never);
    await expect(world.claim('r2', aReleaseRun('second'))).resolves.toMatchObject({ outcome: 'claimed' });
  });

  test('is not said to have the live image while another release has it, which may have moved tenants', async () => {
    const world = new ReleaseWorld(FOUR);
    world.table.put({ ...world.live(), ...itemKeys.liveColour('cell1'), releaseId: 'r0', digest: DIGEST });
    await world.shiftAll(await world.claimed());
    await expect(world.claim('r0', aReleaseRun('second'))).rejects.toMatchObject({ name: 'ReleaseUnderWay' });
    world.table.put({ ...itemKeys.release('cell1'), ...world.claimNow(), endedAt: NOW });
    await expect(world.claim('r0', aReleaseRun('second'))).resolves.toEqual({ outcome: 'done' });
  });

  test.each([
    [{ digest: 'latest' }, 'digest'],
    [{ releaseId: 'with blanks' }, 'releaseId'],
    [{ cell: '' }, 'cell'],
    [{ cell: undefined }, 'cell'],
  ])('refuses a release request with %j', async (wrong, field) => {
    const world = new ReleaseWorld(FOUR);
    const request = { cell: 'cell1', digest: DIGEST, releaseId: 'r1', ...wrong };
    const { table } = world;
    const deps = { table, compute: { readableCells: readable() }, now: () => new Date() };
    const claiming = claimRelease.run(deps, { executionArn: aReleaseRun(), redriveCount: 0, request });
    await expect(claiming).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining(`${field}: expected `),
    });
  });
});

describe('a release', () => {
  test('moves one tenant of each plan, then the others, and makes its colour the live one', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    expect(await world.shiftAll(release)).toEqual([2, 2]);
    expect(world.colours()).toEqual(all(world, 'green'));
    await world.judge(release);
    await world.settle(release);
    expect(world.live()).toMatchObject({ colour: 'green', releaseId: 'r1', digest: DIGEST, idle: { colour: 'blue' } });
    expect(world.live()).not.toHaveProperty('releasing');
    await expect(world.claim('r1', aReleaseRun('again'))).resolves.toEqual({ outcome: 'done' });
  });

  test('also moves a tenant that was activated on the former colour meanwhile', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    await world.shiftAll(release);
    const [late] = world.elb.rules;
    const record = world.record('acme');
    const { placement: _, ...fresh } = record;
    world.table.put(fresh);
    if (late) late.Actions = [{ Type: 'forward', TargetGroupArn: release.cell.targetGroupArns.blue }];
    await expect(world.settle(release)).resolves.toEqual({ aligned: 1 });
    expect(world.colours()).toEqual(all(world, 'green'));
  });

  test('returns every tenant with one write to the table, and changes every rule', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    await world.shiftAll(release);
    await world.goBack(release);
    expect(world.colours()).toEqual(all(world, 'blue'));
    expect(world.live()).toMatchObject({ colour: 'blue', idle: { colour: 'green' } });
    expect(world.live()).not.toHaveProperty('releasing');
    expect(world.claimNow()).toMatchObject({ failure: { error: 'ReleaseUnhealthy', step: 'JudgeRing' } });
  });

  describe('counts the colour that its tenants have left as left', () => {
    const minutes = (count: number) => new Date(Date.parse(NOW) + count * 60_000);
    const aPair = () => new ReleaseWorld([{ subdomain: 'acme' }, { subdomain: 'beta' }]);
    /** Each change of a rule takes a minute. */
    const slow = (world: ReleaseWorld) => {
      world.elb.before = (command) => {
        if (command === 'ModifyRuleCommand') world.now = new Date(world.now.getTime() + 60_000);
      };
    };

    test('when the last rule has returned', async () => {
      const world = aPair();
      const release = await world.claimed();
      await world.shiftAll(release);
      slow(world);
      await world.goBack(release);
      expect(world.live().idle).toMatchObject({ colour: 'green', since: minutes(2).toISOString() });
    });

    test('when a second call has found all rules in place, as the first died after it had changed them', async () => {
      const world = aPair();
      const release = await world.claimed();
      await world.shiftAll(release);
      world.elb.after = (command) => {
        if (command === 'ModifyRuleCommand' && Object.values(world.colours()).every((colour) => colour === 'blue'))
          throw awsError('AccessDenied');
      };
      await expect(world.goBack(release)).rejects.toThrow('AccessDenied');
      world.elb.after = () => {};
      world.now = minutes(9);
      await world.goBack(release);
      expect(world.live().idle?.since).toBe(minutes(9).toISOString());
    });

    test('when those have followed that came too late for a ring', async () => {
      const world = aPair();
      const release = await world.claimed();
      await world.shiftAll(release);
      world.pointed('beta', aCell().targetGroupArns.blue);
      slow(world);
      await world.settle(release);
      expect(world.live().idle).toMatchObject({ colour: 'blue', since: minutes(1).toISOString() });
    });
  });

  test('lets both colours scale again at its end, and in its return', async () => {
    for (const end of ['settle', 'goBack'] as const) {
      const world = new ReleaseWorld(FOUR);
      const release = await world.claimed();
      for (const target of Object.values(world.scaling.targets))
        Object.assign(target, { MinCapacity: 3, SuspendedState: { DynamicScalingInSuspended: true } });
      await world.shiftAll(release);
      await world[end](release);
      expect(world.scaling.state()).toEqual([
        [2, false],
        [2, false],
      ]);
    }
  });

  test('gives the former colour its tasks again before tenants return to it', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    await world.shiftAll(release);
    world.desired[release.cell.services.blue] = 0;
    let asked = world.desired[release.cell.services.blue];
    world.elb.before = (command) => {
      if (command === 'ModifyRuleCommand') asked = world.desired[release.cell.services.blue];
    };
    await world.goBack(release);
    expect(asked).toBe(2);
  });

  test('starts again from its first ring when it is redriven', async () => {
    const world = new ReleaseWorld(FOUR);
    const first = await world.claimed();
    await world.shiftAll(first);
    world.redriveCount = 1;
    const again = await world.claimed();
    expect(again.attempt).not.toBe(first.attempt);
    expect(await world.shiftAll(again)).toEqual([2, 2]);
  });

  test('starts from its first ring when another execution releases the same image under the same id after a return', async () => {
    const world = new ReleaseWorld(FOUR);
    const returned = await world.claimed();
    await world.shiftAll(returned);
    await world.goBack(returned);
    world.table.put({ ...itemKeys.release('cell1'), ...world.claimNow(), endedAt: NOW });
    world.executionArn = aReleaseRun('second');
    const again = await world.claimed();
    expect(again.attempt).not.toBe(returned.attempt);
    expect(await world.shiftAll(again)).toEqual([2, 2]);
  });

  test('never opens the rule of a tenant that is suspended at the same moment', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    let met = false;
    // Between the rule's first change and the second look at the record.
    world.elb.after = (command) => {
      if (command !== 'ModifyRuleCommand' || met) return;
      met = true;
      for (const { subdomain } of FOUR) world.suspendRecord(subdomain);
    };
    await world.shift(release);
    const opened = Object.values(world.colours()).filter((colour) => colour === 'green');
    expect(met).toBe(true);
    expect(opened).toEqual([]);
  });

  test('waits while ELB throttles changes of rules', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    let refused = 0;
    world.elb.before = (command) => {
      if (command === 'ModifyRuleCommand' && refused++ < 3) throw awsError('ThrottlingException');
    };
    expect(await world.shiftAll(release)).toEqual([2, 2]);
    expect(world.colours()).toEqual(all(world, 'green'));
  });

  test('moves no tenant after an operator has taken it back', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    world.table.put({ ...world.claimNow(), intent: 'back' } as never);
    await expect(world.shift(release)).rejects.toMatchObject({ name: 'ReleaseRecalled' });
    await expect(world.judge(release)).rejects.toMatchObject({ name: 'ReleaseRecalled' });
    expect(world.colours()).toEqual(all(world, 'blue'));
  });

  test('is judged, and moves no further ring, while an operator holds it', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    await world.shift(release);
    world.table.put({ ...world.claimNow(), intent: 'hold' } as never);
    await expect(world.judge(release)).resolves.toMatchObject({ verdict: 'held' });
  });

  test('changes nothing once its execution is stopped and replaced', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    world.table.put({ ...world.claimNow(), executionArn: aReleaseRun('newer') } as never);
    for (const act of [() => world.shift(release), () => world.settle(release), () => world.goBack(release)])
      await expect(act()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(world.colours()).toEqual(all(world, 'blue'));
  });
});

describe('the verdict on a ring', () => {
  const judged = async (status: () => number) => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    await world.shiftAll(release);
    world.statusOf.green = status;
    return world.judge(release);
  };

  test.each([200, 404])('is good when pages answer %d', async (status) => {
    await expect(judged(() => status)).resolves.toMatchObject({ verdict: 'good', asked: 240 });
  });

  test('is bad when a page fails three times in a row', async () => {
    let count = 0;
    await expect(judged(() => (count++ < 12 ? 500 : 200))).rejects.toMatchObject({ name: 'ReleaseUnhealthy' });
  });

  test('is bad when one request in ten fails, though none in a row', async () => {
    let count = 0;
    await expect(judged(() => (count++ % 10 === 5 ? 502 : 200))).rejects.toMatchObject({ name: 'ReleaseUnhealthy' });
  });

  test('is good when one single request fails', async () => {
    let count = 0;
    await expect(judged(() => (count++ === 7 ? 502 : 200))).resolves.toMatchObject({ verdict: 'good' });
  });

  test.each([
    ['bad', ['healthy', 'unhealthy']],
    ['bad', ['initial']],
    ['bad', []],
    ['good', ['healthy', 'initial', 'draining']],
  ])('is %s when the targets of the new colour are %j', async (verdict, states) => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    await world.shiftAll(release);
    world.elb.targets.set(release.cell.targetGroupArns.green, states);
    const judging = world.judge(release);
    if (verdict === 'good') await expect(judging).resolves.toMatchObject({ verdict });
    else await expect(judging).rejects.toMatchObject({ name: 'ReleaseUnhealthy' });
  });

  /** The first ring is moved: two tenants have the new version, two the live one. */
  const observed = async (prepare: (world: ReleaseWorld) => void, more: object = {}) => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed(more);
    await world.shift(release);
    world.now = new Date(Date.parse(NOW) + 5 * 60_000);
    prepare(world);
    return world.judge(release);
  };
  const quick = { p95: 0.02, p99: 0.05 };
  const unhealthy = (reason: string) => ({ name: 'ReleaseUnhealthy', message: expect.stringContaining(reason) });

  test('asks less of pages when visitors have sent enough requests', async () => {
    const judging = observed(({ traffic }) => {
      traffic.green = { requests: 300, ...quick };
    });
    await expect(judging).resolves.toEqual({ verdict: 'good', asked: 20 });
  });

  test.each<[string, Record<string, number>, Record<string, number>]>([
    ['4 of 300 requests of visitors were answered with 5xx', { requests: 300, failed: 4, ...quick }, {}],
    ['3 of 5 requests of visitors were answered with 5xx', { requests: 5, failed: 3 }, {}],
    ['3 requests of visitors could not reach a task', { requests: 5, unconnected: 3 }, {}],
    [
      'p95 of its answers is 150 ms, the live version 20 ms',
      { requests: 300, ...quick, p95: 0.15 },
      { requests: 300, ...quick },
    ],
    [
      'p99 of its answers is 400 ms, the live version 50 ms',
      { requests: 300, ...quick, p99: 0.4 },
      { requests: 300, ...quick },
    ],
    ['p95 of its answers is 2100 ms, at most 2 s', { requests: 300, ...quick, p95: 2.1 }, { requests: 299, ...quick }],
    ['a task uses 93 % of its memory', { memory: 93 }, {}],
  ])('is bad: %s', async (reason, green, blue) => {
    const judging = observed(({ traffic }) => Object.assign(traffic, { green, blue }));
    await expect(judging).rejects.toMatchObject(unhealthy(reason));
  });

  test.each<[string, Record<string, number>, Record<string, number>]>([
    ['the live version fails as often', { requests: 300, failed: 9, ...quick }, { requests: 300, failed: 6, ...quick }],
    ['two requests fail', { requests: 300, failed: 2, ...quick }, {}],
    ['half as much again is little', { requests: 300, ...quick, p95: 0.1 }, { requests: 300, ...quick }],
    ['the live version is as slow', { requests: 300, p95: 3, p99: 6 }, { requests: 300, p95: 2.5, p99: 5.5 }],
  ])('is good when %s', async (_, green, blue) => {
    const judging = observed(({ traffic }) => Object.assign(traffic, { green, blue }));
    await expect(judging).resolves.toMatchObject({ verdict: 'good' });
  });

  test('without visitors pages decide about the time: beside those of the live version, or by itself', async () => {
    const slow = observed(({ msOf }) => Object.assign(msOf, { green: 160, blue: 20 }));
    await expect(slow).rejects.toMatchObject(unhealthy('take 160 ms, those of the live version 20 ms'));
    const both = observed(({ msOf }) => Object.assign(msOf, { green: 160, blue: 150 }));
    await expect(both).resolves.toMatchObject({ verdict: 'good', asked: 120 });
    const last = new ReleaseWorld(FOUR);
    const release = await last.claimed();
    await last.shiftAll(release);
    last.msOf.green = 2_100;
    await expect(last.judge(release)).rejects.toMatchObject(unhealthy('take 2100 ms, too long'));
  });

  test('a version that may be slower is not compared with the live one, and has limits all the same', async () => {
    const slower = { slower: true };
    const live = { requests: 300, ...quick };
    const visited = (p95: number) =>
      observed(
        ({ traffic }) => Object.assign(traffic, { green: { requests: 300, p95, p99: p95 }, blue: live }),
        slower,
      );
    await expect(visited(1.9)).resolves.toMatchObject({ verdict: 'good' });
    await expect(visited(2.1)).rejects.toMatchObject(unhealthy('p95 of its answers is 2100 ms, at most 2 s'));
    const asked = (green: number) => observed(({ msOf }) => Object.assign(msOf, { green, blue: 20 }), slower);
    await expect(asked(1_900)).resolves.toMatchObject({ verdict: 'good' });
    await expect(asked(2_100)).rejects.toMatchObject(unhealthy('take 2100 ms, too long'));
  });

  test('asks no more than a web ACL lets one address ask, and waits when it refuses', async () => {
    const full = new ReleaseWorld(Array.from({ length: 125 }, (_, index) => ({ subdomain: `t${index}` })));
    const release = await full.claimed();
    await full.shiftAll(release);
    let refusals = 2;
    full.statusOf.green = () => (refusals-- > 0 ? 403 : 200);
    await expect(full.judge(release)).resolves.toEqual({ verdict: 'good', asked: 625 });
  });

  test('counts no request of the minute in which the ring was moved', async () => {
    const world = new ReleaseWorld(FOUR);
    const release = await world.claimed();
    world.now = new Date('2030-01-01T12:00:30.000Z');
    await world.shift(release);
    world.now = new Date('2030-01-01T12:00:59.000Z');
    await world.judge(release);
    expect(world.cloudwatch.inputs('GetMetricDataCommand')).toEqual([]);
    world.now = new Date('2030-01-01T12:01:30.000Z');
    await world.judge(release);
    const [asked] = world.cloudwatch.inputs('GetMetricDataCommand');
    expect(asked).toMatchObject({ StartTime: new Date('2030-01-01T12:01:00.000Z') });
  });

  test.each([
    ['bad', 'ALARM', 60_000],
    ['good', 'ALARM', -60_000],
    ['good', 'OK', 60_000],
    ['good', 'INSUFFICIENT_DATA', 60_000],
  ])('is %s when an alarm is in %s, %d ms after tenants were moved', async (verdict, StateValue, after) => {
    const judging = observed((world) => {
      const StateTransitionedTimestamp = new Date(Date.parse(NOW) + after);
      world.alarms = [{ AlarmName: 'cell-errors', StateValue, StateTransitionedTimestamp }];
    });
    if (verdict === 'good') await expect(judging).resolves.toMatchObject({ verdict });
    else await expect(judging).rejects.toMatchObject(unhealthy('alarm cell-errors rings'));
  });
});

describe('leaves every tenant on a rule that forwards, and a repeated release completes', () => {
  const dying = () => {
    const world = new ReleaseWorld(FOUR);
    const run = async () => {
      const release = await world.claimed();
      await world.shiftAll(release);
      await world.settle(release);
    };
    return { world, fakes: [world.table, world.elb], run };
  };

  test('leaves every tenant on a rule that forwards, and the repeated release completes', async () => {
    const deaths = await dieAtEachCall(dying, async ({ world, run }) => {
      expect(Object.values(world.colours())).not.toContain(undefined);
      // A run that stopped at SettleRelease is redriven there, any other one from the start.
      if (world.live().colour === 'green') await world.settle(theRelease(world));
      else {
        world.redriveCount = 1;
        await run();
      }
      expect(world.colours()).toEqual(all(world, 'green'));
      expect(world.live()).toMatchObject({ colour: 'green', digest: DIGEST });
    });
    expect(deaths).toEqual(expect.arrayContaining(['after ModifyRuleCommand', 'after TransactWriteCommand']));
  });

  test('leaves a release that can be returned, unless its colour is the live one', async () => {
    await dieAtEachCall(dying, async ({ world }) => {
      if (world.live().colour === 'green') return;
      if (!world.claimNow()) return;
      await world.goBack(theRelease(world));
      expect(world.colours()).toEqual(all(world, 'blue'));
    });
  });
});
