import fc from 'fast-check';
import { ringZeroHost } from '../../../functions/contract/naming';
import type { Release } from '../../../functions/contract/release';
import { SignupSchema } from '../../../functions/contract/signup';
import { stages } from '../../../infra/config/stages';
import { tenantHost } from '../../../service/tenant-context/host';
import { aCell, aSignup } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { ReleaseWorld } from '../../support/release-world';

const FOUR = ['acme', 'beta', 'gamma', 'delta'].map((subdomain) => ({ subdomain }));
const ringZero = { host: ringZeroHost('cell1', 'funnels.example'), ruleArn: 'arn:rule/ring-zero' };
const { targetGroupArns } = aCell();

const aWorld = () => new ReleaseWorld(FOUR, ringZero);
const page = (world: ReleaseWorld) => world.colours()[ringZero.host];
const tenants = (world: ReleaseWorld) => [...new Set(world.hosts.map((host) => world.colours()[host]))];

/** A release that has moved its page, and no tenant. */
async function begun(): Promise<{ world: ReleaseWorld; release: Release }> {
  const world = aWorld();
  const release = await world.claimed();
  await world.shift(release, 0);
  return { world, release };
}

describe('the page of ring 0', () => {
  test('has a host that the service serves, and that no signup can ask for, in every cell', () => {
    for (const { cells, domain } of Object.values(stages))
      for (const { name } of cells) {
        const host = ringZeroHost(name, domain);
        expect(tenantHost(host, domain)).toBe(host);
        expect(host.length).toBeLessThanOrEqual(128);
        const subdomain = host.slice(0, -domain.length - 1);
        expect(SignupSchema.safeParse({ ...aSignup(), subdomain }).error?.issues).toMatchObject([
          { path: ['subdomain'] },
        ]);
      }
  });

  test('is moved before any tenant, and is no tenant', async () => {
    const { world, release } = await begun();
    expect([page(world), tenants(world)]).toEqual(['green', ['blue']]);
    expect(world.claimNow().rings).toMatchObject([{ ring: 0, tenants: 0 }]);
    await expect(world.judge(release)).resolves.toMatchObject({ verdict: 'good', asked: 60 });
    expect(await world.shiftAll(release)).toEqual([1, 3]);
    await world.judge(release);
    await world.settle(release);
    expect([page(world), tenants(world)]).toEqual(['green', ['green']]);
    expect(world.live()).toMatchObject({ colour: 'green' });
  });

  test.each<[string, (world: ReleaseWorld) => void]>([
    [
      'fails now and then',
      (world) => {
        let asked = 0;
        world.statusOf.green = () => (asked++ % 5 === 0 ? 500 : 200);
      },
    ],
    ['is not found', (world) => Object.assign(world.statusOf, { green: () => 404 })],
    ['takes longer than the page of a tenant', (world) => Object.assign(world.msOf, { green: 600, blue: 20 })],
  ])('returns a version whose page %s, and no tenant’s rule is ever changed', async (_, breaks) => {
    const { world, release } = await begun();
    breaks(world);
    await expect(world.judge(release)).rejects.toMatchObject({ name: 'ReleaseUnhealthy' });
    await expect(world.goBack(release)).resolves.toEqual({ aligned: 0 });
    expect([page(world), tenants(world)]).toEqual(['blue', ['blue']]);
    expect(world.elb.calls.filter((call) => call === 'ModifyRuleCommand')).toHaveLength(2);
  });

  test('ends the release of a cell without tenants', async () => {
    const world = new ReleaseWorld([], ringZero);
    const release = await world.claimed();
    await expect(world.shift(release, 0)).resolves.toEqual({ ring: 0, moved: 0, left: 0 });
    await expect(world.judge(release)).resolves.toMatchObject({ verdict: 'good', asked: 60 });
    await world.settle(release);
    expect([page(world), world.live().colour]).toEqual(['green', 'green']);
  });

  test('is not waited for when somebody has deleted its rule: the verdict says so, and tenants return', async () => {
    const { world, release } = await begun();
    await world.shiftAll(release);
    world.elb.rules = world.elb.rules.filter(({ RuleArn }) => RuleArn !== ringZero.ruleArn);
    await expect(world.goBack(release)).resolves.toEqual({ aligned: 4 });
    const next = await world.claim('r2', `${world.executionArn}-2`).catch((thrown: Error) => thrown);
    expect(next).toMatchObject({ name: 'ReleaseUnderWay' });
    expect(tenants(world)).toEqual(['blue']);
  });

  test('is moved by a rule that was made again, too, which has another ARN', async () => {
    const world = aWorld();
    world.elb.rules = world.elb.rules.filter(({ RuleArn }) => RuleArn !== ringZero.ruleArn);
    const again = world.elb.add(3, ringZero.host);
    again.Actions = [{ Type: 'forward', TargetGroupArn: targetGroupArns.blue }];
    const release = await world.claimed();
    await world.shift(release, 0);
    expect(page(world)).toBe('green');
    await world.goBack(release);
    expect(page(world)).toBe('blue');
  });

  test('is led back where somebody has led it elsewhere', async () => {
    const { world, release } = await begun();
    world.pointed(ringZero.host.split('.')[0] ?? '', targetGroupArns.blue);
    await world.shiftAll(release);
    expect(page(world)).toBe('green');
  });

  test('never stays on the colour of a release that has returned, whatever else runs at that moment', () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = aWorld();
        const release = await world.claimed();
        world.turn = (command) => scheduler.schedule(Promise.resolve(), command);
        await scheduler.waitFor(Promise.allSettled([world.shift(release, 0), world.goBack(release)]));
        expect([page(world), tenants(world)]).toEqual(['blue', ['blue']]);
      }),
      { numRuns: 100 },
    ));

  test('a death while it is moved leaves it on a colour, and the call again completes', async () => {
    const deaths = await dieAtEachCall(
      async () => {
        const world = aWorld();
        const release = await world.claimed();
        return { world, release, fakes: [world.table, world.elb], run: () => world.shift(release, 0) };
      },
      async ({ world, release }) => {
        expect(['blue', 'green']).toContain(page(world));
        await world.shift(release, 0);
        expect([page(world), tenants(world)]).toEqual(['green', ['blue']]);
        await world.goBack(release);
        expect(page(world)).toBe('blue');
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after UpdateCommand', 'before ModifyRuleCommand']));
  });
});
