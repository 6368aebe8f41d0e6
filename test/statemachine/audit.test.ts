import { type Answer, ScriptedMachine } from '../support/scripted-machine';

const DRIFTED = {
  verdict: 'drifted',
  tenantId: 't2',
  host: 'acme.funnels.example',
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
  const NONE = { isolated: 0, drifted: 0, unverified: 0, skipped: 0, held: 0, surroundings: 0, uncounted: 0 };
  const script = (tenant: string, ...answers: Answer[]) => scripted.script(`AuditTenant.${tenant}`, ...answers);

  test('audits every tenant of every page, each in its own child execution', async () => {
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
    expect(totals()).toEqual({ ...NONE, isolated: 3 });
    expect(eventsOf('ReportBreach')).toEqual([]);
  });

  test('ends well for a stage without tenants', async () => {
    scripted.script('ListTenants', { output: { tenantIds: [], next: null } });
    await audit();
    expect(totals()).toEqual({ ...NONE });
  });

  test('gives JudgeAudit the audit and the stage’s onBreach', async () => {
    await audit();
    const [asked] = eventsOf('JudgeAudit');
    expect(asked).toEqual({
      executionArn: expect.stringMatching(/:execution:Scripted:/),
      onBreach,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(new Set(eventsOf('AuditTenant').map(({ audit: by }) => by))).toEqual(new Set([asked?.executionArn]));
  });

  test('suspends a tenant first, and then reports it', async () => {
    scripted.script('JudgeAudit', { output: { reports: [{ ...DRIFTED, suspend: true }], held: 0, uncounted: 0 } });
    await audit();
    const by = expect.stringMatching(/:execution:Scripted:/);
    expect(eventsOf('SuspendTenant')).toEqual([{ tenant: 't2', by, reason: DRIFTED.reason }]);
    expect(eventsOf('ReportBreach')).toEqual([
      { ...DRIFTED, suspend: true, suspension: 'done', executionArn: expect.stringMatching(/:execution:Scripted:/) },
    ]);
    const called = scripted.called();
    expect(called.indexOf('SuspendTenant')).toBeLessThan(called.indexOf('ReportBreach'));
  });

  test('only reports a tenant that is not suspended, and a cause that many share', async () => {
    const shared = { verdict: 'shared', causes: ['key.grants'], tenants: 12, examples: [], held: 12, suspend: false };
    scripted.script('JudgeAudit', {
      output: { reports: [shared, { ...DRIFTED, suspend: false }], held: 12, uncounted: 0 },
    });
    await audit();
    expect(eventsOf('SuspendTenant')).toEqual([]);
    expect(eventsOf('ReportBreach').map(({ verdict, suspension }) => [verdict, suspension])).toEqual(
      expect.arrayContaining([
        ['shared', 'none'],
        ['drifted', 'none'],
      ]),
    );
    expect(totals()).toMatchObject({ held: 12 });
  });

  test('takes another onBreach from an operator’s own input', async () => {
    const other = onBreach === 'suspend' ? 'alarm' : 'suspend';
    await audit({ onBreach: other });
    expect(eventsOf('JudgeAudit').map((event) => event.onBreach)).toEqual([other]);
  });

  test.each(['Alarm', '', null])(
    'refuses onBreach %j before anything is asked, in words that name it',
    async (word) => {
      const { status, cause } = await scripted.run({ onBreach: word });
      expect([status, cause]).toEqual([
        'FAILED',
        expect.stringContaining(`onBreach: expected alarm or suspend, got ${word}`),
      ]);
      expect(scripted.calls()).toEqual([]);
    },
  );

  test('retries a tenant that could not be audited', async () => {
    script(
      't2',
      { error: 'TransientThrottling' },
      { error: 'TransientServiceFault' },
      { output: { verdict: 'isolated' } },
    );
    await audit();
    expect(totals()).toEqual({ ...NONE, isolated: 3 });
  });

  test('counts a tenant that still cannot be audited as unverified, and audits the others', async () => {
    script('t1', { error: 'UnexpectedFailure', message: 'stack tenant-t1-storage does not exist any more' });
    await audit();
    expect(eventsOf('JudgeAudit')).toHaveLength(1);
    expect(totals()).toEqual({ ...NONE, isolated: 2, unverified: 1 });
  });

  test('reports a breach whose evidence could not be stored as a breach', async () => {
    script('t3', { error: 'IsolationBreach', message: '1 of 50 isolation checks failed' });
    await audit();
    expect(totals()).toEqual({ ...NONE, isolated: 2, drifted: 1 });
  });

  test('counts a report that cannot be sent as unverified, and goes on to the end', async () => {
    scripted.script('JudgeAudit', { output: { reports: [{ ...DRIFTED, suspend: false }], held: 0, uncounted: 0 } });
    scripted.script('ReportBreach', { error: 'AccessDenied' });
    await audit();
    expect(totals()).toEqual({ ...NONE, isolated: 3, unverified: 1 });
  });

  test('does not report a tenant that has left service meanwhile', async () => {
    script('t2', { output: { verdict: 'skipped', status: 'SUSPENDED' } });
    await audit();
    expect(eventsOf('ReportBreach')).toEqual([]);
    expect(totals()).toEqual({ ...NONE, isolated: 2, skipped: 1 });
  });

  test('reports a failed suspension with its breach', async () => {
    scripted.script('JudgeAudit', { output: { reports: [{ ...DRIFTED, suspend: true }], held: 0, uncounted: 0 } });
    scripted.script('SuspendTenant', { error: 'AccessDenied' });
    await audit();
    expect(eventsOf('ReportBreach')).toEqual([expect.objectContaining({ tenantId: 't2', suspension: 'failed' })]);
  });

  test('fails when JudgeAudit fails', async () => {
    scripted.script('JudgeAudit', { error: 'AccessDenied' });
    expect(await scripted.run({})).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
    expect([eventsOf('SuspendTenant'), eventsOf('ConcludeAudit')]).toEqual([[], []]);
  });

  test('audits the surroundings first, and reports them like a tenant', async () => {
    const report = { verdict: 'surroundings', cell: 'c1', reason: 'identity.trustees: open', suspend: false };
    scripted.script('AuditSurroundings', { output: { reports: [report], failing: 1 } });
    await audit();
    expect(scripted.called()[0]).toBe('AuditSurroundings');
    expect(eventsOf('ReportBreach')).toEqual([expect.objectContaining({ ...report, suspension: 'none' })]);
    expect(totals()).toMatchObject({ isolated: 3, surroundings: 1 });
  });

  test('audits the tenants although the surroundings cannot be audited', async () => {
    scripted.script('AuditSurroundings', { error: 'AccessDenied' });
    await audit();
    expect(totals()).toMatchObject({ isolated: 3, surroundings: 1 });
  });

  test('fails when ListTenants fails', async () => {
    scripted.script('ListTenants', { error: 'AccessDenied' });
    expect(await scripted.run({})).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
    expect(eventsOf('ConcludeAudit')).toEqual([]);
  });
});
