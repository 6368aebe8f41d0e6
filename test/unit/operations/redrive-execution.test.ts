import { failureReport } from '../../../functions/contract/failure-report';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { redriveExecution } from '../../../operations/client/redrive-execution';
import { anExecution, aSignup, aSignupEvent, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const executionArn = anExecution();
const { tenantId } = aTenant();
const input = JSON.stringify(aSignupEvent());
const expired = { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: 'Execution redrivable period exceeded' };

function aScene(execution: object | Error, record: Partial<TenantRecord> = {}, redriving: object = {}) {
  const table = new FakeTable({ ...itemKeys.tenant(tenantId), ...aTenantRecord({ status: 'FAILED', ...record }) });
  const sfn = new FakeClient({
    DescribeExecutionCommand:
      execution instanceof Error ? execution : { status: 'FAILED', redriveStatus: 'REDRIVABLE', input, ...execution },
    RedriveExecutionCommand: redriving,
    StartExecutionCommand: { executionArn: anExecution('new') },
  });
  return { sfn, run: () => redriveExecution({ sfn, table, stateMachineArn: 'arn:machine' }, executionArn) };
}

it('redrives what AWS can redrive', async () => {
  const { sfn, run } = aScene({});
  await expect(run()).resolves.toEqual({ how: 'redriven', executionArn });
  expect(sfn.inputs('RedriveExecutionCommand')).toEqual([{ executionArn }]);
  expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
});

it('starts an equal execution where AWS no longer can, and says why', async () => {
  const { sfn, run } = aScene(expired);
  await expect(run()).resolves.toEqual({
    how: 'started',
    executionArn: anExecution('new'),
    because: 'Execution redrivable period exceeded',
  });
  expect(sfn.inputs('StartExecutionCommand')).toEqual([{ stateMachineArn: 'arn:machine', input }]);
});

it('starts an equal execution when the redrive itself is refused', async () => {
  const { run } = aScene({}, {}, awsError('ExecutionNotRedrivable', 'history limit'));
  await expect(run()).resolves.toMatchObject({ how: 'started', because: 'history limit' });
});

it('rebuilds the signup from the record once AWS has deleted the execution', async () => {
  const record = aTenantRecord({ status: 'FAILED' });
  const sfn = new FakeClient({
    DescribeExecutionCommand: awsError('ExecutionDoesNotExist'),
    StartExecutionCommand: { executionArn: anExecution('new') },
  });
  const deps = { sfn, table: new FakeTable(), stateMachineArn: 'arn:machine' };
  await expect(redriveExecution(deps, executionArn, record)).resolves.toMatchObject({
    how: 'started',
    because: 'AWS has deleted the execution',
  });
  const [{ input: sent } = { input: '' }] = sfn.inputs('StartExecutionCommand');
  expect(JSON.parse(String(sent))).toEqual(aSignup());
});

it('does not guess the signup of an execution that nobody knows any more', async () => {
  const sfn = new FakeClient({ DescribeExecutionCommand: awsError('ExecutionDoesNotExist') });
  const deps = { sfn, table: new FakeTable(), stateMachineArn: 'arn:machine' };
  await expect(redriveExecution(deps, executionArn)).resolves.toMatchObject({ how: 'nothing' });
});

const malformed = failureReport({
  executionArn,
  failure: { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan' },
  outcome: 'refused',
});
it.each([
  ['that runs', { status: 'RUNNING', redriveStatus: 'NOT_REDRIVABLE' }, {}, 'running'],
  ['that has succeeded', { status: 'SUCCEEDED', redriveStatus: 'NOT_REDRIVABLE' }, {}, 'succeeded'],
  ['of a malformed signup', { error: 'InvalidSignup' }, {}, 'corrected'],
  ['of a malformed signup, by the record', {}, { failure: { ...malformed, at: NOW } }, 'corrected'],
  ['whose tenant a newer one has', {}, { executionArn: anExecution('newer') }, anExecution('newer')],
  ['whose tenant is ACTIVE, too late', expired, { status: 'ACTIVE', activatedAt: NOW }, 'announcement'],
] as const)('does nothing to an execution %s, and says why', async (_, execution, record, because) => {
  const { sfn, run } = aScene(execution, record);
  await expect(run()).resolves.toEqual({ how: 'nothing', because: expect.stringContaining(because) });
  expect(sfn.sent.map(({ command }) => command)).toEqual(['DescribeExecutionCommand']);
});

it('redrives the announcement of an ACTIVE tenant in time', async () => {
  const { run } = aScene({}, { status: 'ACTIVE', activatedAt: NOW });
  await expect(run()).resolves.toMatchObject({ how: 'redriven' });
});
