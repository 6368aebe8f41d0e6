import type { PageRequest } from '../../../functions/compute/tenant-page';
import { TenantOnboardedSchema } from '../../../functions/contract/events';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { publishCompletion } from '../../../functions/outcome/publish-completion';
import { aCell, anExecution, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { FakeBus } from '../../support/fake-bus';
import { FakeTable } from '../../support/fake-table';

/** A pause lasts no time, so that what never comes is known at once. */
jest.mock('../../../functions/shared/invocation', () => ({
  ...jest.requireActual('../../../functions/shared/invocation'),
  pause: async () => {},
}));

const tenant = aTenant();

function aScene(record: Partial<TenantRecord> | undefined = { status: 'ACTIVE', activatedAt: NOW }) {
  const table = new FakeTable({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(record) });
  const bus = new FakeBus();
  /** What the load balancer answers, in order; the last answer stays. */
  const statuses = [200];
  const answering: { version?: string } = { version: 'v1' };
  const asked: string[] = [];
  const page: PageRequest = async ({ name }, host) => {
    asked.push(`${name} ${host}`);
    return { status: (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 0, body: '', ...answering };
  };
  const run = () =>
    publishCompletion.run(
      { table, bus, page, now: () => new Date(NOW) },
      { executionArn: anExecution(), tenant, cell: aCell(), redriveCount: 2 },
    );
  return { table, bus, fakes: [table, bus], run, page, statuses, asked, answering };
}

describe('PublishCompletion', () => {
  it('announces the tenant, and returns its URL and cell', async () => {
    const { bus, run } = aScene();
    const { tenantId, signupId, subdomain, url } = tenant;
    await expect(run()).resolves.toEqual({ tenantId, url });
    const [event, ...others] = bus.events;
    expect(others).toEqual([]);
    expect(event?.type).toBe('TenantOnboarded');
    const detail = { version: 1, signupId, tenantId, subdomain, url, cell: 'cell1', executionArn: anExecution() };
    expect(TenantOnboardedSchema.parse(event?.detail)).toEqual({ ...detail, attempt: 3, occurredAt: NOW });
  });

  it('T3: announces nothing until the page answers 200 through the load balancer of the cell', async () => {
    const { bus, run, statuses, asked } = aScene();
    statuses.splice(0, 1, ...Array(8).fill(503), ...Array(8).fill(404), 200);
    await run();
    expect(asked).toEqual(Array(3 * 8).fill(`cell1 ${tenant.host}`));
    expect(bus.events).toHaveLength(1);
  });

  it('T3: announces nothing while one node of the load balancer still answers as before', async () => {
    const { bus, run, statuses, asked } = aScene();
    statuses.splice(0, 1, 200, 200, 503, 200);
    await run();
    expect(asked).toHaveLength(2 * 8);
    expect(bus.events).toHaveLength(1);
  });

  it('F13: announces nothing while the page answers 503; called again, it announces', async () => {
    const { bus, run, statuses } = aScene();
    statuses.splice(0, 1, 503);
    await expect(run()).rejects.toMatchObject({
      name: 'TransientServiceUnsteady',
      message: `the page of ${tenant.host} answers 503`,
    });
    expect(bus.events).toEqual([]);
    statuses.splice(0, 1, 200);
    await run();
    expect(bus.events).toHaveLength(1);
  });

  it('announces nothing while another rule than the tenant’s answers 200 for the host', async () => {
    const { bus, run, answering } = aScene();
    delete answering.version;
    await expect(run()).rejects.toMatchObject({
      name: 'TransientServiceUnsteady',
      message: expect.stringContaining('not from the shared service'),
    });
    expect(bus.events).toEqual([]);
  });

  it('announces a tenant that has been suspended since, whose page answers 503 on purpose', async () => {
    const { bus, run, statuses } = aScene({ status: 'SUSPENDED', activatedAt: NOW });
    statuses.splice(0, 1, 503);
    await run();
    expect(bus.events).toHaveLength(1);
  });

  it('announces twice rather than never, in copies that a consumer can recognize', async () => {
    await dieAtEachCall(aScene, async ({ bus, run }) => {
      await run();
      expect(bus.events.length).toBeGreaterThan(0);
      expect(new Set(bus.events.map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
    });
  });

  it('G9: announces the tenant for the run that activated it and has ended', async () => {
    const owner = { status: 'ACTIVE', activatedAt: NOW, executionArn: anExecution('ended') } as const;
    const failure = {
      step: 'PublishCompletion',
      error: 'RunAborted',
      reason: 'x',
      at: NOW,
      outcome: 'unannounced',
    } as const;
    const { table, bus, page } = aScene({ ...owner, failure });
    const input = { executionArn: anExecution(), tenant, redriveCount: 0, activatedBy: anExecution('ended') };
    await publishCompletion.run({ table, bus, page, now: () => new Date(NOW) }, input);
    expect(bus.events.map(({ type }) => type)).toEqual(['TenantOnboarded']);
    expect(bus.events[0]?.detail).toMatchObject({ tenantId: tenant.tenantId, executionArn: anExecution() });
    expect(table.get(itemKeys.tenant(tenant.tenantId))).not.toHaveProperty('failure');
  });

  it('notes that an equal event has announced the tenant, before the watchdog has noticed the end of its run', async () => {
    const { table, bus, page } = aScene({ status: 'ACTIVE', activatedAt: NOW, executionArn: anExecution('ended') });
    const input = { executionArn: anExecution(), tenant, redriveCount: 0, activatedBy: anExecution('ended') };
    await publishCompletion.run({ table, bus, page, now: () => new Date(NOW) }, input);
    expect(table.get(itemKeys.tenant(tenant.tenantId))).toMatchObject({ announcedAt: NOW });
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['was never ACTIVE', { status: 'ONBOARDING' }],
    ['is another execution’s', { status: 'ACTIVE', activatedAt: NOW, executionArn: anExecution('second') }],
  ])('announces no tenant that %s', async (_, record) => {
    const { bus, run } = aScene(record);
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(bus.events).toEqual([]);
  });

  it('announces nothing when the tenant has no record', async () => {
    const { table, bus, run } = aScene();
    table.items.clear();
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(bus.events).toEqual([]);
  });
});
