import { ScriptedMachine } from '../support/scripted-machine';

let machine: ScriptedMachine;
beforeAll(async () => {
  machine = await ScriptedMachine.start();
}, 60_000);
afterAll(() => machine?.stop());
beforeEach(() => machine.reset());

const FORWARD = [
  'ReserveTenant',
  'CreateTenantKey',
  'LaunchStack.network',
  'LaunchStack.database',
  'LaunchStack.access',
  'PrepareDatabase',
  'RegisterTenant',
  'VerifyIsolation',
  'ActivateTenant',
  'PublishCompletion',
];
const without = (names: string[], left: string) => names.filter((name) => name !== left);

test('an onboarding runs its steps in order and returns the tenant', async () => {
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(JSON.parse(execution.output ?? '')).toEqual({ tenantId: 't1', url: 'https://acme.funnels.example' });
  expect(without(machine.called(), 'LaunchStack.storage')).toEqual(FORWARD);
  expect(machine.called()).toContain('LaunchStack.storage');
});

test('the database stack gets the output of the network stack, the access stack gets both others', async () => {
  await machine.run();
  const launches = machine.calls().filter((call) => call.function === 'LaunchStack');
  const outputsOf = (stack: string) => launches.find(({ event }) => event.stack === stack)?.event.outputs;
  expect(outputsOf('network')).toEqual({});
  expect(outputsOf('database')).toEqual({ network: { network: 'made' } });
  expect(outputsOf('access')).toEqual({ network: { network: 'made' }, database: { database: 'made' } });
});

test('a duplicate succeeds at once and names the first run', async () => {
  const duplicate = { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'arn:first' };
  machine.script('ReserveTenant', { output: duplicate });
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(JSON.parse(execution.output ?? '')).toEqual(duplicate);
  expect(machine.called()).toEqual(['ReserveTenant']);
});

test('G9: a duplicate of a tenant that may be unannounced announces it, and makes nothing else', async () => {
  const tenant = { tenantId: 't1' };
  machine.script('ReserveTenant', {
    output: { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'arn:first', tenant },
  });
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(machine.called()).toEqual(['ReserveTenant', 'PublishCompletion']);
  const announcing = machine.calls().find((call) => call.function === 'PublishCompletion');
  expect(announcing?.event).toMatchObject({ tenant, activatedBy: 'arn:first' });
});

const UNDO = [
  'DeregisterTenant',
  'DeleteStack.access',
  'DeleteStack.database',
  'DeleteStack.network',
  'RetireTenantKey',
];
const AFTERMATH = ['ReleaseReservation', 'PublishFailure', 'ConcludeFailure'];

test.each([
  ['CreateTenantKey', 'CreateTenantKey'],
  ['LaunchStack.network', 'ProvisionStacks'],
  ['LaunchStack.access', 'ProvisionStacks'],
  ['LaunchStack.storage', 'ProvisionStacks'],
  ['PrepareDatabase', 'PrepareDatabase'],
  ['RegisterTenant', 'RegisterTenant'],
  ['VerifyIsolation', 'VerifyIsolation'],
  ['ActivateTenant', 'ActivateTenant'],
])(
  'when %s fails, everything is undone in reverse order, and the run ends FAILED under that name',
  async (fn, step) => {
    machine.script(fn, { error: 'AccessDenied', message: 'AWS said no' });
    const execution = await machine.run();
    expect([execution.status, execution.error]).toEqual(['FAILED', 'AccessDenied']);
    const called = machine.called();
    const back = without(called.slice(called.indexOf('DeregisterTenant')), 'DeleteStack.storage');
    expect(back.filter((name) => !name.startsWith('LaunchStack'))).toEqual([...UNDO, ...AFTERMATH]);
    const published = machine.calls().find((call) => call.function === 'PublishFailure')?.event;
    expect(published).toMatchObject({ outcome: 'rolled-back', failure: { step, error: 'AccessDenied' } });
  },
);

test('a refused reservation undoes nothing but itself', async () => {
  machine.script('ReserveTenant', { error: 'InvalidSignup', message: 'plan: expected one of growth, enterprise' });
  const execution = await machine.run();
  expect([execution.status, execution.error]).toEqual(['FAILED', 'InvalidSignup']);
  expect(machine.called()).toEqual(['ReserveTenant', ...AFTERMATH]);
});

test('a transient error is retried, and the run goes on', async () => {
  machine.script(
    'CreateTenantKey',
    { error: 'TransientThrottling' },
    { error: 'TransientServiceFault' },
    { output: { keyArn: 'k' } },
  );
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(machine.called().filter((name) => name === 'CreateTenantKey')).toHaveLength(3);
});

test('F4: a function that is killed twice is called again, and nothing is undone', async () => {
  for (const name of ['CreateTenantKey', 'LaunchStack.database', 'ActivateTenant'])
    machine.scriptAtFirst(name, { error: 'Runtime.OutOfMemory' }, { error: 'Sandbox.Timedout' });
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(machine.called().filter((name) => name === 'LaunchStack.database')).toHaveLength(3);
});

