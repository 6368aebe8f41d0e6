import { TenantOnboardingFailingSchema } from '../../../functions/contract/events';
import { tenantNames } from '../../../functions/contract/naming';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { claimName } from '../../../functions/dns/tenant-name';
import { deregisterTenant } from '../../../functions/routing/deregister-tenant';
import { aCell, anExecution, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { FakeBus } from '../../support/fake-bus';
import { FakeLoadBalancer } from '../../support/fake-load-balancer';
import { FakeStacks } from '../../support/fake-stacks';
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
  const input = { executionArn: anExecution(), tenant, cell: aCell(), redriveCount: 1, failure };
  const cloudformation = new FakeStacks();
  const bus = new FakeBus();
  const deps = { table, elb, zone, cloudformation, bus, now: () => new Date(NOW) };
  const run = () => deregisterTenant.run(deps, input);
  return { table, elb, zone, cloudformation, bus, run, record: () => table.get(itemKeys.tenant(tenant.tenantId)) };
}

const ownRule = (elb: FakeLoadBalancer) => elb.add(tenant.slot.priority, tenant.host, tenant.tenantId);

describe('DeregisterTenant', () => {
  it('deletes rule and route, and records why it rolls back', async () => {
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

  it('F2: tells the bus at once that the run is failing, and why', async () => {
    const { table, elb, bus, run, record } = aScene();
    table.put({ ...record(), ruleArn: ownRule(elb).RuleArn });
    elb.before = () => {
      throw new Error('the load balancer hangs');
    };
    await expect(run()).rejects.toThrow('hangs');
    expect(bus.events.map(({ type }) => type)).toEqual(['TenantOnboardingFailing']);
    expect(TenantOnboardingFailingSchema.parse(bus.events[0]?.detail)).toMatchObject({
      signupId: tenant.signupId,
      tenantId: tenant.tenantId,
      failedStep: 'VerifyIsolation',
      error: 'IsolationBreach',
      reason: 'bucket is open',
      executionArn: anExecution(),
      attempt: 2,
      occurredAt: NOW,
    });
  });

  it('F2: undoes all the same when the bus refuses the event', async () => {
    const { table, elb, bus, run, record } = aScene();
    table.put({ ...record(), ruleArn: ownRule(elb).RuleArn });
    bus.before = () => {
      throw new Error('AccessDenied');
    };
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(elb.rules).toEqual([]);
  });

  it('F2: tells nothing of a tenant that another execution owns', async () => {
    const { bus, run } = aScene({ executionArn: anExecution('second') });
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(bus.events).toEqual([]);
  });

  it('D1: deletes the tenant’s DNS records, and no others', async () => {
    const { zone, run } = aScene();
    const other = aTenant({ signupId: 'sub_globex', subdomain: 'globex' });
    await claimName(zone, tenant, aCell());
    await claimName(zone, other, aCell());
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(zone.records.map(({ Name }) => Name)).toEqual([`${other.host}.`, `${other.host}.`]);
    await expect(run()).resolves.toEqual({ deregistered: false });
  });

  it('marks the tenant as rolling back before it deletes anything', async () => {
    const { table, elb, run, record } = aScene();
    table.put({ ...record(), ruleArn: ownRule(elb).RuleArn });
    elb.after = () => {
      throw new Error('the function was killed');
    };
    await expect(run()).rejects.toThrow('killed');
    expect(record()?.status).toBe('ROLLING_BACK');
  });

  it.each([
    ['rule on record', 'UpdateCommand'],
    ['rule in the slot', 'DescribeRulesCommand'],
    ['route', 'DeleteRuleCommand'],
  ])('G1: does not change the %s when a newer execution takes over right before', async (what, after) => {
    const { table, elb, run, record } = aScene();
    const rule = ownRule(elb);
    if (what !== 'rule in the slot') table.put({ ...record(), ruleArn: rule.RuleArn });
    table.after = elb.after = (command) => {
      if (command === after) table.put({ ...record(), executionArn: anExecution('second') } as never);
    };
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(elb.rules).toHaveLength(what === 'route' ? 0 : 1);
    expect(table.get(itemKeys.route(tenant.host))).toBeDefined();
  });

  it('G6: changes nothing of a tenant in service whose record was lost', async () => {
    const { table, elb, cloudformation, run } = aScene();
    table.items.delete(`${itemKeys.tenant(tenant.tenantId).pk}|TENANT`);
    ownRule(elb);
    cloudformation.add(tenantNames.stack(tenant.tenantId, 'storage'), { EnableTerminationProtection: true });
    await expect(run()).rejects.toMatchObject({ name: 'TenantRecordLost' });
    expect([elb.rules.length, table.items.size]).toEqual([1, 1]);
  });

  it('undoes an onboarding that has met a protected stack of somebody else under its name', async () => {
    const { run, record, cloudformation } = aScene();
    const CreationTime = new Date(0);
    const strange = cloudformation.add(tenantNames.stack(tenant.tenantId, 'storage'), {
      ...{ EnableTerminationProtection: true, CreationTime, Tags: [] },
    });
    await run();
    expect(record()?.status).toBe('ROLLING_BACK');
    expect(cloudformation.living()).toEqual([strange]);
  });

  it('does not start again a rollback that is over', async () => {
    const { run, record } = aScene({ status: 'FAILED' });
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(record()?.status).toBe('FAILED');
  });

  it('finds the rule whose ARN was lost in a crash', async () => {
    const { elb, run } = aScene();
    ownRule(elb);
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(elb.rules).toEqual([]);
  });

  it('finds the rule in the slot when the rule on record is an earlier run’s and gone', async () => {
    const { table, elb, run, record } = aScene();
    table.put({ ...record(), ruleArn: 'arn:rule/gone' });
    ownRule(elb);
    await expect(run()).resolves.toEqual({ deregistered: true });
    expect(elb.rules).toEqual([]);
  });

  it.each([
    ['another host', 'globex.funnels.example', tenant.tenantId],
    ['another tenant', tenant.host, 'someone-else'],
  ])('does not delete a rule of %s in the tenant’s slot', async (_, host, owner) => {
    const { elb, run } = aScene();
    elb.add(tenant.slot.priority, host, owner);
    await run();
    expect(elb.rules).toHaveLength(1);
  });

  it('does not delete a route that has become another tenant’s', async () => {
    const { table, run } = aScene();
    table.put({ ...itemKeys.route(tenant.host), host: tenant.host, tenantId: 'someone-else' });
    await expect(run()).resolves.toEqual({ deregistered: false });
    expect(table.get(itemKeys.route(tenant.host))).toBeDefined();
  });

  it('succeeds any number of times when nothing was ever registered', async () => {
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
  it.each(refusals)('changes nothing of a tenant that %s', async (_, error, overrides) => {
    const { table, elb, run } = aScene(overrides);
    ownRule(elb);
    const before = structuredClone([...table.items.values()]);
    await expect(run()).rejects.toMatchObject({ name: error });
    expect([...table.items.values()]).toEqual(before);
    expect(elb.rules).toHaveLength(1);
  });

  it.each(refusals)('changes nothing when the tenant %s a moment after it was read', async (_, error, overrides) => {
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
