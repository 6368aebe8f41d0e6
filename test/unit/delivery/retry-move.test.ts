import { retryMove } from '../../../functions/delivery/retry-move';
import { aCell } from '../../support/builders';
import { ReleaseWorld } from '../../support/release-world';

const cell = aCell();

function aScene() {
  const world = new ReleaseWorld([{ subdomain: 'acme' }, { subdomain: 'beta' }]);
  /** As somebody does by hand. */
  const lead = (subdomain: string, colour: 'blue' | 'green') => {
    const rule = world.elb.rules.find(({ RuleArn }) => RuleArn === world.record(subdomain).ruleArn);
    if (rule) rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns[colour] }];
  };
  const deps = {
    ...{ table: world.table, elb: { send: world.elb.answering as never }, compute: world.compute },
    cells: async () => [cell],
    page: async (_: unknown, host: string) => {
      const colour = world.colours()[host];
      return { status: colour ? (world.statusOf[colour]?.() ?? 200) : 503, body: '' };
    },
  };
  const retry = (tenant = world.record('acme').tenantId) => retryMove.run(deps, { tenant });
  const [acme = '', beta = ''] = world.hosts;
  return { world, lead, retry, acme, beta };
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
