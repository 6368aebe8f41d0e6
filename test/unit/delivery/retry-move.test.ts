import fc from 'fast-check';
import type { Answered } from '../../../functions/compute/load-balancer-probe';
import { itemKeys } from '../../../functions/contract/records';
import { retryMove } from '../../../functions/delivery/retry-move';
import { aCell } from '../../support/builders';
import { readable } from '../../support/fake-compute';
import { tableTakingTurns, takingTurns } from '../../support/interleaving';
import { ReleaseWorld } from '../../support/release-world';

const cell = aCell();

/** A pause lasts no time, so that what never comes is known at once. */
jest.mock('../../../functions/shared/invocation', () => ({
  ...jest.requireActual('../../../functions/shared/invocation'),
  pause: async () => {},
}));

function aScene() {
  const world = new ReleaseWorld([{ subdomain: 'acme' }, { subdomain: 'beta' }]);
  /** What nodes of the load balancer answer that do not know the rule as it is, before all others. */
  const lagging: number[] = [];
  const asked: string[] = [];
  /** As somebody does by hand. */
  const lead = (subdomain: string, colour: 'blue' | 'green') => {
    const rule = world.elb.rules.find(({ RuleArn }) => RuleArn === world.record(subdomain).ruleArn);
    if (rule) rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns[colour] }];
  };
  const deps = {
    ...{ table: world.table, elb: { send: world.elb.answering as never }, compute: world.compute },
    readableCells: readable(cell),
    page: async (_: unknown, host: string): Promise<Answered> => {
      asked.push(host);
      if (lagging.length > 0) return { status: lagging.shift() ?? 0, body: '' };
      const colour = world.colours()[host];
      if (!colour) return { status: 503, body: '' };
      return { status: world.statusOf[colour]?.() ?? 200, body: '', version: 'v1' };
    },
  };
  const retry = (
    tenant = world.record('acme').tenantId,
    turn: (command: string) => Promise<unknown> = async () => {},
  ) => {
    const table = tableTakingTurns(deps.table, turn);
    return retryMove.run({ ...deps, table, elb: takingTurns(deps.elb, turn) }, { tenant });
  };
  const [acme = '', beta = ''] = world.hosts;
  return { world, lead, retry, acme, beta, lagging, asked };
}

it('moves a tenant whose rule was left behind to the live colour, and no other tenant', async () => {
  const { world, lead, retry, acme, beta } = aScene();
  lead('acme', 'green');
  lead('beta', 'green');
  await expect(retry()).resolves.toMatchObject({ host: acme, before: 'green', colour: 'blue' });
  expect(world.colours()).toEqual({ [acme]: 'blue', [beta]: 'green' });
});

it('moves a tenant to the new colour only when a release under way has moved it', async () => {
  const { world, lead, retry, acme } = aScene();
  const release = await world.claimed();
  await expect(retry()).resolves.toMatchObject({ before: 'blue', colour: 'blue' });
  await world.shiftAll(release);
  lead('acme', 'blue');
  await expect(retry()).resolves.toMatchObject({ before: 'blue', colour: 'green' });
  expect(world.colours()[acme]).toBe('green');
});

test('T3: a node that does not know the rule yet answers 404, and its answer is no page', async () => {
  const { retry, lagging, asked, acme } = aScene();
  lagging.push(404);
  await retry();
  expect(asked).toEqual(Array(2 * 8).fill(acme));
});

describe('a tenant in service whose listener rule somebody has deleted', () => {
  const deleted = () => {
    const scene = aScene();
    const { slot, ruleArn } = scene.world.record('acme');
    scene.world.elb.rules = scene.world.elb.rules.filter(({ RuleArn }) => RuleArn !== ruleArn);
    return { ...scene, priority: slot?.priority ?? 0, ruleArn };
  };

  it('gets its rule again, in its slot, on the live colour; the record names it', async () => {
    const { world, retry, acme, priority, ruleArn } = deleted();
    await expect(retry()).resolves.toEqual({ tenantId: world.record('acme').tenantId, host: acme, colour: 'blue' });
    const { tenantId, ruleArn: recorded } = world.record('acme');
    expect(world.elb.at(priority)).toMatchObject({ RuleArn: recorded, hosts: [acme], tags: { tenantId } });
    expect(recorded).not.toBe(ruleArn);
    expect(world.colours()[acme]).toBe('blue');
  });

  it('gets one rule, that nobody closes again, from two operators at once', () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), async (s) => {
        const { world, retry, acme } = deleted();
        const operator = (name: string) =>
          retry(undefined, (command) => s.schedule(Promise.resolve(), `${name} ${command}`));
        const outcomes = await s.waitFor(Promise.allSettled([operator('one'), operator('two')]));
        expect(outcomes.map(({ status }) => status)).toContain('fulfilled');
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'TransientConflict' });
        expect(world.elb.rules.filter(({ hosts }) => hosts.includes(acme))).toHaveLength(1);
        expect(world.colours()[acme]).toBe('blue');
      }),
      { numRuns: 100 },
    ));

  it('gets none when somebody’s rule has its priority by now, and that one stays', async () => {
    const { world, retry, priority, ruleArn } = deleted();
    const strange = world.elb.add(priority, 'strange.example');
    await expect(retry()).rejects.toMatchObject({ name: 'SlotOccupied' });
    expect(world.elb.at(priority)).toEqual(strange);
    expect(world.record('acme').ruleArn).toBe(ruleArn);
  });
});

it.each(['deleted the listener rule', 'deleted the ARN of the rule on the record'])(
  'a suspended tenant of which somebody has %s gets it again, closed',
  async (what) => {
    const { world, retry, acme } = aScene();
    const { slot, ruleArn, ...record } = world.record('acme');
    world.suspendRecord('acme');
    if (what.endsWith('record')) world.loseRule('acme');
    else world.elb.rules = world.elb.rules.filter(({ RuleArn }) => RuleArn !== ruleArn);
    await expect(retry()).resolves.toEqual({ tenantId: record.tenantId, host: acme });
    const { ruleArn: recorded, status } = world.record('acme');
    expect([status, world.elb.at(slot?.priority ?? 0)]).toMatchObject([
      'SUSPENDED',
      { RuleArn: recorded, hosts: [acme] },
    ]);
    expect(world.elb.at(slot?.priority ?? 0)?.Actions).toMatchObject([{ FixedResponseConfig: { StatusCode: '503' } }]);
    expect(world.elb.rules.filter(({ hosts }) => hosts.includes(acme))).toHaveLength(1);
  },
);

it('says that somebody has deleted the tenant’s route: a page that the service does not know is no page', async () => {
  const { world, retry, acme } = aScene();
  const { pk, sk } = itemKeys.route(acme);
  world.table.items.delete(`${pk}|${sk}`);
  await expect(retry()).rejects.toMatchObject({
    name: 'UnexpectedFailure',
    message: expect.stringContaining(`somebody has deleted the route of ${acme}`),
  });
});

it('refuses a suspended tenant, and leaves its rule', async () => {
  const { world, lead, retry, acme } = aScene();
  world.suspendRecord('acme');
  lead('acme', 'green');
  await expect(retry()).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining('SUSPENDED'),
  });
  expect(world.colours()[acme]).toBe('green');
});

it('moves no tenant to a colour without a healthy target', async () => {
  const { world, lead, retry, acme } = aScene();
  lead('acme', 'green');
  world.elb.targets.set(cell.targetGroupArns.blue, ['unhealthy']);
  await expect(retry()).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
  expect(world.colours()[acme]).toBe('green');
});
