import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { claimName } from '../../../functions/dns/tenant-name';
import { deregisterTenant } from '../../../functions/routing/deregister-tenant';
import { aCell, anExecution, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { FakeLoadBalancer } from '../../support/fake-load-balancer';
import { FakeTable } from '../../support/fake-table';
import { FakeZone } from '../../support/fake-zone';

const tenant = aTenant();
const failure = { step: 'VerifyIsolation', error: 'IsolationBreach', reason: 'bucket is open' };

function aScene(overrides: Partial<TenantRecord> = {}) {
  const table = new FakeTable(
    { ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(overrides) },
    { ...itemKeys.route(tenant.host), host: tenant.host, tenantId: tenant.tenantId, status: 'SETTING_UP' },
  );
  const elb = new FakeLoadBalancer();
  const zone = new FakeZone();
  const input = { executionArn: anExecution(), tenant, cell: aCell(), failure };
  const run = () => deregisterTenant.run({ table, elb, zone, now: () => new Date(NOW) }, input);
  return { table, elb, zone, run, record: () => table.get(itemKeys.tenant(tenant.tenantId)) };
}

const ownRule = (elb: FakeLoadBalancer) => elb.add(tenant.slot.priority, tenant.host, tenant.tenantId);

describe('DeregisterTenant', () => {
  it('takes rule and route away, and says why it rolls back', async () => {
    const { table, elb, run, record } = aScene();
    table.put({ ...record(), ruleArn: ownRule(elb).RuleArn });
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(elb.rules).toEqual([]);
    expect(elb.calls).toEqual(['DeleteRuleCommand']);
    expect(table.get(itemKeys.route(tenant.host))).toBeUndefined();
    expect(record()).toMatchObject({
      status: 'ROLLING_BACK',
      statePk: 'STATUS#ROLLING_BACK',
      failure: { ...failure, at: NOW, outcome: 'rolling-back' },
    });
  });

  it('D1: takes its DNS records away, and those of nobody else', async () => {
    const { zone, run } = aScene();
    const other = aTenant({ signupId: 'sub_globex', subdomain: 'globex' });
    await claimName(zone, tenant, aCell());
    await claimName(zone, other, aCell());
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(zone.records.map(({ Name }) => Name)).toEqual([`${other.host}.`, `${other.host}.`]);
    await expect(run()).resolves.toEqual({ deregistered: false });
  });

  it('fences the tenant off before it takes anything away', async () => {
    const { table, elb, run, record } = aScene();
    table.put({ ...record(), ruleArn: ownRule(elb).RuleArn });
    elb.after = () => {
      throw new Error('the function was killed');
    };
    await expect(run()).rejects.toThrow('killed');
    expect(record()?.status).toBe('ROLLING_BACK');
  });

  it('finds the rule whose ARN a crash has lost', async () => {
    const { elb, run } = aScene();
    ownRule(elb);
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(elb.rules).toEqual([]);
  });

  it('finds the rule in the slot when the one on record is an earlier run’s and gone', async () => {
    const { table, elb, run, record } = aScene();
    table.put({ ...record(), ruleArn: 'arn:rule/gone' });
    ownRule(elb);
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(elb.rules).toEqual([]);
  });

  it.each([
    ['another host', 'globex.funnels.example', tenant.tenantId],
    ['another tenant', tenant.host, 'someone-else'],
  ])('leaves a rule of %s in its slot alone', async (_, host, owner) => {
    const { elb, run } = aScene();
    elb.add(tenant.slot.priority, host, owner);
    await run();
    expect(elb.rules).toHaveLength(1);
  });

  it('leaves a route alone that has become another tenant’s', async () => {
    const { table, run } = aScene();
    table.put({ ...itemKeys.route(tenant.host), host: tenant.host, tenantId: 'someone-else' });
    await expect(run()).resolves.toEqual({ deregistered: false });
    expect(table.get(itemKeys.route(tenant.host))).toBeDefined();
  });

  it('tolerates that nothing was ever registered, any number of times', async () => {
    const { table, elb, run, record } = aScene();
    table.items.delete('ROUTE#acme.funnels.example|ROUTE');
    table.put({ ...record(), ruleArn: 'arn:rule/gone' });
    await expect(run()).resolves.toEqual({ deregistered: false });
    await expect(run()).resolves.toEqual({ deregistered: false });
    table.items.clear();
    await expect(run()).resolves.toEqual({ deregistered: false });
    expect(table.items.size).toBe(0);
    expect(elb.rules).toEqual([]);
  });

  const refusals: [string, string, Partial<TenantRecord>][] = [
    ['has been ACTIVE', 'TenantIsActive', { status: 'ACTIVE', activatedAt: NOW }],
    ['is suspended', 'TenantIsActive', { status: 'SUSPENDED', activatedAt: NOW }],
    ['is ACTIVE by another run', 'TenantIsActive', { activatedAt: NOW, executionArn: anExecution('second') }],
    ['is another execution’s', 'ClaimLost', { executionArn: anExecution('second') }],
  ];
  it.each(refusals)('touches nothing of a tenant that %s', async (_, error, overrides) => {
    const { table, elb, run } = aScene(overrides);
    ownRule(elb);
    const before = structuredClone([...table.items.values()]);
    await expect(run()).rejects.toMatchObject({ name: error });
    expect([...table.items.values()]).toEqual(before);
    expect(elb.rules).toHaveLength(1);
  });

  it.each(refusals)('touches nothing when the tenant %s a moment after it was read', async (_, error, overrides) => {
    const { table, elb, run } = aScene();
    ownRule(elb);
    table.before = (command) => {
      if (command === 'UpdateCommand') table.put({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(overrides) });
    };
    await expect(run()).rejects.toMatchObject({ name: error });
    expect(elb.rules).toHaveLength(1);
    expect(table.get(itemKeys.route(tenant.host))).toBeDefined();
  });
});
