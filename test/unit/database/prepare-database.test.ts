import { itemKeys } from '../../../functions/contract/records';
import { prepareDatabase } from '../../../functions/database/prepare-database';
import { aCell, anExecution, NOW, theStacks } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { LOGIN_TOKEN, MASTER, TenantWorld } from '../../support/tenant-world';

async function reserved() {
  const world = new TenantWorld();
  await world.onboard();
  world.deactivate();
  const { tenant } = world;
  if (!tenant) throw new Error('no tenant');
  const key = { keyArn: 'arn:aws:kms:key', aliasName: 'alias/tenants/t' };
  return { world, input: { executionArn: anExecution(), tenant, cell: aCell(), key, stacks: theStacks() } };
}
const answering = (answer: object) => new FakeClient({ InvokeCommand: answer });
const payload = (value: object) => Buffer.from(JSON.stringify(value));

test('calls the function of the tenant’s cell with the master user’s secret, and records the result', async () => {
  const { world, input } = await reserved();
  const prepared = await world.invoke(prepareDatabase, input);
  expect(world.record?.database).toEqual(prepared);
  expect(prepared).toMatchObject({ version: '0001-leads-0123456789ab' });
  const { FunctionName, Payload } = world.cellFunctions.inputs('InvokeCommand').at(-1) ?? {};
  expect(FunctionName).toBe('tenant-onboarding-SetUpDatabase-cell1');
  expect(JSON.parse(String(Payload))).toMatchObject({
    user: MASTER.username,
    password: MASTER.password,
    token: LOGIN_TOKEN,
    applicationUser: `app_${input.tenant.tenantId}`,
  });
});

test('a new tenant gets no migration that removes something, until its cell has contracted to it', async () => {
  const { world, input } = await reserved();
  const files = ['0001-leads', '0002-drop-phone.contract', '0003-score'].map((name) => ({
    name: `${name}-0123456789ab`,
    text: '',
  }));
  const asked = async () => {
    await prepareDatabase.run({ ...world.deps, files }, input);
    return JSON.parse(String(world.cellFunctions.inputs('InvokeCommand').at(-1)?.Payload));
  };
  expect(await asked()).toMatchObject({ to: '0001-leads-0123456789ab', living: false });
  const claim = { cell: input.cell.name, executionArn: 'arn', phase: 'contract', target: 'x', startedAt: NOW };
  const contracted = '0002-drop-phone.contract-0123456789ab';
  world.table.put({ ...itemKeys.migration(input.cell.name), ...claim, contracted });
  expect(await asked()).toMatchObject({ to: '0003-score-0123456789ab' });
});

test('an error of the cell’s function keeps its name; a killed function is a transient error', async () => {
  const { world, input } = await reserved();
  const thrown = { errorType: 'MigrationFailed', errorMessage: 'migration 0001-leads: syntax error (42601)' };
  const killed = { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' };
  for (const [answer, name] of [
    [thrown, 'MigrationFailed'],
    [killed, 'TransientServiceFault'],
  ] as const) {
    const lambda = answering({ FunctionError: 'Unhandled', Payload: payload(answer) });
    await expect(prepareDatabase.run({ ...world.deps, lambda }, input)).rejects.toMatchObject({ name });
  }
});

test('a session of the tenant’s role that is denied is a transient error: the role may be too new', async () => {
  const { world, input } = await reserved();
  const denied = () => new FakeClient({ GetSecretValueCommand: awsError('AccessDeniedException') });
  await expect(prepareDatabase.run({ ...world.deps, secretsAs: denied }, input)).rejects.toMatchObject({
    name: 'TransientNotYetVisible',
  });
});

test('does nothing for a tenant that a newer execution owns', async () => {
  const { world, input } = await reserved();
  const calls = world.cellFunctions.sent.length;
  await expect(world.invoke(prepareDatabase, { ...input, executionArn: anExecution('newer') })).rejects.toMatchObject({
    name: 'ClaimLost',
  });
  expect(world.cellFunctions.sent).toHaveLength(calls);
});
