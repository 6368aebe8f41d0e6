import { TRANSIENT_ERRORS } from '../../functions/contract/errors';
import { KILLED_FUNCTION, PASSING_LAMBDA_ERRORS } from '../../functions/contract/lambda-errors';
import { undosAfter, workflowNamed } from '../../functions/contract/workflows';
import { allStates, machineOf, tasksOf } from '../support/asl';

const onboarding = workflowNamed('TenantOnboarding');
const machine = machineOf(onboarding);
const tasks = tasksOf(machine);

/** Nothing compensates these: they are called again after any error but a refusal. */
const NOT_COMPENSATED = [...Object.keys(onboarding.undos), 'PublishCompletion', 'PublishFailure'];
const KILLED = [...KILLED_FUNCTION, 'States.Timeout'];

/** Refusals of an undo or of an announcement: asked again, they stay what they are. */
const REFUSED = ['ClaimLost', 'TenantIsActive', 'TenantRecordLost'];

test.each(tasks)('%s retries every transient error and no other', (name, state) => {
  const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
  const transient = name === onboarding.conclusion ? [] : TRANSIENT_ERRORS;
  // ConcludeFailure throws the name of whatever has failed before; that of a timeout it never throws.
  const killed = name === onboarding.conclusion ? ['States.Timeout'] : KILLED;
  const others = NOT_COMPENSATED.includes(name) ? [...REFUSED, 'States.TaskFailed'] : [];
  // What keeps a stack from being deleted is often gone minutes later.
  const deletions = state.Resource?.endsWith('.waitForTaskToken') ? ['StackDeletionFailed'] : [];
  expect(retried.sort()).toEqual([...transient, ...killed, ...others, ...deletions, ...PASSING_LAMBDA_ERRORS].sort());
});

test.each([...Object.keys(onboarding.forward), ...Object.keys(onboarding.undos)])(
  'F4: %s is called again twice when its function was killed',
  (name) => {
    const [, state] = tasks.find(([task]) => task === name) ?? [];
    for (const error of KILLED) {
      const retrier = state?.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(error));
      expect([error, (retrier?.MaxAttempts ?? 0) >= 2]).toEqual([error, true]);
    }
  },
);

test.each(NOT_COMPENSATED)('F4: %s retries every other error last, except a denial', (name) => {
  const [, state] = tasks.find(([task]) => task === name) ?? [];
  expect(state?.Retry?.at(-1)).toMatchObject({ ErrorEquals: ['States.TaskFailed'], MaxAttempts: 2 });
  expect(state?.Retry?.[0]).toMatchObject({ ErrorEquals: REFUSED, MaxAttempts: 0 });
});

const FORWARD = [
  'ReserveTenant',
  'CreateTenantKey',
  'ProvisionStacks',
  'PrepareDatabase',
  'RegisterTenant',
  'VerifyIsolation',
  'ActivateTenant',
];
const UNDO = ['DeleteStacks', 'RetireTenantKey'];

test.each(FORWARD)('%s passes every failure on under its own name', (name) => {
  const catcher = machine.States[name]?.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
  expect(catcher?.Assign).toMatchObject({ failure: { step: name, error: '{% $states.errorOutput.Error %}' } });
});

test.each(UNDO)('a failed %s is not caught: the run stops there, and a redrive goes on at it', (name) => {
  expect(machine.States[name]?.Catch).toBeUndefined();
});

test('a failed ReleaseReservation is not caught either, except for a reservation that this execution never had', () => {
  expect(machine.States.ReleaseReservation?.Catch).toEqual([
    { ErrorEquals: ['ClaimLost', 'TenantIsActive'], Assign: { outcome: 'claim-lost' }, Next: 'PublishFailure' },
  ]);
});

test('a failure after activation is never rolled back', () => {
  expect(machine.States.PublishCompletion?.Catch).toBeUndefined();
  for (const name of ['DeregisterTenant', 'PublishFailure'])
    expect(machine.States[name]?.Catch).toContainEqual({ ErrorEquals: ['TenantIsActive'], Next: 'PublishCompletion' });
});

test('a failure leads to the undos that the table of workflows names for it', () => {
  const first = machine.States.HoldOrRollBack?.Default;
  for (const name of FORWARD) {
    const next = machine.States[name]?.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'))?.Next;
    expect([name, next === 'HoldOrRollBack' ? first : next]).toEqual([name, undosAfter(onboarding, name)[0]]);
  }
});

test('the undos follow each other as in the table of workflows, and then come the states that publish the failure', () => {
  const walk = (name: string | undefined): string[] => {
    const state = name === undefined ? undefined : machine.States[name];
    if (!name || !state || name === onboarding.conclusion) return name ? [name] : [];
    const inside = (state.Branches ?? []).flatMap((branch) => allStates(branch).map(([inner]) => inner));
    return [...(state.Branches ? inside : [name]), ...walk(state.Next)];
  };
  const told = Object.keys({ ...onboarding.undos, ...onboarding.failure });
  expect(walk(machine.States.HoldOrRollBack?.Default)).toEqual(told);
});

test('a failed run ends at a task, not at a Fail state, which a redrive would only enter again', () => {
  expect(allStates(machine).filter(([, state]) => state.Type === 'Fail')).toEqual([]);
  expect(machine.States[onboarding.conclusion ?? '']).toMatchObject({ Type: 'Task', Next: machine.StartAt });
  expect(machine.States.ConcludeFailure?.Catch).toBeUndefined();
});

test('no state polls', () => {
  expect(allStates(machine).filter(([, state]) => state.Type === 'Wait')).toEqual([]);
});

/** An edge leads back only at ConcludeFailure: everything else moves forward, so an attempt ends. */
test('the only loop leads from a redriven ConcludeFailure to the start', () => {
  const edges = (name: string): string[] => {
    const state = machine.States[name];
    if (!state || name === 'ConcludeFailure') return [];
    return [
      state.Next,
      state.Default,
      ...(state.Choices ?? []).map((c) => c.Next),
      ...(state.Catch ?? []).map((c) => c.Next),
    ].filter((next) => next !== undefined);
  };
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) throw new Error(`loop: ${[...path, name].join(' -> ')}`);
    for (const next of edges(name)) visit(next, [...path, name]);
  };
  expect(() => visit(machine.StartAt, [])).not.toThrow();
});
