import { type Answer, ScriptedMachine } from '../support/scripted-machine';

const DRIFTED = {
  verdict: 'drifted',
  host: 'acme.funnels.example',
  failed: ['storage.public'],
  reason: '1 of 50 isolation checks failed: storage.public (open)',
  report: 'tenants/t2/1-x.json',
};

describe.each(['alarm', 'suspend'] as const)('onBreach: %s', (onBreach) => {
  let scripted: ScriptedMachine;
  beforeAll(async () => {
    scripted = await ScriptedMachine.audit(onBreach);
  }, 60_000);
  afterAll(() => scripted.stop());
  beforeEach(() => scripted.reset());

  const audit = async (input: object = {}) => {
    const { status, output } = await scripted.run(input);
    expect([status, output !== undefined]).toEqual(['SUCCEEDED', true]);
  };
  const eventsOf = (name: string) =>
    scripted
      .calls()
      .filter((call) => call.function === name)
      .map(({ event }) => event);
  const totals = () => eventsOf('ConcludeAudit')[0];
  const script = (tenant: string, ...answers: Answer[]) => scripted.script(`AuditTenant.${tenant}`, ...answers);

  test('asks about every tenant of every page, in an execution of its own', async () => {
    scripted.script(
      'ListTenants',
      { output: { tenantIds: ['t1', 't2'], next: 't2' } },
      { output: { tenantIds: ['t3'], next: 't3' } },
      { output: { tenantIds: [], next: null } },
    );
    await audit();
    expect(eventsOf('ListTenants')).toEqual([{ after: null }, { after: 't2' }, { after: 't3' }]);
    const asked = eventsOf('AuditTenant');
    expect(asked.map(({ tenant }) => tenant).sort()).toEqual(['t1', 't2', 't3']);
    expect(new Set(asked.map(({ verifiedBy }) => verifiedBy)).size).toBe(3);
    expect(String(asked[0]?.verifiedBy)).toMatch(/:execution:Scripted\/Tenants:/);
    expect(totals()).toEqual({ isolated: 3, drifted: 0, unverified: 0, skipped: 0 });
    expect(eventsOf('ReportBreach')).toEqual([]);
  });

  test('a stage without tenants has been audited too', async () => {
    scripted.script('ListTenants', { output: { tenantIds: [], next: null } });
    await audit();
    expect(totals()).toEqual({ isolated: 0, drifted: 0, unverified: 0, skipped: 0 });
  });

  test(`a drifted tenant is reported with what failed${onBreach === 'suspend' ? ', and suspended first' : ', and nothing else'}`, async () => {
    script('t2', { output: DRIFTED });
    await audit();
    const suspended = onBreach === 'suspend';
    expect(eventsOf('ReportBreach')).toEqual([
      expect.objectContaining({ ...DRIFTED, tenantId: 't2', suspension: suspended ? 'done' : 'none' }),
    ]);
    expect(eventsOf('SuspendTenant')).toEqual(
      suspended ? [{ tenant: 't2', by: expect.stringContaining('/Tenants:'), reason: DRIFTED.reason }] : [],
    );
    const called = scripted.called();
    if (suspended) expect(called.indexOf('SuspendTenant')).toBeLessThan(called.indexOf('ReportBreach'));
    expect(totals()).toEqual({ isolated: 2, drifted: 1, unverified: 0, skipped: 0 });
  });

  test('an operator’s own audit may say what becomes of a breach', async () => {
    script('t2', { output: DRIFTED });
    await audit({ onBreach: onBreach === 'suspend' ? 'alarm' : 'suspend' });
    expect(eventsOf('SuspendTenant')).toHaveLength(onBreach === 'suspend' ? 0 : 1);
    await audit({ onBreach: 'delete-everything' });
    expect(eventsOf('SuspendTenant')).toHaveLength(1);
  });

  test('a tenant that could not be checked is asked about again', async () => {
    script(
      't2',
      { error: 'TransientThrottling' },
      { error: 'TransientServiceFault' },
      { output: { verdict: 'isolated' } },
    );
    await audit();
    expect(totals()).toEqual({ isolated: 3, drifted: 0, unverified: 0, skipped: 0 });
  });

  test('one that still cannot is reported as unverified, never suspended, and the others have their turn', async () => {
    script('t1', { error: 'UnexpectedFailure', message: 'stack tenant-t1-storage does not exist any more' });
    await audit();
    expect(eventsOf('ReportBreach')).toEqual([
      expect.objectContaining({
        verdict: 'unverified',
        tenantId: 't1',
        suspension: 'none',
        failure: {
          step: 'AuditTenant',
          error: 'UnexpectedFailure',
          cause: expect.stringContaining('does not exist any more'),
        },
      }),
    ]);
    expect(eventsOf('SuspendTenant')).toEqual([]);
    expect(totals()).toEqual({ isolated: 2, drifted: 0, unverified: 1, skipped: 0 });
  });

  test('a breach whose evidence could not be kept is a breach', async () => {
    script('t3', { error: 'IsolationBreach', message: '1 of 50 isolation checks failed' });
    await audit();
    expect(eventsOf('ReportBreach')).toEqual([expect.objectContaining({ verdict: 'drifted', tenantId: 't3' })]);
    expect(eventsOf('SuspendTenant')).toHaveLength(onBreach === 'suspend' ? 1 : 0);
    expect(totals()).toEqual({ isolated: 2, drifted: 1, unverified: 0, skipped: 0 });
  });

  test('a tenant that cannot be told of counts as unverified, and the audit goes on to its end', async () => {
    script('t2', { output: DRIFTED });
    scripted.script('ReportBreach', { error: 'AccessDenied' });
    await audit();
    expect(totals()).toEqual({ isolated: 2, drifted: 0, unverified: 1, skipped: 0 });
  });

  test('one that has left service meanwhile is nobody’s alarm', async () => {
    script('t2', { output: { verdict: 'skipped', status: 'SUSPENDED' } });
    await audit();
    expect(eventsOf('ReportBreach')).toEqual([]);
    expect(totals()).toEqual({ isolated: 2, drifted: 0, unverified: 0, skipped: 1 });
  });

  if (onBreach === 'suspend')
    test('a suspension that fails is told with the breach', async () => {
      script('t2', { output: DRIFTED });
      scripted.script('SuspendTenant', { error: 'AccessDenied' });
      await audit();
      expect(eventsOf('ReportBreach')).toEqual([expect.objectContaining({ tenantId: 't2', suspension: 'failed' })]);
    });

  test('without a list there is no audit', async () => {
    scripted.script('ListTenants', { error: 'AccessDenied' });
    expect(await scripted.run({})).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
    expect(eventsOf('ConcludeAudit')).toEqual([]);
  });
});