test('F4: an undo that fails twice is called again, and the rollback goes on by itself', async () => {
  machine.script('VerifyIsolation', { error: 'IsolationBreach' });
  machine.script('RetireTenantKey', { error: 'Runtime.ExitError' }, { error: 'AccessDenied' }, { output: {} });
  const execution = await machine.run();
  expect([execution.status, execution.error]).toEqual(['FAILED', 'IsolationBreach']);
  expect(machine.called().filter((name) => name === 'RetireTenantKey')).toHaveLength(3);
});

test('a persistent transient error is compensated in the end', async () => {
  machine.script('CreateTenantKey', { error: 'TransientThrottling' });
  const execution = await machine.run();
  expect([execution.status, execution.error]).toEqual(['FAILED', 'TransientThrottling']);
  expect(machine.called().filter((name) => name === 'CreateTenantKey')).toHaveLength(21);
});

test('F1: a stack that fails for a transient reason is replaced twice before anything is undone', async () => {
  const passing = { error: 'TransientStackFailure', message: 'Rate exceeded' };
  machine.scriptAtFirst('LaunchStack.database', passing, { error: 'TransientStackReplaced' }, passing);
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  machine.reset();
  machine.script('LaunchStack.database', passing);
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'TransientStackFailure']);
  expect(machine.called().filter((name) => name === 'LaunchStack.database')).toHaveLength(3);
});

test('F3: a stack that could not be deleted is deleted again three times, and then the run stops there', async () => {
  machine.script('VerifyIsolation', { error: 'IsolationBreach' });
  const inTheWay = { error: 'StackDeletionFailed', message: 'AWS::EC2::Subnet A: has dependencies' };
  machine.script('DeleteStack.network', inTheWay);
  const stopped = await machine.run();
  expect([stopped.status, stopped.error]).toEqual(['FAILED', 'StackDeletionFailed']);
  expect(machine.called().filter((name) => name === 'DeleteStack.network')).toHaveLength(4);
  machine.reset();
  machine.script('VerifyIsolation', { error: 'IsolationBreach' });
  machine.scriptAtFirst('DeleteStack.network', inTheWay, inTheWay, inTheWay);
  const undone = await machine.run();
  expect([undone.status, undone.error]).toEqual(['FAILED', 'IsolationBreach']);
});

test('T7: a name that AWS still reserves is tried again ten times', async () => {
  const held = { error: 'TransientNameTaken', message: 'OperationAborted' };
  machine.scriptAtFirst('LaunchStack.storage', ...Array(10).fill(held));
  expect((await machine.run()).status).toBe('SUCCEEDED');
});

test.each(['CreateTenantKey', 'LaunchStack.network', 'RegisterTenant', 'ActivateTenant'])(
  'F12: a minute in which Lambda throttles %s undoes nothing',
  async (name) => {
    const throttled = { error: 'Lambda.TooManyRequestsException', message: 'Rate Exceeded.' };
    machine.scriptAtFirst(name, ...Array(20).fill(throttled));
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect(machine.called()).not.toContain('DeregisterTenant');
  },
);

test('a redrive of a concluded failure starts over and finishes the job', async () => {
  machine.script('VerifyIsolation', { error: 'IsolationBreach' }, { output: { checks: 40 } });
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'IsolationBreach']);
  const redriven = await machine.redrive(failed.executionArn);
  expect(redriven.status).toBe('SUCCEEDED');
  const called = machine.called();
  const again = called.slice(called.lastIndexOf('ConcludeFailure') + 1);
  expect(without(again, 'LaunchStack.storage')).toEqual(FORWARD);
});

test('published events say how often the run had been redriven', async () => {
  machine.script('VerifyIsolation', { error: 'IsolationBreach' }, { output: { checks: 40 } });
  const failed = await machine.run();
  await machine.redrive(failed.executionArn);
  const published = machine.calls().filter(({ function: name }) => name.startsWith('Publish'));
  expect(published.map(({ function: name, event }) => [name, event.redriveCount])).toEqual([
    ['PublishFailure', 0],
    ['PublishCompletion', 1],
  ]);
});

test('a redriven run that fails again ends FAILED again, and can be redriven again', async () => {
  machine.script(
    'VerifyIsolation',
    { error: 'IsolationBreach' },
    { error: 'AccessDenied' },
    { output: { checks: 40 } },
  );
  const failed = await machine.run();
  const again = await machine.redrive(failed.executionArn);
  expect([again.status, again.error]).toEqual(['FAILED', 'AccessDenied']);
  expect((await machine.redrive(failed.executionArn)).status).toBe('SUCCEEDED');
});

test('a failed undo stops the run there; redriven, the rollback goes on at that undo', async () => {
  machine.script('RegisterTenant', { error: 'SlotOccupied' });
  const denied = { error: 'AccessDenied' };
  machine.script('RetireTenantKey', denied, denied, denied, { output: {} });
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'AccessDenied']);
  expect(machine.called().at(-1)).toBe('RetireTenantKey');
  const resumed = await machine.redrive(failed.executionArn);
  expect([resumed.status, resumed.error]).toEqual(['FAILED', 'SlotOccupied']);
  expect(machine.called().slice(-4)).toEqual(['RetireTenantKey', ...AFTERMATH]);
});

