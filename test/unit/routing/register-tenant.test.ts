import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { holdHost, SETTING_UP_PAGE } from '../../../functions/routing/host-rule';
import { registerTenant } from '../../../functions/routing/register-tenant';
import { aCell, aKey, anExecution, aTenant, aTenantRecord, NOW, theStacks } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { FakeCompute } from '../../support/fake-compute';
import { FakeLoadBalancer } from '../../support/fake-load-balancer';
import { FakeTable } from '../../support/fake-table';
import { FakeZone } from '../../support/fake-zone';

const tenant = aTenant();

function aScene({ record }: { record?: Partial<TenantRecord> } = {}) {
  const table = new FakeTable(
    { ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(record) },
    { ...itemKeys.liveColour(aCell().name), colour: 'blue', since: NOW },
  );
  const elb = new FakeLoadBalancer();
  const zone = new FakeZone();
  const compute = new FakeCompute();
  const input = { executionArn: anExecution(), tenant, cell: aCell(), key: aKey(), stacks: theStacks() };
  const run = () => registerTenant.run({ table, elb, zone, compute, now: () => new Date(NOW) }, input);
  return { table, elb, zone, compute, run };
}

const rule = (elb: FakeLoadBalancer) => elb.at(tenant.slot.priority);
const answers = (elb: FakeLoadBalancer) => rule(elb)?.Actions[0]?.FixedResponseConfig?.StatusCode;

