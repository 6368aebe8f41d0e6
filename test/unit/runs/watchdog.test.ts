import { failureReport } from '../../../functions/contract/failure-report';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { watchdog } from '../../../functions/runs/watchdog';
import { anExecution, aSignup, aSignupEvent, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { fakeExecution, PROVISIONED } from '../../support/run-history';

const executionArn = anExecution();
const { tenantId } = aTenant();
const LATER = '2030-01-01T12:30:00.000Z';

interface Scene {
  readonly record?: Partial<TenantRecord> | 'none';
  readonly execution?: object;
  readonly history?: readonly string[];
  readonly sfn?: FakeClient;
  /** What the event says beyond its status. */
  readonly told?: object;
}

function aScene({ record = {}, execution = {}, history = PROVISIONED, sfn, told = {} }: Scene = {}) {
  const table = new FakeTable();
  if (record !== 'none') table.put({ ...itemKeys.tenant(tenantId), ...aTenantRecord(record) });
  const bus = new FakeClient({ PutEventsCommand: {} });
  const counted: string[] = [];
  const input = JSON.stringify(aSignupEvent());
  const deps = {
    table,
    bus: { name: 'bus', client: bus },
    sfn: sfn ?? fakeExecution({ input, ...execution }, history),
    meter: { count: (name: string, value: number) => counted.push(`${name}=${value}`) },
    now: () => new Date(LATER),
  };
  const detail = { executionArn, status: 'FAILED', input, ...told };
  return {
    table,
    counted,
    run: () => watchdog.run(deps, { detail }),
    record: () => table.get(itemKeys.tenant(tenantId)),
    published: () =>
      bus
        .inputs('PutEventsCommand')
        .map(({ Entries }) => JSON.parse((Entries as [{ Detail: string }])[0].Detail) as Record<string, unknown>),
  };
}

const stopped = { status: 'ABORTED' };
const first = { step: 'ProvisionStacks', error: 'StackFailed', reason: 'AWS::RDS::DBInstance Database: no capacity' };
const rollingBack: Partial<TenantRecord> = {
  status: 'ROLLING_BACK',
  failure: { ...failureReport({ executionArn, failure: first, outcome: 'rolling-back' }), at: NOW },
};
const undoFailed = {
  error: 'StackDeletionFailed',
  cause: '{"errorMessage":"AWS::S3::Bucket Bucket: not empty"}',
};

describe('Watchdog', () => {
  it('records where a run was stopped, and publishes it', async () => {
    const { run, record, published, counted } = aScene({
      execution: stopped,
      history: [...PROVISIONED.slice(0, 4), 'LaunchNetwork', 'LaunchStorage', 'LaunchDatabase!'],
    });
    await expect(run()).resolves.toEqual({ notice: 'unfinished' });
    const reason = 'the execution was stopped without an error name';
    expect(record()?.failure).toEqual({
      step: 'LaunchDatabase',
      error: 'RunAborted',
      reason,
      outcome: 'unfinished',
      undone: [],
      remaining: [
        'DeregisterTenant',
        'DeleteAccess',
        'DeleteDatabase',
        'DeleteNetwork',
        'DeleteStorage',
        'RetireTenantKey',
        'ReleaseReservation',
      ],
      links: { execution: expect.stringMatching(/^https:\/\/eu-central-1\.console\.aws\..*execution:.*:first$/) },
      at: LATER,
    });
    expect(published()).toEqual([
      expect.objectContaining({
        signupId: 'sub_acme',
        tenantId,
        failedStep: 'LaunchDatabase',
        error: 'RunAborted',
        reason,
        executionArn,
        redrivable: true,
        outcome: 'unfinished',
      }),
    ]);
    expect(counted).toEqual(['UnfinishedRuns=1']);
  });

  it('names the attempt, so that consumers can put the events in order', async () => {
    const { run, published } = aScene({ execution: { ...stopped, redriveCount: 3 } });
    await run();
    expect(published()[0]).toMatchObject({ attempt: 4, occurredAt: LATER });
  });

  it('keeps the tenant’s status, by which a redriven run recognizes its tenant', async () => {
    const { run, record } = aScene({ execution: stopped, history: ['BeginAttempt', 'CreateTenantKey!'] });
    await run();
    expect(record()).toMatchObject({ status: 'ONBOARDING', updatedAt: LATER });
  });

  it('takes error and cause from the person who stopped the run', async () => {
    const { run, record } = aScene({
      execution: { ...stopped, error: 'Maintenance', cause: 'moving to another cell' },
    });
    await run();
    expect(record()?.failure).toMatchObject({ error: 'Maintenance', reason: 'moving to another cell' });
  });

  it('finds the open state of a branch, whatever was entered and exited since', async () => {
    const { run, record } = aScene({
      execution: { status: 'TIMED_OUT' },
      history: ['BeginAttempt', 'LaunchDatabase!', 'LaunchStorage'],
    });
    await run();
    expect(record()?.failure).toMatchObject({ step: 'LaunchDatabase', error: 'StepTimedOut' });
  });

  it('describes a failed undo by the reason of the rollback, where it stopped, and what is undone', async () => {
    const { run, record, published } = aScene({
      record: rollingBack,
      execution: undoFailed,
      history: [...PROVISIONED, 'DeregisterTenant', 'DeleteAccess', 'DeleteStorage!', 'DeleteDatabase'],
    });
    await expect(run()).resolves.toEqual({ notice: 'unfinished' });
    const told = {
      outcome: 'unfinished',
      undone: ['DeregisterTenant', 'DeleteAccess', 'DeleteDatabase'],
      remaining: ['DeleteNetwork', 'DeleteStorage', 'RetireTenantKey', 'ReleaseReservation'],
      stoppedAt: { step: 'DeleteStorage', error: 'StackDeletionFailed', reason: 'AWS::S3::Bucket Bucket: not empty' },
    };
    expect(record()).toMatchObject({ status: 'ROLLING_BACK', failure: { ...first, ...told } });
    expect(published()[0]).toMatchObject({ failedStep: first.step, error: first.error, reason: first.reason, ...told });
  });

  it('lists the undos of the last attempt only', async () => {
    const { run, record } = aScene({
      record: rollingBack,
      execution: undoFailed,
      history: ['BeginAttempt', 'DeregisterTenant', 'RetireTenantKey', 'BeginAttempt', 'DeregisterTenant!'],
    });
    await run();
    expect(record()?.failure).toMatchObject({ undone: [], stoppedAt: { step: 'DeregisterTenant' } });
  });

  it('ignores a run that has concluded its failure itself', async () => {
    const { run, record, published, counted } = aScene({
      record: { status: 'FAILED' },
      history: [...PROVISIONED, 'PublishFailure', 'ConcludeFailure!'],
    });
    const before = structuredClone(record());
    await expect(run()).resolves.toEqual({ notice: 'ignored' });
    expect(record()).toEqual(before);
    expect([published(), counted]).toEqual([[], []]);
  });

  it.each(['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'])(
    'ignores an event of a run that is %s by now',
    async (status) => {
      const { run, record } = aScene({ execution: { status } });
      await expect(run()).resolves.toEqual({ notice: 'ignored' });
      expect(record()).not.toHaveProperty('failure');
    },
  );

  it.each(['rolled-back', 'held'] as const)(
    'does not overwrite a failure that is %s, and publishes what the run could not',
    async (outcome) => {
      const failure = { ...failureReport({ executionArn, failure: first, outcome }), at: NOW };
      const { run, record, published } = aScene({
        record: { status: outcome === 'held' ? 'HELD' : 'FAILED', failure },
        execution: { error: 'AccessDenied', cause: 'no PutEvents' },
        history: [...PROVISIONED, 'PublishFailure!'],
      });
      await expect(run()).resolves.toEqual({ notice: 'concluded' });
      expect(record()?.failure).toEqual(failure);
      expect(published()[0]).toMatchObject({ failedStep: first.step, error: first.error, outcome });
    },
  );

  it('does not overwrite a refusal', async () => {
    const failure = failureReport({ executionArn, failure: { ...first, error: 'InvalidSignup' }, outcome: 'refused' });
    const refusal = {
      ...{
        refused: true,
        tenantId,
        signupId: 'sub_acme',
        status: 'FAILED',
        executionArn,
        createdAt: NOW,
        updatedAt: NOW,
      },
      failure: { ...failure, at: NOW },
    };
    const { table, run, record, published } = aScene({ record: 'none', history: ['BeginAttempt', 'PublishFailure!'] });
    table.put({ ...itemKeys.tenant(tenantId), ...refusal });
    await expect(run()).resolves.toEqual({ notice: 'concluded' });
    expect(record()).toMatchObject(refusal);
    expect(published()[0]).toMatchObject({ error: 'InvalidSignup', redrivable: false });
  });

  it('does not change a tenant that a newer execution has taken over', async () => {
    const { run, record, published, counted } = aScene({
      record: { executionArn: anExecution('second') },
      execution: stopped,
    });
    await expect(run()).resolves.toEqual({ notice: 'foreign' });
    expect(record()).not.toHaveProperty('failure');
    expect([published(), counted]).toEqual([[], []]);
  });

  it('G6: publishes the conflict of a different signup whose run was stopped before it could', async () => {
    const { run, record, published, counted } = aScene({
      record: { executionArn: anExecution('second'), plan: 'growth', status: 'ACTIVE', activatedAt: NOW },
      execution: stopped,
    });
    const before = structuredClone(record());
    await expect(run()).resolves.toEqual({ notice: 'foreign' });
    expect(record()).toEqual(before);
    expect(published()).toMatchObject([
      { tenantId, fields: ['plan'], status: 'ACTIVE', executionArn, occurredAt: LATER },
    ]);
    expect(counted).toEqual([]);
  });

  it('records that an ACTIVE tenant was not announced, and does not call its onboarding failed', async () => {
    const { run, record, published, counted } = aScene({
      record: { status: 'ACTIVE', activatedAt: NOW },
      execution: { error: 'AccessDenied', cause: 'no PutEvents' },
      history: [...PROVISIONED, 'ActivateTenant', 'PublishCompletion!'],
    });
    await expect(run()).resolves.toEqual({ notice: 'unannounced' });
    expect(record()).toMatchObject({
      status: 'ACTIVE',
      activatedAt: NOW,
      failure: { step: 'PublishCompletion', error: 'AccessDenied', outcome: 'unannounced', remaining: [] },
    });
    expect(published()).toEqual([]);
    expect(counted).toEqual(['UnfinishedRuns=1']);
  });

  it('records no failure of a tenant that an equal event has announced meanwhile', async () => {
    const { run, record } = aScene({
      record: { status: 'ACTIVE', activatedAt: NOW, announcedAt: NOW },
      execution: stopped,
      history: [...PROVISIONED, 'ActivateTenant', 'PublishCompletion!'],
    });
    await expect(run()).resolves.toEqual({ notice: 'unannounced' });
    expect(record()).not.toHaveProperty('failure');
  });

  it('makes a record of a signup whose run ended before anything was reserved', async () => {
    const { run, record, published } = aScene({
      record: 'none',
      execution: stopped,
      history: ['BeginAttempt', 'ReserveTenant!'],
    });
    await run();
    expect(record()).toMatchObject({
      refused: true,
      signupId: 'sub_acme',
      companyName: aSignup().companyName,
      failure: { step: 'ReserveTenant', outcome: 'unfinished', remaining: ['ReleaseReservation'] },
    });
    expect(published()[0]).toMatchObject({ failedStep: 'ReserveTenant', tenantId });
  });

  it('publishes even when the run’s input is no signup', async () => {
    const { run, table, published } = aScene({ execution: { ...stopped, input: '{"hello":1}' } });
    await run();
    expect(published()[0]).toMatchObject({ signupId: '', failedStep: 'BeginAttempt' });
    expect(published()[0]).not.toHaveProperty('tenantId');
    expect(table.items.size).toBe(1);
  });

  it('describes a deleted execution by its last event', async () => {
    const sfn = new FakeClient({ DescribeExecutionCommand: awsError('ExecutionDoesNotExist') });
    const { run, record, published } = aScene({ sfn, told: { redriveCount: 1 } });
    await run();
    expect(published()[0]).toMatchObject({ attempt: 2, occurredAt: LATER });
    expect(record()?.failure).toMatchObject({
      step: 'unknown',
      error: 'UnexpectedFailure',
      reason: 'the execution was deleted',
      outcome: 'unfinished',
    });
  });

  it('fails with a transient error when the tenant’s record changes meanwhile', async () => {
    const { run, table, record, published } = aScene({ execution: stopped });
    table.before = (command) => {
      if (command !== 'UpdateCommand') return;
      table.put({ ...itemKeys.tenant(tenantId), ...aTenantRecord({ executionArn: anExecution('second') }) });
    };
    await expect(run()).rejects.toMatchObject({ name: 'TransientConflict' });
    expect(record()).not.toHaveProperty('failure');
    expect(published()).toEqual([]);
    await expect(run()).resolves.toEqual({ notice: 'foreign' });
  });

  it('changes nothing when the same event comes twice', async () => {
    const { run, record } = aScene({
      record: rollingBack,
      execution: undoFailed,
      history: ['BeginAttempt', 'DeleteAccess!'],
    });
    await run();
    const once = structuredClone(record());
    await run();
    // Each write is marked with its time.
    expect({ ...record(), changeSk: once?.changeSk }).toEqual(once);
  });
});
