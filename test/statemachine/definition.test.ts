import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { TRANSIENT_ERRORS } from '../../functions/contract/errors';
import { STEP_ACTIONS, STEPS } from '../../functions/contract/steps';
import { INDEX_LAG } from '../../functions/key/tenant-keys';
import { allStates, auditMachine, type MachineSchema, onboardingMachine, tasksOf } from '../support/asl';

const machine = onboardingMachine();
const tasks = tasksOf(machine);
const kebab = (name: string) => name.replace(/(?!^)([A-Z])/g, '-$1').toLowerCase();

describe('contract, folders and machine name the same steps', () => {
  test("each task state calls its step's function", () => {
    const called = tasks.map(([name, state]) => [name, state.Arguments?.FunctionName]);
    const expected = STEP_ACTIONS.flatMap(({ function: fn, states }) => states.map((state) => [state, `\${${fn}}`]));
    expect(called.sort()).toEqual(expected.sort());
  });

  test('each function has its file in its room', () => {
    const root = join(__dirname, '../../functions');
    const missing = STEP_ACTIONS.filter(
      (action) => !existsSync(join(root, action.folder, `${kebab(action.function)}.ts`)),
    );
    expect(missing.map((action) => action.function)).toEqual([]);
  });
});

/** Nothing compensates these: they are called again even where nobody knows whether they have done their work. */
const NOT_COMPENSATED = [
  ...STEPS.flatMap((step): readonly string[] => ('undo' in step ? step.undo.states : [])),
  'PublishCompletion',
  'PublishFailure',
];
/** "Handle Lambda service exceptions": a function that has ended, or has not answered in time, under its old and new names. */
const CRASHES = ['Runtime.ExitError', 'Sandbox.Timedout', 'Lambda.Unknown', 'States.Timeout'];

const LAMBDAS_OWN = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];

describe('every task', () => {
  test.each(tasks)('%s has a timeout', (_, state) => {
    expect(state.TimeoutSeconds).toBeGreaterThan(0);
  });

  test.each(tasks)('%s retries exactly what can get better', (name, state) => {
    const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
    const transient = name === 'ConcludeFailure' ? [] : TRANSIENT_ERRORS;
    // ConcludeFailure throws the name of whatever has failed before; that of a timeout it never throws.
    const crashes = name === 'ConcludeFailure' ? ['States.Timeout'] : NOT_COMPENSATED.includes(name) ? CRASHES : [];
    expect(retried.filter((error) => !LAMBDAS_OWN.includes(error)).sort()).toEqual([...transient, ...crashes].sort());
    expect(retried).toEqual(expect.arrayContaining(LAMBDAS_OWN));
  });
});

test('RegisterTenant waits half an hour for a service that serves nobody: half of each interval on average', () => {
  const retrier = machine.States.RegisterTenant?.Retry?.find(({ ErrorEquals }) =>
    ErrorEquals.includes('TransientServiceUnsteady'),
  );
  expect(retrier?.ErrorEquals).toEqual(['TransientServiceUnsteady']);
  const { IntervalSeconds = 0, MaxAttempts = 0, BackoffRate } = retrier ?? {};
  expect([(IntervalSeconds / 2) * MaxAttempts, BackoffRate]).toEqual([1800, 1]);
});

test('CreateTenantKey outlasts the lag of the tag index, whatever the dice say', () => {
  const retrier = machine.States.CreateTenantKey?.Retry?.find(({ ErrorEquals }) =>
    ErrorEquals.includes('TransientNotYetVisible'),
  );
  expect(retrier).toMatchObject({ ErrorEquals: ['TransientNotYetVisible'], IntervalSeconds: 5, BackoffRate: 1 });
  expect(retrier).not.toHaveProperty('JitterStrategy');
  expect(5_000 * (retrier?.MaxAttempts ?? 0)).toBeGreaterThan(INDEX_LAG);
});

const FORWARD = [
  'ReserveTenant',
  'CreateTenantKey',
  'ProvisionStacks',
  'RegisterTenant',
  'VerifyIsolation',
  'ActivateTenant',
];
const UNDO = ['DeleteStacks', 'RetireTenantKey'];

test.each(FORWARD)('%s hands any failure on, under its own name', (name) => {
  const catcher = machine.States[name]?.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
  expect(catcher?.Assign).toMatchObject({ failure: { step: name, error: '{% $states.errorOutput.Error %}' } });
});

test.each(UNDO)('a failing %s is not caught: the run stops there, and redrive resumes at it', (name) => {
  expect(machine.States[name]?.Catch).toBeUndefined();
});

test('a failing ReleaseReservation is not caught either, but for a reservation that was never this execution’s', () => {
  expect(machine.States.ReleaseReservation?.Catch).toEqual([
    { ErrorEquals: ['ClaimLost', 'TenantIsActive'], Assign: { outcome: 'claim-lost' }, Next: 'PublishFailure' },
  ]);
});

test('what fails after the tenant is ACTIVE is never rolled back', () => {
  expect(machine.States.PublishCompletion?.Catch).toBeUndefined();
  for (const name of ['DeregisterTenant', 'PublishFailure'])
    expect(machine.States[name]?.Catch).toContainEqual({ ErrorEquals: ['TenantIsActive'], Next: 'PublishCompletion' });
});

test('a failed run ends at a task and not at a Fail state, which a redrive would enter again at once', () => {
  expect(allStates(machine).filter(([, state]) => state.Type === 'Fail')).toEqual([]);
  expect(machine.States.ConcludeFailure).toMatchObject({ Type: 'Task', Next: machine.StartAt });
  expect(machine.States.ConcludeFailure?.Catch).toBeUndefined();
});

test('no state waits by polling', () => {
  expect(allStates(machine).filter(([, state]) => state.Type === 'Wait')).toEqual([]);
});

/** An edge leads back only at ConcludeFailure: everything else moves forward, so an attempt ends. */
test('the only loop is the redriven ConcludeFailure', () => {
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

/** "Passing data between states with variables": no inner scope may assign a variable that an outer one assigns. */
describe.each([
  ['onboarding', machine],
  ['audit', auditMachine()],
])('variables of the %s machine', (_, whole) => {
  type Machine = z.infer<typeof MachineSchema>;
  const assignedIn = ({ States }: Machine): string[] =>
    Object.values(States).flatMap((state) => [
      ...Object.keys(state.Assign ?? {}),
      ...[...(state.Catch ?? []), ...(state.Choices ?? [])].flatMap(({ Assign }) => Object.keys(Assign ?? {})),
    ]);
  const reassigned = (inner: Machine, outer: readonly string[]): string[] => {
    const own = assignedIn(inner);
    const scopes = Object.values(inner.States).flatMap((state) => [
      ...(state.Branches ?? []),
      ...(state.ItemProcessor ? [state.ItemProcessor] : []),
    ]);
    return [
      ...own.filter((name) => outer.includes(name)),
      ...scopes.flatMap((scope) => reassigned(scope, [...outer, ...own])),
    ];
  };

  test('are assigned in one scope each', () => {
    expect(assignedIn(whole).length).toBeGreaterThan(0);
    expect(reassigned(whole, [])).toEqual([]);
  });
});
