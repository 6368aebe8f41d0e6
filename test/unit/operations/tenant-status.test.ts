import { SFNClient } from '@aws-sdk/client-sfn';
import { failureReport, failureText } from '../../../functions/contract/failure-report';
import type { TenantRecord } from '../../../functions/contract/records';
import { statusOf } from '../../../operations/client/tenant-status';
import { statusText } from '../../../operations/status-text';
import { anExecution, aTenant, aTenantRecord, NOW, REGION } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { fakeExecution, PROVISIONED } from '../../support/run-history';

const executionArn = anExecution();
const failure = { step: 'ProvisionStacks', error: 'StackFailed', reason: 'AWS::RDS::DBInstance Database: no capacity' };

const told = (fake: FakeClient, record: Partial<TenantRecord>) =>
  statusOf(Object.assign(new SFNClient({ region: REGION }), { send: fake.send }), aTenantRecord(record));

const execution = (described: object) => new FakeClient({ DescribeExecutionCommand: { executionArn, ...described } });

it('tells a failure with the very words of the record, the event and the execution', async () => {
  const report = failureReport({ executionArn, failure, outcome: 'rolled-back' });
  const status = await told(execution({ status: 'FAILED', redriveStatus: 'REDRIVABLE' }), {
    status: 'FAILED',
    failure: { ...report, at: NOW },
  });
  expect(status.failure).toEqual(report);
  const text = statusText(status);
  for (const line of failureText(report).split('\n')) expect(text).toContain(line);
  expect(text).toContain('StackFailed');
  expect(text).toContain('FAILED, redrivable');
  expect(text).toContain(`stacks?filteringText=tenant-${aTenant().tenantId}`);
});

it('does not offer to redrive a malformed signup', async () => {
  const report = failureReport({ executionArn, failure: { ...failure, error: 'InvalidSignup' }, outcome: 'refused' });
  const status = await told(execution({ status: 'FAILED', redriveStatus: 'REDRIVABLE' }), {
    status: 'FAILED',
    failure: { ...report, at: NOW },
  });
  expect(status.run).toMatchObject({
    redrivable: false,
    notRedrivableBecause: 'the signup is malformed, and a redrive reads the same signup',
  });
});

it('tells where a run is', async () => {
  const event = (name: string) => ({ id: 1, timestamp: new Date(NOW), stateEnteredEventDetails: { name } });
  const fake = new FakeClient({
    DescribeExecutionCommand: { executionArn, status: 'RUNNING', redriveCount: 2 },
    GetExecutionHistoryCommand: { events: [event('CreateTenantKey')] },
  });
  const text = statusText(await told(fake, { failure: { ...failure, outcome: 'unfinished', at: NOW } }));
  expect(text).toContain('RUNNING, redriven 2 times, at CreateTenantKey');
  expect(text).not.toContain('StackFailed');
});

it('tells the end of a run that nobody has recorded yet, as the watchdog will', async () => {
  const fake = fakeExecution({ status: 'ABORTED', input: '{}' }, [...PROVISIONED.slice(0, 4), 'LaunchNetwork!']);
  const status = await told(fake, {});
  expect(status.failure).toMatchObject({ step: 'LaunchNetwork', error: 'RunAborted', outcome: 'unfinished' });
});

it('tells of a rollback that stopped what it is the rollback of', async () => {
  const fake = fakeExecution({ error: 'AccessDenied', cause: 'no grant', input: '{}' }, [
    ...PROVISIONED,
    'DeregisterTenant',
    'DeleteAccess!',
  ]);
  const report = failureReport({ executionArn, failure, outcome: 'rolling-back' });
  const status = await told(fake, { status: 'ROLLING_BACK', failure: { ...report, at: NOW } });
  expect(status.failure).toMatchObject({
    ...failure,
    outcome: 'unfinished',
    undone: ['DeregisterTenant'],
    stoppedAt: { step: 'DeleteAccess', error: 'AccessDenied', reason: 'no grant' },
  });
});

it('still tells what the record says once AWS has deleted the execution', async () => {
  const fake = new FakeClient({ DescribeExecutionCommand: awsError('ExecutionDoesNotExist') });
  const report = failureReport({ executionArn, failure, outcome: 'held' });
  const status = await told(fake, { status: 'HELD', failure: { ...report, at: NOW } });
  expect(status.failure).toEqual(report);
  expect(status.run).toMatchObject({ redrivable: false, notRedrivableBecause: 'AWS has deleted the execution' });
});
