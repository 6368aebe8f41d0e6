import { TenantOnboardedSchema } from '../../../functions/contract/events';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { publishCompletion } from '../../../functions/outcome/publish-completion';
import { anExecution, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { FakeBus } from '../../support/fake-bus';
import { FakeTable } from '../../support/fake-table';

const tenant = aTenant();

function aScene(record: Partial<TenantRecord> | undefined = { status: 'ACTIVE', activatedAt: NOW }) {
  const table = new FakeTable({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(record) });
  const bus = new FakeBus();
  const run = () =>
    publishCompletion.run(
      { table, bus, now: () => new Date(NOW) },
      { executionArn: anExecution(), tenant, redriveCount: 2 },
    );
  return { table, bus, fakes: [table, bus], run };
}

describe('PublishCompletion', () => {
  it('announces the tenant and answers with where it is', async () => {
    const { bus, run } = aScene();
    const { tenantId, signupId, subdomain, url } = tenant;
    await expect(run()).resolves.toEqual({ tenantId, url });
    const [event, ...others] = bus.events;
    expect(others).toEqual([]);
    expect(event?.type).toBe('TenantOnboarded');
    const detail = { version: 1, signupId, tenantId, subdomain, url, cell: 'cell1', executionArn: anExecution() };
    expect(TenantOnboardedSchema.parse(event?.detail)).toEqual({ ...detail, attempt: 3, occurredAt: NOW });
  });

  it('announces it for a tenant that has been suspended since, too', async () => {
    const { bus, run } = aScene({ status: 'SUSPENDED', activatedAt: NOW });
    await run();
    expect(bus.events).toHaveLength(1);
  });

  it('announces it again rather than never, in copies that a consumer can tell', async () => {
    await dieAtEachCall(aScene, async ({ bus, run }) => {
      await run();
      expect(bus.events.length).toBeGreaterThan(0);
      expect(new Set(bus.events.map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
    });
  });

  it('G9: announces it in the place of the run that activated it and ended', async () => {
    const owner = { status: 'ACTIVE', activatedAt: NOW, executionArn: anExecution('ended') } as const;
    const failure = {
      step: 'PublishCompletion',
      error: 'RunAborted',
      reason: 'x',
      at: NOW,
      outcome: 'unannounced',
    } as const;
    const { table, bus } = aScene({ ...owner, failure });
    const input = { executionArn: anExecution(), tenant, redriveCount: 0, activatedBy: anExecution('ended') };
    await publishCompletion.run({ table, bus, now: () => new Date(NOW) }, input);
    expect(bus.events.map(({ type }) => type)).toEqual(['TenantOnboarded']);
    expect(bus.events[0]?.detail).toMatchObject({ tenantId: tenant.tenantId, executionArn: anExecution() });
    expect(table.get(itemKeys.tenant(tenant.tenantId))).not.toHaveProperty('failure');
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['was never ACTIVE', { status: 'ONBOARDING' }],
    ['is another execution’s', { status: 'ACTIVE', activatedAt: NOW, executionArn: anExecution('second') }],
  ])('announces no tenant that %s', async (_, record) => {
    const { bus, run } = aScene(record);
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(bus.events).toEqual([]);
  });

  it('announces no tenant that is not there', async () => {
    const { table, bus, run } = aScene();
    table.items.clear();
    await expect(run()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(bus.events).toEqual([]);
  });
});