describe('RegisterTenant', () => {
  it('makes a rule that answers 503 for the host in the tenant’s slot, and the route for the service', async () => {
    const { table, elb, run } = aScene({ record: { verification: { verifiedAt: NOW, checks: 30, digest: 'old' } } });
    const { ruleArn } = await run();
    expect(rule(elb)).toMatchObject({ RuleArn: ruleArn, hosts: [tenant.host], tags: { tenantId: tenant.tenantId } });
    expect(answers(elb)).toBe('503');
    const { storage, access, database } = theStacks();
    expect(table.get(itemKeys.route(tenant.host))).toEqual({
      ...itemKeys.route(tenant.host),
      host: tenant.host,
      tenantId: tenant.tenantId,
      companyName: 'Acme GmbH',
      status: 'SETTING_UP',
      roleArn: access.outputs.RoleArn,
      externalId: tenant.externalId,
      bucketName: storage.outputs.BucketName,
      keyArn: aKey().keyArn,
      database: {
        ...{ host: database.outputs.EndpointAddress, port: 5432 },
        replica: { host: database.outputs.ReplicaAddress, port: 5432 },
      },
    });
    const record = table.get(itemKeys.tenant(tenant.tenantId));
    expect(record).toMatchObject({ ruleArn, bucketName: storage.outputs.BucketName, status: 'ONBOARDING' });
    expect(record?.templateVersions).toEqual({
      network: '0123456789ab',
      database: '0123456789ab',
      storage: '0123456789ab',
      access: '0123456789ab',
    });
    expect(record).not.toHaveProperty('verification');
  });

  it('D1: makes the tenant’s DNS records with the rule, in one request', async () => {
    const { zone, run } = aScene();
    await expect(run()).resolves.toMatchObject({ nameChangeId: '/change/C1' });
    expect(zone.commands).toEqual(['ChangeResourceRecordSetsCommand']);
    expect(zone.at(tenant.host, 'A')).toBeDefined();
  });

  it('D1: fails where another owner has the name, and does not change the record', async () => {
    const { table, zone, run } = aScene();
    zone.put({ Name: tenant.host, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
    const before = structuredClone(zone.records);
    await expect(run()).rejects.toMatchObject({ name: 'NameOccupied' });
    expect(zone.records).toEqual(before);
    expect(table.get(itemKeys.route(tenant.host))).toBeUndefined();
  });

  it('never reads other tenants’ rules when nothing has gone wrong', async () => {
    const { elb, run } = aScene();
    await run();
    expect(elb.calls).toEqual(['CreateRuleCommand']);
  });

  it('fails with a transient error while no service is healthy, and makes nothing', async () => {
    const { table, elb, compute, run } = aScene();
    compute.unhealthy.add(aCell().services.blue);
    await expect(run()).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
    expect(elb.rules).toEqual([]);
    expect(table.items.size).toBe(2);
  });

  it('checks the health of the colour that is live now, and of no other', async () => {
    const { table, elb, compute, run } = aScene();
    table.put({ ...itemKeys.liveColour(aCell().name), colour: 'green', since: NOW });
    compute.unhealthy.add(aCell().services.blue);
    await run();
    expect(answers(elb)).toBe('503');
    compute.unhealthy.add(aCell().services.green);
    await expect(run()).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
  });

  it('reads the record and the live colour by one request', async () => {
    const { table, run } = aScene();
    const sent: string[] = [];
    table.before = (command) => sent.push(command);
    await run();
    expect(sent).toEqual(['BatchGetCommand', 'TransactWriteCommand']);
  });

  it('takes over the rule of an attempt that crashed, and sets it back to 503', async () => {
    const elb = new FakeLoadBalancer();
    for (let other = 0; other < 450; other++) elb.add(2000 + other, `other${other}.funnels.example`, 'other');
    const own = elb.add(tenant.slot.priority, tenant.host, tenant.tenantId);
    own.Actions = [{ Type: 'forward', TargetGroupArn: 'arn:blue' }];
    const cell = { ...aCell(), capacity: 500 };
    await expect(holdHost(elb, cell, tenant)).resolves.toEqual({ ruleArn: own.RuleArn, created: false });
    expect(answers(elb)).toBe('503');
  });

  it('is finished by a retry after each of its effects', async () => {
    const { table, elb, zone, run } = aScene();
    elb.after = (command) => {
      if (command !== 'CreateRuleCommand') return;
      elb.after = () => {};
      throw new Error('the function was killed');
    };
    await expect(run()).rejects.toThrow('killed');
    table.before = (command) => {
      if (command !== 'TransactWriteCommand') return;
      table.before = () => {};
      throw new Error('the function was killed');
    };
    await expect(run()).rejects.toThrow('killed');
    const { ruleArn } = await run();
    await expect(run()).resolves.toMatchObject({ ruleArn });
    expect(zone.records).toHaveLength(2);
    expect(elb.rules).toHaveLength(1);
    expect(table.get(itemKeys.route(tenant.host))?.status).toBe('SETTING_UP');
  });

  it.each([
    ['another host', 'globex.funnels.example', tenant.tenantId],
    ['another tenant', tenant.host, 'someone-else'],
    ['nobody', tenant.host, undefined],
  ])('refuses a slot that has the rule of %s, and does not change that rule', async (_, host, owner) => {
    const { elb, run } = aScene();
    const foreign = structuredClone(elb.add(tenant.slot.priority, host, owner));
    await expect(run()).rejects.toMatchObject({ name: 'SlotOccupied' });
    expect(elb.rules).toEqual([foreign]);
  });

  it('tries again when a priority is in use by a rule that the listener does not show yet', async () => {
    const { elb, run } = aScene();
    elb.after = (command) => {
      if (command === 'CreateRuleCommand') throw awsError('TimeoutError');
    };
    await expect(run()).rejects.toMatchObject({ name: 'TimeoutError' });
    elb.hidden = true;
    await expect(run()).rejects.toMatchObject({
      name: 'TransientNotYetVisible',
      message: expect.stringContaining('PriorityInUseException'),
    });
    elb.hidden = false;
    const { ruleArn } = await run();
    expect(elb.rules.map(({ RuleArn }) => RuleArn)).toEqual([ruleArn]);
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['another execution’s', { executionArn: anExecution('second') }],
    ['rolling back', { status: 'ROLLING_BACK' }],
    ['ACTIVE', { status: 'ACTIVE', activatedAt: NOW }],
  ])('fails with ClaimLost for a tenant that is %s, and makes nothing', async (_, record) => {
    const { elb, run } = aScene({ record });
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(elb.rules).toEqual([]);
  });

  it('makes nothing when the claim on the subdomain was deleted, and another tenant has it by now', async () => {
    const { table, elb, zone, run } = aScene();
    const theirs = { ...itemKeys.subdomain(tenant.subdomain), subdomain: tenant.subdomain, tenantId: 'someone-else' };
    table.put(theirs);
    await expect(run()).rejects.toMatchObject({
      name: 'SubdomainTaken',
      message: `subdomain ${tenant.subdomain} belongs to another tenant by now, someone-else`,
    });
    expect([elb.rules, zone.records]).toEqual([[], []]);
    expect(table.get(itemKeys.route(tenant.host))).toBeUndefined();
    table.put({ ...theirs, tenantId: tenant.tenantId });
    await expect(run()).resolves.toMatchObject({ registeredAt: NOW });
  });

  it('says so when somebody has led the host to another tenant, and leaves that route', async () => {
    const { table, run } = aScene();
    const theirs = { ...itemKeys.route(tenant.host), host: tenant.host, tenantId: 'someone-else', status: 'ACTIVE' };
    table.put(theirs);
    await expect(run()).rejects.toMatchObject({
      name: 'SubdomainTaken',
      message: `somebody has led ${tenant.host} to another tenant, someone-else, by its route`,
    });
    expect(table.get(itemKeys.route(tenant.host))).toEqual(theirs);
  });

  it('says so when somebody has deleted the record', async () => {
    const { table, run } = aScene();
    table.before = (command) => {
      if (command === 'TransactWriteCommand') table.items.delete(`${itemKeys.tenant(tenant.tenantId).pk}|TENANT`);
    };
    await expect(run()).rejects.toMatchObject({
      name: 'ClaimLost',
      message: expect.stringContaining('somebody has deleted its record'),
    });
  });

  describe('when the claim is lost after the rule was made and before it is on record', () => {
    const losing = (change: Partial<TenantRecord>) => {
      const scene = aScene();
      scene.table.before = (command) => {
        if (command === 'TransactWriteCommand')
          scene.table.put({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(change) });
      };
      return scene;
    };

    it('deletes its rule again', async () => {
      const { table, elb, zone, run } = losing({ status: 'ROLLING_BACK' });
      await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
      expect(elb.rules).toEqual([]);
      expect(zone.records).toEqual([]);
      expect(table.get(itemKeys.route(tenant.host))).toBeUndefined();
    });

    it('deletes its rule when the new owner has another slot', async () => {
      const { elb, zone, run } = losing({
        executionArn: anExecution('second'),
        slot: { ...tenant.slot, number: 7, priority: 1007 },
      });
      await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
      expect(elb.rules).toEqual([]);
      // The host is the same in any slot: the new owner leads the name to its own cell.
      expect(zone.records).toHaveLength(2);
    });

    it('leaves the rule to a new owner in the same slot', async () => {
      const { elb, run } = losing({ executionArn: anExecution('second') });
      await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
      expect(answers(elb)).toBe('503');
    });
  });

  it('answers with a page within the size limit of a fixed response', () => {
    expect(Buffer.byteLength(SETTING_UP_PAGE)).toBeLessThanOrEqual(1024);
  });
});
