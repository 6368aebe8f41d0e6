import { listActs } from '../../../functions/acts/act-log';
import { type PerformActDeps, performAct } from '../../../functions/acts/perform-act';
import type { Act } from '../../../functions/contract/act';
import { PlatformError } from '../../../functions/contract/errors';
import { itemKeys } from '../../../functions/contract/records';
import { anExecution, aSignup, aTenant, aTenantRecord, DOMAIN, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const JANE = 'arn:aws:sts::111122223333:assumed-role/Operations/jane';
const { tenantId } = aTenant();
const MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantOnboarding';
const RELEASES = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantRelease';
const MIGRATIONS = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantMigration';
const ID = '3f6f2f2e-8f43-4b0e-9f0c-0d7c3f6f2f2e';

const answering = (answer: object, failed?: string) => ({
  ...(failed && { FunctionError: failed }),
  Payload: { transformToString: () => JSON.stringify(answer) },
});

function aScene({ called = answering({}), run = {} }: { called?: object; run?: object } = {}) {
  const table = new FakeTable({ ...itemKeys.tenant(tenantId), ...aTenantRecord({ status: 'ACTIVE' }) });
  const acts = new FakeTable();
  const lambda = new FakeClient({ InvokeCommand: called });
  const sfn = new FakeClient({
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) =>
      /:(?:release|migrate)-/.test(executionArn)
        ? awsError('ExecutionDoesNotExist')
        : { status: 'FAILED', redriveStatus: 'REDRIVABLE', input: '{}', ...run },
    RedriveExecutionCommand: {},
    StartExecutionCommand: { executionArn: anExecution('new') },
  });
  const deps: PerformActDeps = {
    table,
    acts,
    lambda,
    sfn,
    sqs: new FakeClient({ ReceiveMessageCommand: {} }),
    identify: async () => JANE,
    now: () => new Date(NOW),
    stage: {
      stateMachineArn: MACHINE,
      domain: DOMAIN,
      undeliveredSignupsUrl: 'http://queue',
      auditTenantFunction: 'AuditTenant',
      suspendTenantFunction: 'SuspendTenant',
      resumeTenantFunction: 'ResumeTenant',
      retryMoveFunction: 'RetryMove',
      restoreDatabaseFunction: 'RestoreDatabase',
      releaseMachineArn: RELEASES,
      migrationMachineArn: MIGRATIONS,
      planMigrationFunction: 'PlanMigration',
    },
  };
  const ask = (act: Act | object, more: object = {}, changed: Partial<PerformActDeps> = {}) =>
    performAct.run(
      { ...deps, ...changed },
      { request: JSON.stringify({ id: ID, at: NOW, act, ...more }), identity: {} },
    );
  const recorded = async (scope: Parameters<typeof listActs>[1]) => (await listActs(acts, scope)).entries;
  return { ask, table, acts, lambda, sfn, recorded };
}

const suspend = { kind: 'suspend', tenant: tenantId, reason: 'unpaid' } as const;
const suspended = { tenantId, host: 'acme.funnels.example', suspendedAt: NOW };

it('does what the caller asks for, and records who, when, what, why and the result', async () => {
  const { ask, lambda, recorded } = aScene({ called: answering(suspended) });
  await expect(ask(suspend)).resolves.toMatchObject({ outcome: 'done', by: JANE, tenantId, answer: suspended });
  const [{ FunctionName, Payload } = {}] = lambda.inputs('InvokeCommand');
  expect([FunctionName, JSON.parse(String(Payload))]).toEqual([
    'SuspendTenant',
    { tenant: tenantId, by: JANE, reason: 'unpaid' },
  ]);
  const entry = {
    ...{ id: ID, at: NOW, by: JANE, kind: 'suspend', tenantId, target: tenantId, reason: 'unpaid', endedAt: NOW },
    result: { outcome: 'done', details: { suspendedAt: NOW } },
  };
  expect(await recorded({ tenantId })).toEqual([entry]);
  expect(await recorded({ day: NOW.slice(0, 10) })).toEqual([entry]);
  expect(await recorded({ stage: true })).toEqual([]);
});

it('tells consoles when the act is asked for, and when it has ended', async () => {
  const { ask, table, acts } = aScene({ called: answering(suspended) });
  const told: number[] = [];
  table.after = (command) => {
    if (command === 'PutCommand') told.push(acts.items.size);
  };
  await ask(suspend);
  expect(told).toEqual([1, 2]);
  expect(table.get(itemKeys.news('acts'))).toMatchObject({ changePk: 'CHANGE' });
});

