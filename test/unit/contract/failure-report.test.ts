import { TenantOnboardingFailedSchema } from '../../../functions/contract/events';
import { failureReport, failureText } from '../../../functions/contract/failure-report';
import { itemKeys, TenantRecordSchema } from '../../../functions/contract/records';
import { workflowOf } from '../../../functions/contract/workflows';
import { concludeFailure } from '../../../functions/outcome/conclude-failure';
import { publishFailure } from '../../../functions/outcome/publish-failure';
import { anExecution, aSignupEvent, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const executionArn = anExecution();
const undos = Object.keys(workflowOf(executionArn).undos);
const tenant = aTenant();
const failure = { step: 'ProvisionStacks', error: 'StackFailed', reason: 'AWS::RDS::DBInstance Database: no capacity' };

test('lists the undos in the order of the rollback', () => {
  expect(undos).toEqual([
    'DeregisterTenant',
    'DeleteAccess',
    'DeleteDatabase',
    'DeleteNetwork',
    'DeleteStorage',
    'RetireTenantKey',
    'ReleaseReservation',
  ]);
});

test.each([
  ['rolled-back', undos, []],
  ['held', [], undos],
  ['rolling-back', [], undos],
  ['unfinished', [], undos],
  ['claim-lost', [], []],
  ['refused', [], []],
  ['unannounced', [], []],
] as const)('%s: lists what is undone and what is not', (outcome, undone, remaining) => {
  expect(failureReport({ executionArn, failure, outcome })).toMatchObject({ undone, remaining });
});

test('after a failed ReserveTenant lists only ReleaseReservation', () => {
  const report = failureReport({
    executionArn,
    failure: { ...failure, step: 'ReserveTenant' },
    outcome: 'rolled-back',
  });
  expect(report).toMatchObject({ undone: ['ReleaseReservation'], remaining: [] });
});

/** One failed run, told four times. */
async function tellings(outcome: 'rolled-back' | 'held') {
  const table = new FakeTable({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord({ status: 'ROLLING_BACK' }) });
  const bus = new FakeClient({ PutEventsCommand: {} });
  const { report } = await publishFailure.run(
    { table, bus: { name: 'bus', client: bus }, now: () => new Date(NOW) },
    { executionArn, redriveCount: 0, input: aSignupEvent(), tenant, failure, outcome },
  );
  const [{ Entries } = { Entries: [] }] = bus.inputs('PutEventsCommand');
  const ended: Error = await concludeFailure
    .run({}, { executionArn, report, concludedAtRedrive: 0, redriveCount: 0 })
    .then(
      () => {
        throw new Error('the run did not end');
      },
      (thrown) => thrown,
    );
  const record = TenantRecordSchema.parse(table.get(itemKeys.tenant(tenant.tenantId)));
  const event = TenantOnboardingFailedSchema.parse(JSON.parse((Entries as { Detail: string }[])[0]?.Detail ?? ''));
  return { record, event, ended };
}

test.each(['rolled-back', 'held'] as const)(
  'record, event and execution describe a run that is %s in the same words',
  async (outcome) => {
    const { record, event, ended } = await tellings(outcome);
    const { at, ...told } = record.failure ?? { at: '' };
    expect(at).toBe(NOW);
    expect(told).toEqual(failureReport({ executionArn, failure, outcome }));
    const { failedStep: step, error, reason, outcome: published, undone, remaining, links } = event;
    expect({ step, error, reason, outcome: published, undone, remaining, links }).toEqual(told);
    expect(ended.name).toBe(failure.error);
    expect(ended.message).toBe(failureText(failureReport({ executionArn, failure, outcome })));
  },
);

test('the text begins with step and reason, then lists what is undone and what is not, where it stopped and where to look', () => {
  const stoppedAt = { step: 'DeleteAccess', error: 'StackDeletionFailed', reason: 'AWS::IAM::Role Role: in use' };
  const report = failureReport({
    executionArn,
    failure,
    outcome: 'unfinished',
    undone: ['DeregisterTenant'],
    stoppedAt,
  });
  expect(failureText(report).split('\n')).toEqual([
    'ProvisionStacks: AWS::RDS::DBInstance Database: no capacity',
    'The run ended outside its failure path: its resources may still exist, and a redrive resumes it.',
    'Undone: DeregisterTenant.',
    'Not undone: DeleteAccess, DeleteDatabase, DeleteNetwork, DeleteStorage, RetireTenantKey, ReleaseReservation.',
    'Stopped at DeleteAccess: StackDeletionFailed: AWS::IAM::Role Role: in use',
    report.links.execution,
  ]);
});
