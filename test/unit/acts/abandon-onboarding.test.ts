import { abandonOnboarding } from '../../../functions/acts/abandon-onboarding';
import { failureReport } from '../../../functions/contract/failure-report';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { anExecution, aSignup, aTenantRecord, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const executionArn = anExecution();
const failure = failureReport({
  executionArn,
  failure: { step: 'ProvisionStacks', error: 'StackFailed', reason: 'no capacity' },
  outcome: 'held',
});
const held = aTenantRecord({ status: 'HELD', failure: { ...failure, at: NOW } });
const said = { by: 'arn:aws:iam::111122223333:user/jane', reason: 'the customer has left' };
const stateMachineArn = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantOnboarding';

/**
 * @param earlier what AWS has of an execution that was started for an abandonment
 * @param now the tenant's record when it is read again
 */
function aScene(
  run: object = { status: 'FAILED' },
  earlier: (arn: string) => object | undefined = () => undefined,
  now: TenantRecord = held,
) {
  const table = new FakeTable({ ...itemKeys.tenant(now.tenantId), ...now });
  const sfn = new FakeClient({
    DescribeExecutionCommand: ({ executionArn: asked }: { executionArn: string }) =>
      asked === executionArn ? run : (earlier(asked) ?? awsError('ExecutionDoesNotExist')),
    StartExecutionCommand: { executionArn: anExecution('abandonment') },
  });
  const started = () => sfn.inputs('StartExecutionCommand');
  return {
    started,
    abandon: (record = held, saying = said) => abandonOnboarding({ table, sfn, stateMachineArn }, record, saying),
  };
}

it.each([
  ['that is HELD', held],
  ['whose run was stopped', aTenantRecord({ status: 'ONBOARDING' })],
  ['whose rollback has stopped', aTenantRecord({ status: 'ROLLING_BACK' })],
])('G8: starts the rollback of a tenant %s, and records who asked for it and why', async (_, record) => {
  const { abandon, started } = aScene();
  await expect(abandon(record)).resolves.toEqual({ how: 'started', executionArn: anExecution('abandonment') });
  const [{ input, name } = {}] = started();
  expect(name).toMatch(/^abandon-[0-9a-f]{32}$/);
  expect(JSON.parse(String(input))).toEqual({
    ...aSignup(),
    abandonment: { by: said.by, reason: expect.stringContaining(said.reason) },
    request: expect.any(String),
  });
});

it('G8: keeps the reason why the onboarding had failed on record', async () => {
  const { abandon, started } = aScene();
  await abandon();
  expect(JSON.parse(String(started()[0]?.input)).abandonment.reason).toBe(
    'the customer has left (ProvisionStacks had failed: StackFailed)',
  );
});

it.each([
  ['has been ACTIVE', aTenantRecord({ status: 'SUSPENDED', activatedAt: NOW }), 'only offboarding'],
  ['is in service, with a damaged record', aTenantRecord({ status: 'ACTIVE' }), 'only offboarding'],
  ['is undone already', aTenantRecord({ status: 'FAILED' }), 'undone already'],
  ['has no whole signup on record', aTenantRecord({ status: 'HELD', companyName: '' }), 'companyName'],
])('G8: starts no rollback of a tenant that %s', async (_, record, because) => {
  const { abandon, started } = aScene();
  await expect(abandon(record)).resolves.toEqual({ how: 'nothing', because: expect.stringContaining(because) });
  expect(started()).toEqual([]);
});

it('G8: starts no rollback while an execution of the tenant is running', async () => {
  const { abandon, started } = aScene({ status: 'RUNNING' });
  await expect(abandon()).resolves.toEqual({ how: 'nothing', because: expect.stringContaining(executionArn) });
  expect(started()).toEqual([]);
});

it('G8: when two operators abandon a tenant at once, only the first starts a rollback', async () => {
  const { abandon, started } = aScene({ status: 'FAILED' }, () => ({ status: 'RUNNING' }));
  await expect(abandon()).resolves.toEqual({ how: 'nothing', because: expect.stringContaining('already abandoning') });
  expect(started()).toEqual([]);
});

it('G8: starts another rollback when the first ended before it took the tenant over', async () => {
  const first = aScene();
  await first.abandon();
  const taken = first.started()[0]?.name;
  const second = aScene({ status: 'FAILED' }, (arn) => (arn.endsWith(`:${taken}`) ? { status: 'FAILED' } : undefined));
  await expect(second.abandon()).resolves.toMatchObject({ how: 'started' });
  expect(second.started()[0]?.name).not.toBe(taken);
});

it('G8: starts no second rollback for an operator who has read the record before the first one undid everything', async () => {
  const first = aScene();
  await first.abandon();
  const taken = first.started()[0]?.name;
  const undone = { status: 'FAILED', error: 'OnboardingAbandoned' };
  const earlier = (arn: string) => (arn.endsWith(`:${taken}`) ? undone : undefined);
  const second = aScene({ status: 'FAILED' }, earlier, aTenantRecord({ status: 'FAILED' }));
  await expect(second.abandon()).resolves.toEqual({
    how: 'nothing',
    because: expect.stringContaining('undone already'),
  });
  expect(second.started()).toEqual([]);
  // Somebody has redriven the execution since, by AWS's console, and it is held again.
  const third = aScene({ status: 'FAILED' }, earlier, held);
  await expect(third.abandon()).resolves.toMatchObject({ how: 'started' });
});

it('G8: refuses a blank reason', async () => {
  const { abandon, started } = aScene();
  await expect(abandon(held, { ...said, reason: ' ' })).rejects.toMatchObject({ name: 'InvalidRequest' });
  expect(started()).toEqual([]);
});