it('records a refusal under the error of the function that refused', async () => {
  const thrown = { errorType: 'IsolationBreach', errorMessage: 'stays suspended' };
  const { ask, recorded } = aScene({ called: answering(thrown, 'Unhandled') });
  const refused = { outcome: 'refused', error: 'IsolationBreach', message: 'stays suspended' };
  await expect(ask({ kind: 'resume', tenant: tenantId })).resolves.toMatchObject(refused);
  expect(await recorded({ tenantId })).toMatchObject([{ kind: 'resume', by: JANE, result: refused }]);
});

it('records a fault as a fault, and not as a refusal', async () => {
  const { ask, recorded } = aScene({ called: awsError('TooManyRequestsException', 'slow down') });
  await expect(ask({ kind: 'verify', tenant: tenantId })).resolves.toMatchObject({ outcome: 'failed' });
  const [entry] = await recorded({ tenantId });
  expect(entry?.result).toMatchObject({ outcome: 'failed', message: expect.stringContaining('slow down') });
});

it.each([
  ['a name', 'nonsense'],
  ['an execution of another machine', 'arn:aws:states:eu-central-1:111122223333:execution:Other:run'],
  ['an execution of another account', 'arn:aws:states:eu-central-1:999999999999:execution:TenantOnboarding:run'],
  ['a machine', MACHINE],
])('refuses to redrive %s, and asks AWS nothing', async (_what, executionArn) => {
  const { ask, sfn } = aScene();
  await expect(ask({ kind: 'redrive', target: { executionArn } })).resolves.toMatchObject({
    outcome: 'refused',
    error: 'InvalidRequest',
    message: expect.stringContaining('expected the ARN of an execution of this stage'),
  });
  expect(sfn.sent).toEqual([]);
});

it('does not call a tenant unknown whose record is damaged', async () => {
  const { ask, table, sfn } = aScene();
  table.put({ ...table.get(itemKeys.tenant(tenantId)), url: 7 } as never);
  await expect(ask({ kind: 'redrive', target: { tenant: tenantId } })).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining(`record of tenant ${tenantId}: url`),
  });
  expect(sfn.sent).toEqual([]);
});

it('records an act on a name that no tenant has, and does nothing', async () => {
  const { ask, lambda, recorded } = aScene();
  await expect(ask({ ...suspend, tenant: 'nobody' })).resolves.toMatchObject({ outcome: 'not-found' });
  expect(lambda.sent).toEqual([]);
  expect(await recorded({ stage: true })).toMatchObject([{ target: 'nobody', result: { outcome: 'not-found' } }]);
});

it('says why there was nothing to do', async () => {
  const { ask, recorded } = aScene({ run: { status: 'RUNNING' } });
  await expect(ask({ kind: 'redrive', target: { tenant: tenantId } })).resolves.toMatchObject({
    outcome: 'nothing',
    answer: { how: 'nothing', because: 'the execution is running' },
  });
  expect(await recorded({ tenantId })).toMatchObject([{ result: { message: 'the execution is running' } }]);
});

it('starts a signup once, under a name derived from the act, and finds the act by its tenant', async () => {
  const { ask, sfn, recorded } = aScene();
  await ask({ kind: 'signup', signup: aSignup() });
  expect(sfn.inputs('StartExecutionCommand')).toEqual([
    { stateMachineArn: MACHINE, name: `signup-${ID}`, input: JSON.stringify(aSignup()) },
  ]);
  expect(await recorded({ tenantId })).toMatchObject([{ kind: 'signup', result: { outcome: 'done' } }]);
});

it('does nothing for a caller whom STS does not name, and nothing before the act is recorded', async () => {
  const { ask, lambda, acts } = aScene();
  const unknown = async () => Promise.reject(new PlatformError('AccessDenied', 'no'));
  await expect(ask(suspend, {}, { identify: unknown })).rejects.toMatchObject({ name: 'AccessDenied' });
  acts.before = () => {
    throw awsError('ProvisionedThroughputExceededException');
  };
  await expect(ask(suspend)).rejects.toThrow();
  expect(lambda.sent).toEqual([]);
  expect(acts.items.size).toBe(0);
});

