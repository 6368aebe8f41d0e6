import { SignupConflictSchema, TenantOnboardingFailedSchema } from '../../../functions/contract/events';
import { tenantIdOf } from '../../../functions/contract/naming';
import {
  itemKeys,
  RefusedSignupSchema,
  type TenantRecord,
  TenantRecordSchema,
} from '../../../functions/contract/records';
import { publishFailure } from '../../../functions/outcome/publish-failure';
import { anExecution, aSignup, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { FakeBus } from '../../support/fake-bus';
import { FakeTable } from '../../support/fake-table';

const tenant = aTenant();
const { tenantId } = tenant;
const failure = { step: 'VerifyIsolation', error: 'IsolationBreach', reason: 'the bucket is open' };
type Input = Parameters<typeof publishFailure.run>[1];

function aScene({ record, ...input }: { record?: Partial<TenantRecord> | null } & Partial<Input> = {}) {
  const table = new FakeTable();
  if (record !== null) {
    const { slot: _, ...rolledBack } = aTenantRecord({ status: 'ROLLING_BACK', ruleArn: 'arn:rule', ...record });
    table.put({ ...itemKeys.tenant(tenantId), ...rolledBack });
  }
  const bus = new FakeBus();
  const given: Input = {
    executionArn: anExecution(),
    redriveCount: 1,
    input: aSignup(),
    tenant,
    failure,
    outcome: 'rolled-back',
    ...input,
  };
  const run = () => publishFailure.run({ table, bus, now: () => new Date(NOW) }, given);
  return { table, bus, fakes: [table, bus], run, record: () => table.get(itemKeys.tenant(tenantId)) };
}
const published = ({ bus }: ReturnType<typeof aScene>) => TenantOnboardingFailedSchema.parse(bus.events[0]?.detail);

describe('PublishFailure', () => {
  it('record, event and result have the same step, error, reason and list of undone steps', async () => {
    const scene = aScene();
    const { report } = await scene.run();
    expect(report).toMatchObject({ ...failure, outcome: 'rolled-back', remaining: [] });
    expect(scene.record()).toMatchObject({
      status: 'FAILED',
      statePk: 'STATUS#FAILED',
      failure: { ...report, at: NOW },
    });
    const { step, ...same } = report;
    expect(published(scene)).toEqual({
      version: 1,
      signupId: tenant.signupId,
      tenantId,
      failedStep: step,
      executionArn: anExecution(),
      redrivable: true,
      ...same,
      attempt: 2,
      occurredAt: NOW,
    });
    expect(TenantRecordSchema.parse(scene.record())).toBeDefined();
  });

  it('removes what the rollback has deleted from the record, and keeps who the customer is', async () => {
    const scene = aScene();
    await scene.run();
    expect(scene.record()).not.toHaveProperty('ruleArn');
    expect(scene.record()).toMatchObject({ companyName: 'Acme GmbH', subdomain: 'acme' });
  });

  it('keeps all attributes of a held tenant', async () => {
    const scene = aScene({ record: { status: 'ONBOARDING' }, outcome: 'held' });
    await scene.run();
    expect(scene.record()).toMatchObject({ status: 'HELD', ruleArn: 'arn:rule', failure: { outcome: 'held' } });
    expect(published(scene).remaining?.length).toBeGreaterThan(0);
  });

  it('publishes a lost claim, and does not change the record of the new owner', async () => {
    const scene = aScene({
      record: { executionArn: anExecution('second'), status: 'ONBOARDING' },
      outcome: 'claim-lost',
    });
    const before = structuredClone(scene.record());
    await scene.run();
    expect(scene.record()).toEqual(before);
    expect(published(scene)).toMatchObject({ outcome: 'claim-lost', executionArn: anExecution() });
  });

  it('does not change a record that another execution has taken over a moment before', async () => {
    const scene = aScene();
    scene.table.before = (command) => {
      if (command === 'UpdateCommand')
        scene.table.put({ ...scene.record(), executionArn: anExecution('second') } as never);
    };
    await scene.run();
    expect(scene.record()?.status).toBe('ROLLING_BACK');
    expect(scene.bus.events).toHaveLength(1);
  });

  it('refuses a tenant that this execution has activated', async () => {
    const scene = aScene({ record: { status: 'ACTIVE', activatedAt: NOW } });
    await expect(scene.run()).rejects.toMatchObject({ name: 'TenantIsActive' });
    expect(scene.record()?.status).toBe('ACTIVE');
    expect(scene.bus.events).toEqual([]);
  });

  it.each(['rolled-back', 'claim-lost'] as const)(
    'G6: publishes no failure of a tenant in service when a duplicate’s run fails (%s)',
    async (outcome) => {
      const record = { status: 'ACTIVE', activatedAt: NOW, executionArn: anExecution('first') } as const;
      const scene = aScene({ record, executionArn: anExecution('duplicate'), tenant: null, outcome });
      const before = structuredClone(scene.record());
      const { report } = await scene.run();
      expect(report.outcome).toBe('refused');
      expect(scene.record()).toEqual(before);
      expect(scene.bus.events).toEqual([]);
    },
  );

  it.each(['ONBOARDING', 'ROLLING_BACK', 'HELD'] as const)(
    'G6: publishes no failure of a tenant that is %s when a duplicate’s run fails before it can tell',
    async (status) => {
      const scene = aScene({ executionArn: anExecution('duplicate'), tenant: null, outcome: 'claim-lost' });
      const record = aTenantRecord({ status, executionArn: anExecution('first') });
      scene.table.put({ ...itemKeys.tenant(tenantId), ...record });
      const before = structuredClone(scene.record());
      const { report } = await scene.run();
      expect(report.outcome).toBe('refused');
      expect(scene.record()).toEqual(before);
      expect(scene.bus.events).toEqual([]);
    },
  );

  it.each([
    ['ACTIVE', { status: 'ACTIVE', activatedAt: NOW }],
    ['held', { status: 'HELD' }],
    ['being onboarded', { status: 'ONBOARDING' }],
  ] as const)(
    'G6: publishes a signup that differs from the one of a tenant that is %s as a conflict',
    async (_, record) => {
      const conflict = { step: 'ReserveTenant', error: 'SignupConflict', reason: 'differs in plan, contactEmail' };
      const scene = aScene({
        record: { ...record, executionArn: anExecution('first') },
        executionArn: anExecution('second'),
        input: { ...aSignup(), plan: 'free', contactEmail: 'new@acme.example' },
        tenant: null,
        failure: conflict,
        outcome: 'claim-lost',
      });
      const before = structuredClone(scene.record());
      const { report } = await scene.run();
      expect(report).toMatchObject({ ...conflict, outcome: 'refused', remaining: [] });
      expect(scene.record()).toEqual(before);
      expect(scene.bus.events.map(({ type }) => type)).toEqual(['SignupConflict']);
      expect(SignupConflictSchema.parse(scene.bus.events[0]?.detail)).toEqual({
        version: 1,
        signupId: tenant.signupId,
        tenantId,
        fields: ['contactEmail', 'plan'],
        status: record.status,
        executionArn: anExecution('second'),
        attempt: 2,
        occurredAt: NOW,
      });
    },
  );

  it('G6: publishes a malformed signup of a tenant that was rolled back as refused, and not as a lost claim', async () => {
    const record = { status: 'FAILED', executionArn: anExecution('first') } as const;
    const malformed = { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan: expected one of ...' };
    const scene = aScene({
      record,
      executionArn: anExecution('second'),
      tenant: null,
      failure: malformed,
      outcome: 'claim-lost',
    });
    const before = structuredClone(scene.record());
    await scene.run();
    expect(scene.record()).toEqual(before);
    expect(published(scene)).toMatchObject({ error: 'InvalidSignup', outcome: 'refused', redrivable: false });
  });

  it('publishes the same after its death at each call and a retry', async () => {
    const deaths = await dieAtEachCall(aScene, async (scene) => {
      await scene.run();
      expect(scene.record()).toMatchObject({ status: 'FAILED', failure: { ...failure, at: NOW } });
      expect(scene.bus.events.length).toBeGreaterThan(0);
      expect(new Set(scene.bus.events.map(({ detail }) => JSON.stringify(detail))).size).toBe(1);
    });
    expect(deaths).toContain('after UpdateCommand');
  });
});

describe('a signup that was refused before it was reserved', () => {
  const refusal = { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan: expected one of growth, enterprise' };
  const refused = (input: unknown, error = 'InvalidSignup') =>
    aScene({ record: null, tenant: null, input, failure: { ...refusal, error } });

  it('gets its own record, with the well-formed fields of the signup', async () => {
    const scene = refused({ ...aSignup(), plan: 'free', contactEmail: 'none' });
    await scene.run();
    expect(RefusedSignupSchema.parse(scene.record())).toMatchObject({
      refused: true,
      signupId: 'sub_acme',
      companyName: 'Acme GmbH',
      subdomain: 'acme',
      status: 'FAILED',
      failure: { ...refusal, outcome: 'refused', at: NOW },
    });
    expect(scene.record()).not.toHaveProperty('plan');
    expect(scene.record()).not.toHaveProperty('contactEmail');
  });

  it.each([
    ['InvalidSignup', false],
    ['SubdomainTaken', true],
    ['CapacityExhausted', true],
  ])('says for %s whether a redrive can help: %s', async (error, redrivable) => {
    const scene = refused(aSignup(), error);
    await scene.run();
    expect(published(scene)).toMatchObject({ tenantId: tenantIdOf('sub_acme'), error, redrivable });
  });

  it.each([[undefined], ['nonsense'], [{ signupId: 'a/b' }]])(
    'is published without a readable id, too: %j',
    async (input) => {
      const scene = refused(input);
      await scene.run();
      expect(scene.table.items.size).toBe(0);
      expect(published(scene)).toMatchObject({ signupId: '', error: 'InvalidSignup' });
      expect(published(scene)).not.toHaveProperty('tenantId');
    },
  );

  it('replaces the record of an earlier refusal, and never a tenant that has appeared meanwhile', async () => {
    const scene = refused(aSignup(), 'SubdomainTaken');
    await scene.run();
    await scene.run();
    expect(scene.record()).toMatchObject({ refused: true });
    scene.table.before = (command) => {
      if (command === 'TransactWriteCommand') scene.table.put({ ...itemKeys.tenant(tenantId), ...aTenantRecord() });
    };
    await scene.run();
    expect(scene.record()).toMatchObject({ status: 'ONBOARDING' });
  });

  it('is FAILED and not refused when only the answer of its reservation was lost', async () => {
    const scene = aScene({ tenant: null, failure: refusal });
    await scene.run();
    expect(scene.record()).toMatchObject({ status: 'FAILED', failure: { outcome: 'rolled-back' } });
    expect(scene.record()).not.toHaveProperty('refused');
  });
});