test('a tenant that proves to be ACTIVE is announced, not undone', async () => {
  machine.script('ActivateTenant', { error: 'UnexpectedFailure', message: 'the answer was lost' });
  machine.script('DeregisterTenant', { error: 'TenantIsActive' });
  const execution = await machine.run();
  expect(execution.status).toBe('SUCCEEDED');
  expect(machine.called().slice(-2)).toEqual(['DeregisterTenant', 'PublishCompletion']);
});

test('a run that has lost its claim changes nothing more of the tenant', async () => {
  machine.script('RegisterTenant', { error: 'ClaimLost' });
  machine.script('DeregisterTenant', { error: 'ClaimLost' });
  const execution = await machine.run();
  expect([execution.status, execution.error]).toEqual(['FAILED', 'ClaimLost']);
  expect(machine.called().slice(-3)).toEqual(['DeregisterTenant', 'PublishFailure', 'ConcludeFailure']);
});

test('a failed reservation of a duplicate has nothing to release, and can be redriven to success', async () => {
  const duplicate = { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'arn:first' };
  machine.script('ReserveTenant', { error: 'AccessDenied' }, { output: duplicate });
  machine.script('ReleaseReservation', { error: 'TenantIsActive' });
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'AccessDenied']);
  expect(machine.called()).toEqual(['ReserveTenant', ...AFTERMATH]);
  const published = machine.calls().find((call) => call.function === 'PublishFailure')?.event;
  expect(published).toMatchObject({ outcome: 'claim-lost', failure: { step: 'ReserveTenant' } });
  expect((await machine.redrive(failed.executionArn)).status).toBe('SUCCEEDED');
});

test('a failed reservation that resumes an earlier run’s resources keeps them, held for a redrive', async () => {
  machine.script('ReserveTenant', { error: 'TransientThrottling' });
  machine.script('ReleaseReservation', { output: { released: false, kept: true } });
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'TransientThrottling']);
  const published = machine.calls().find((call) => call.function === 'PublishFailure')?.event;
  expect(published).toMatchObject({ outcome: 'held', failure: { step: 'ReserveTenant' } });
});

const ABANDONING = { signupId: 'sub_1', abandonment: { by: 'arn:jane', reason: 'the customer has left' } };

test('G8: an abandoned onboarding is taken over and undone, and makes nothing', async () => {
  const execution = await machine.run(ABANDONING);
  expect([execution.status, execution.error]).toEqual(['FAILED', 'OnboardingAbandoned']);
  expect(without(machine.called(), 'DeleteStack.storage')).toEqual(['ReserveTenant', ...UNDO, ...AFTERMATH]);
  const published = machine.calls().find((call) => call.function === 'PublishFailure')?.event;
  expect(published).toMatchObject({
    outcome: 'rolled-back',
    failure: { step: 'AbandonOnboarding', cause: 'abandoned by arn:jane: the customer has left' },
  });
});

test('G8: redriven at a failed undo, the rollback of an abandoned onboarding goes on there', async () => {
  const denied = { error: 'AccessDenied' };
  machine.script('RetireTenantKey', denied, denied, denied, { output: {} });
  const stopped = await machine.run(ABANDONING);
  expect([stopped.status, stopped.error]).toEqual(['FAILED', 'AccessDenied']);
  expect((await machine.redrive(stopped.executionArn)).error).toBe('OnboardingAbandoned');
  expect(machine.called()).not.toContain('CreateTenantKey');
});

test.each([
  ['has a tenant', { detail: { signupId: 'sub_1' } }, { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'a' }],
  ['is asked for in the event of a signup', { 'detail-type': 'TenantSignedUp', detail: ABANDONING }, undefined],
])('G8: an abandonment that %s undoes nothing', async (_, input, reserved) => {
  if (reserved) machine.script('ReserveTenant', { output: reserved });
  const execution = await machine.run(reserved ? { ...input, ...ABANDONING } : input);
  expect(execution.status).toBe('SUCCEEDED');
  expect(machine.called()).not.toContain('DeregisterTenant');
});

test('a failed announcement of an ACTIVE tenant stops the run at that task, and a redrive finishes it', async () => {
  const [denied, announced] = [{ error: 'AccessDenied' }, { output: { tenantId: 't1', url: 'https://a.example' } }];
  machine.script('PublishCompletion', denied, denied, denied, announced);
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'AccessDenied']);
  expect(machine.called()).not.toContain('DeregisterTenant');
  expect((await machine.redrive(failed.executionArn)).status).toBe('SUCCEEDED');
  expect(machine.called().slice(-2)).toEqual(['PublishCompletion', 'PublishCompletion']);
});

test('the rollback does not wait for a sibling branch that is still launching', async () => {
  machine.script('LaunchStack.storage', { silent: true });
  machine.script('LaunchStack.network', { error: 'QuotaExceeded', message: 'VPC limit' });
  const execution = await machine.run();
  expect([execution.status, execution.error]).toEqual(['FAILED', 'QuotaExceeded']);
});
