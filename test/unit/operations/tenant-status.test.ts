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

it('describes a failure in the same words as record, event and execution', async () => {
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

it('does not suggest a redrive of a malformed signup', async () => {
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

it('shows the state that a run is in', async () => {
  const event = (name: string) => ({ id: 1, timestamp: new Date(NOW), stateEnteredEventDetails: { name } });
  const fake = new FakeClient({
    DescribeExecutionCommand: { executionArn, status: 'RUNNING', redriveCount: 2 },
    GetExecutionHistoryCommand: { events: [event('CreateTenantKey')] },
  });
  const text = statusText(await told(fake, { failure: { ...failure, outcome: 'unfinished', at: NOW } }));
  expect(text).toContain('RUNNING, redriven 2 times, at CreateTenantKey');
  expect(text).not.toContain('StackFailed');
});

it('describes a stopped run that is not on record yet as the watchdog will', async () => {
  const fake = fakeExecution({ status: 'ABORTED', input: '{}' }, [...PROVISIONED.slice(0, 4), 'LaunchNetwork!']);
  const status = await told(fake, {});
  expect(status.failure).toMatchObject({ step: 'LaunchNetwork', error: 'RunAborted', outcome: 'unfinished' });
});

it('gives the reason of a rollback that stopped, and where it stopped', async () => {
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

it('describes the failure on record after AWS has deleted the execution', async () => {
  const fake = new FakeClient({ DescribeExecutionCommand: awsError('ExecutionDoesNotExist') });
  const report = failureReport({ executionArn, failure, outcome: 'held' });
  const status = await told(fake, { status: 'HELD', failure: { ...report, at: NOW } });
  expect(status.failure).toEqual(report);
  expect(status.run).toMatchObject({ redrivable: false, notRedrivableBecause: 'AWS has deleted the execution' });
});

describe('what an operator must know before a redrive', () => {
  const definitions = (then: object, now: object) => ({
    DescribeStateMachineForExecutionCommand: { stateMachineArn: 'arn:machine', definition: JSON.stringify(then) },
    DescribeStateMachineCommand: { definition: JSON.stringify(now, null, 2) },
  });
  const failed = { executionArn, status: 'FAILED', redriveStatus: 'REDRIVABLE' };
  const report = failureReport({ executionArn, failure, outcome: 'rolled-back' });
  const undone = { status: 'FAILED', failure: { ...report, at: NOW } } as const;

  it('F8: the definition has changed since the run began, and how to start it with the present one', async () => {
    const fake = new FakeClient({
      DescribeExecutionCommand: failed,
      ...definitions({ StartAt: 'A' }, { StartAt: 'B' }),
    });
    const text = statusText(await told(fake, undone));
    expect(text).toContain('older definition');
    expect(text).toContain('npm run redrive -- --anew');
    expect(fake.inputs('DescribeStateMachineCommand')).toEqual([{ stateMachineArn: 'arn:machine' }]);
  });

  it('F8: nothing about a definition that is the same or cannot be read', async () => {
    const same = new FakeClient({
      DescribeExecutionCommand: failed,
      ...definitions({ StartAt: 'A' }, { StartAt: 'A' }),
    });
    expect(statusText(await told(same, undone))).not.toContain('definition');
    const denied = new FakeClient({
      DescribeExecutionCommand: failed,
      DescribeStateMachineForExecutionCommand: awsError('AccessDeniedException'),
    });
    expect(statusText(await told(denied, undone))).not.toContain('definition');
  });

  it('the text says why AWS cannot redrive the run', async () => {
    const because = 'Execution redrivable period exceeded';
    const fake = execution({ status: 'FAILED', redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: because });
    expect(statusText(await told(fake, undone))).toContain(`not redrivable: ${because}`);
  });
});

it('the text says why a tenant is suspended, by whom and since when', async () => {
  const suspension = { at: NOW, by: 'arn:aws:iam::1:user/jane', reason: 'the bucket was public' };
  const status = await told(execution({ status: 'SUCCEEDED' }), { status: 'SUSPENDED', suspension });
  expect(status.suspension).toEqual(suspension);
  const text = statusText(status);
  expect(text).toContain('by arn:aws:iam::1:user/jane');
  expect(text).toContain('the bucket was public');
});

test('a tenant in service tells what the last audit found, and a restore under way', async () => {
  const audit = {
    by: 'audit-1',
    at: NOW,
    verdict: 'drifted',
    failed: [],
    critical: [],
    open: [],
    reason: 'it is gone',
  } as const;
  const restoring = { to: NOW, at: NOW };
  const inService = (record: object) => told(execution({ status: 'SUCCEEDED' }), { status: 'ACTIVE', ...record });
  const text = statusText(await inService({ audit, restoring }));
  expect(text).toContain(`audit      drifted at ${NOW}\n             it is gone`);
  expect(text).toContain(`restore    to ${NOW}, under way since ${NOW}`);
  const quiet = statusText(await inService({ audit: { ...audit, verdict: 'isolated' } }));
  expect(quiet).not.toMatch(/audit|restore/);
  const verification = { verifiedAt: '2999-01-01T00:00:00.000Z', checks: 1, digest: 'd' };
  expect(statusText(await inService({ audit, verification }))).not.toContain('it is gone');
  const failed = { ...verification, failed: ['database.status'] };
  expect(statusText(await inService({ audit, verification: failed }))).toContain('it is gone');
});

it('shows no failure of a stopped run whose tenant an equal event has announced', async () => {
  const fake = fakeExecution({ status: 'ABORTED', input: '{}' }, [...PROVISIONED, 'PublishCompletion!']);
  const status = await told(fake, { status: 'ACTIVE', activatedAt: NOW, announcedAt: NOW });
  expect(status.failure).toBeUndefined();
});

it.each([
  ['FAILED', undefined],
  ['HELD', aTenant().url],
] as const)('shows for a %s tenant the URL %s: a rollback gives the name back', async (status, url) => {
  expect((await told(execution({ status: 'SUCCEEDED' }), { status })).url).toBe(url);
});