it('accepts a signed request once, and only for five minutes', async () => {
  const { ask, lambda } = aScene({ called: answering(suspended) });
  await ask(suspend);
  await expect(ask(suspend)).rejects.toThrow('asked for before');
  const at = new Date(Date.parse(NOW) - 6 * 60_000).toISOString();
  await expect(ask(suspend, { at, id: ID.replace('3', '4') })).rejects.toThrow('five minutes');
  expect(lambda.sent).toHaveLength(1);
});

it.each([
  ['no kind', {}],
  ['an unknown kind', { kind: 'destroy', tenant: tenantId }],
  ['no reason', { kind: 'suspend', tenant: tenantId }],
  ['an invisible reason', { ...suspend, reason: ' \u200b' }],
])('refuses an act with %s, and records nothing', async (_, act) => {
  const { ask, acts } = aScene();
  await expect(ask(act)).rejects.toMatchObject({ name: 'InvalidRequest' });
  expect(acts.items.size).toBe(0);
});

it('lists the acts page by page, the newest first, each act once', async () => {
  const { ask, acts } = aScene({ called: answering(suspended) });
  const hour = NOW.slice(0, 17);
  const ids = ['10', '11', '12', '13', '14'].map((second) => ({
    at: `${hour}${second}.000Z`,
    id: ID.replace('3f', second),
  }));
  for (const each of ids) await ask(suspend, each);
  const seen: string[] = [];
  let before: string | undefined;
  do {
    const page = await listActs(acts, { tenantId }, { before, limit: 3 });
    for (const { id, result } of page.entries) if (result) seen.push(id);
    before = page.next;
  } while (before);
  expect(seen).toEqual(ids.map(({ id }) => id).reverse());
});

it('lists an act whose function was killed, without a result', async () => {
  const { ask, acts, recorded } = aScene({ called: answering(suspended) });
  acts.after = () => {
    throw awsError('Killed');
  };
  await expect(ask(suspend)).rejects.toThrow('Killed');
  acts.after = () => {};
  const [entry] = await recorded({ tenantId });
  expect(entry).toMatchObject({ kind: 'suspend', by: JANE });
  expect(entry).not.toHaveProperty('result');
});

it('starts a release in the caller’s name, and records the cell and the image', async () => {
  const { ask, sfn, recorded } = aScene();
  const digest = `sha256:${'a'.repeat(64)}`;
  const act = { kind: 'release', cell: 'cell1', digest, slower: true, reason: 'a new page' };
  await expect(ask(act)).resolves.toMatchObject({ outcome: 'done', answer: { executionArn: anExecution('new') } });
  expect(sfn.inputs('StartExecutionCommand')).toMatchObject([
    { stateMachineArn: RELEASES, input: expect.stringContaining('"slower":true') },
  ]);
  expect(await recorded({ stage: true })).toMatchObject([
    {
      by: JANE,
      kind: 'release',
      target: 'cell1',
      reason: 'a new page',
      result: { outcome: 'done', details: { digest, slower: true } },
    },
  ]);
});

it('records the refusal of a release with a malformed digest, and starts nothing', async () => {
  const { ask, sfn, recorded } = aScene();
  await expect(ask({ kind: 'release', cell: 'cell1', digest: 'latest' })).resolves.toMatchObject({
    outcome: 'refused',
    error: 'InvalidRequest',
  });
  expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
  expect(await recorded({ stage: true })).toMatchObject([{ kind: 'release', result: { outcome: 'refused' } }]);
});

it('records an order to a cell without a release as nothing to do', async () => {
  const { ask, recorded } = aScene();
  await expect(ask({ kind: 'steer-release', cell: 'cell1', intent: 'hold' })).resolves.toMatchObject({
    outcome: 'nothing',
    answer: { how: 'nothing', because: 'no release is under way in cell cell1' },
  });
  expect(await recorded({ stage: true })).toMatchObject([{ kind: 'steer-release', target: 'cell1' }]);
});

it('moves a tenant again in the caller’s name, and records from where to where', async () => {
  const moved = { tenantId, host: 'acme.funnels.example', before: 'blue', colour: 'green' };
  const { ask, lambda, recorded } = aScene({ called: answering(moved) });
  await expect(ask({ kind: 'retry-move', tenant: tenantId })).resolves.toMatchObject({
    outcome: 'done',
    answer: moved,
  });
  expect(lambda.inputs('InvokeCommand')).toMatchObject([{ FunctionName: 'RetryMove' }]);
  expect(await recorded({ tenantId })).toMatchObject([
    { by: JANE, kind: 'retry-move', result: { details: { before: 'blue', colour: 'green' } } },
  ]);
});
