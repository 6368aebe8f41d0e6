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

test('an error of the cell’s function keeps its name; a killed function is a transient error, a broken one is not', async () => {
  const { world, input } = await reserved();
  const thrown = { errorType: 'MigrationFailed', errorMessage: 'migration 0001-leads: syntax error (42601)' };
  const killed = { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' };
  const broken = { errorType: 'Runtime.ImportModuleError', errorMessage: 'Error: Cannot find module' };
  for (const [answer, name] of [
    [thrown, 'MigrationFailed'],
    [killed, 'TransientServiceFault'],
    [{ errorMessage: 'Task timed out after 60.00 seconds' }, 'TransientServiceFault'],
    [broken, 'UnexpectedFailure'],
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

test('begins the rotation of the password that it has had, once for each run, by the platform’s function', async () => {
  const { world, input } = await reserved();
  const sent = world.rotations.sent.length;
  for (let attempt = 0; attempt < 2; attempt++) await world.invoke(prepareDatabase, input);
  const [first, second, ...more] = world.rotations.inputs('RotateSecretCommand').slice(sent);
  expect(more).toEqual([]);
  expect(second).toEqual(first);
  expect(first).toMatchObject({
    SecretId: input.stacks.database.outputs.SecretArn,
    ClientRequestToken: expect.stringMatching(/^[0-9a-f]{64}$/),
    RotationLambdaARN: world.deps.rotationFunction,
    RotationRules: { AutomaticallyAfterDays: 30 },
    RotateImmediately: true,
  });
});

test('a rotation that is under way already is left to go on; another refusal fails the run', async () => {
  const { world, input } = await reserved();
  const refusing = (name: string, message: string) => ({
    ...world.deps,
    secrets: new FakeClient({ RotateSecretCommand: awsError(name, message) }),
  });
  const underWay = refusing(
    'InvalidRequestException',
    "A previous rotation isn't complete. That rotation will be reattempted.",
  );
  await expect(prepareDatabase.run(underWay, input)).resolves.toMatchObject({ version: expect.any(String) });
  const refused = refusing('AccessDeniedException', 'Secrets Manager cannot invoke the specified Lambda function.');
  await expect(prepareDatabase.run(refused, input)).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

describe('a master password that a rotation changes meanwhile', () => {
  const login = (password: string) => ({ SecretString: JSON.stringify({ ...MASTER, password }) });
  const wrong = { errorType: 'AccessDenied', errorMessage: 'database of tenant t: password failed (28P01)' };
  /** The secret as it is read first and then, by its label, and the one password that the database takes. */
  async function prepared(current: string[], pending: string | undefined, inForce: string) {
    const { world, input } = await reserved();
    const secret = new FakeClient({
      GetSecretValueCommand: ({ VersionStage }: { VersionStage: string }) => {
        if (VersionStage === 'AWSCURRENT')
          return login(current.length > 1 ? (current.shift() ?? '') : (current[0] ?? ''));
        return pending === undefined ? awsError('ResourceNotFoundException') : login(pending);
      },
    });
    const lambda = new FakeClient({
      InvokeCommand: ({ Payload }: { Payload: string }) =>
        JSON.parse(Payload).password === inForce
          ? { Payload: payload({ version: '0001-leads-0123456789ab' }) }
          : { FunctionError: 'Unhandled', Payload: payload(wrong) },
    });
    return await prepareDatabase.run({ ...world.deps, lambda, secretsAs: () => secret }, input).then(
      () => 'prepared',
      (thrown: Error) => thrown.name,
    );
  }

  test.each([
    ['is set and not promoted', ['old'], 'new', 'new', 'prepared'],
    ['is promoted since it was read', ['old', 'new'], undefined, 'new', 'prepared'],
    ['is promoted, and its label stays', ['old', 'new'], 'new', 'new', 'prepared'],
    ['is set a second time', ['old'], 'new', 'newer', 'TransientConflict'],
    ['is no rotation’s', ['old'], undefined, 'stranger', 'AccessDenied'],
  ])('%s', async (_, current, pending, inForce, ended) => {
    expect(await prepared(current, pending, inForce)).toBe(ended);
  });
});
