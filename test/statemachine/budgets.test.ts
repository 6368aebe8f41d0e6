import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { taskStatesOf, WORKFLOWS, workflowNamed } from '../../functions/contract/workflows';
import { INDEX_LAG } from '../../functions/key/tenant-keys';
import { LAUNCH_LEASE } from '../../functions/stacks/launch-stack';
import { aslSource } from '../../infra/asl-file';
import { functionSources } from '../../infra/function-bundles';
import { machineOf, tasksOf } from '../support/asl';
import { arithmetic, budgetOf, budgetOfRetrier } from '../support/retry-budget';

const ROOT = join(__dirname, '../..');
const onboarding = workflowNamed('TenantOnboarding');
const tasks = new Map(tasksOf(machineOf(onboarding)));

function stateNamed(name: string) {
  const state = tasks.get(name);
  if (!state) throw new Error(`no task is called ${name}`);
  return state;
}

const EVERY = Object.keys(taskStatesOf(onboarding)).filter((name) => name !== onboarding.conclusion);
const LAUNCHES = ['LaunchNetwork', 'LaunchDatabase', 'LaunchAccess', 'LaunchStorage'];
const DELETIONS = ['DeleteAccess', 'DeleteDatabase', 'DeleteNetwork', 'DeleteStorage'];

/** What AWS takes, seconds. "Field": reported by people who run it, without a bound in AWS's text. */
const DELAYS: readonly [row: string, states: readonly string[], error: string, seconds: number, source: string][] = [
  ['F12', EVERY, 'Lambda.TooManyRequestsException', 60, 'field: a burst of invocations, a minute'],
  ['F12', EVERY, 'TransientThrottling', 120, 'field: the bucket of Elastic Load Balancing’s Modify actions'],
  ['T1', EVERY, 'TransientNotYetVisible', 60, '"Changes that I make are not always immediately visible"'],
  ['T4', ['CreateTenantKey'], 'TransientNotYetVisible', 300, '"AWS KMS eventual consistency": minutes'],
  ['T5', ['CreateTenantKey', 'RetireTenantKey'], 'TransientNotYetVisible', 2 * (INDEX_LAG / 1000), 'our own wait'],
  ['T6', LAUNCHES, 'TransientNotYetVisible', 60, 'field: DescribeStacks behind the status event'],
  ['T6', DELETIONS, 'TransientStackRolledBack', 60, 'the same, behind the end of a rollback'],
  ['T7', LAUNCHES, 'TransientNameTaken', 3600, '"CreateBucket": OperationAborted, up to an hour'],
  ['F1', LAUNCHES, 'TransientStackFailure', 300, 'field: a role’s visibility, capacity of a class'],
  ['F3', DELETIONS, 'StackDeletionFailed', 900, 'field: network interfaces of RDS and of endpoints'],
  ['F3', LAUNCHES, 'StackDeletionFailed', 900, 'the same, of the stack that is replaced'],
  ['F4', DELETIONS, 'TransientLaunchInFlight', LAUNCH_LEASE / 1000, 'our own lease'],
  [
    'F13',
    ['RegisterTenant', 'ActivateTenant', 'PublishCompletion'],
    'TransientServiceUnsteady',
    1200,
    'a service that is being replaced',
  ],
];

const asked = DELAYS.flatMap(([row, states, error, seconds, source]) =>
  states.map((state) => [row, state, error, seconds, source] as const),
);

test.each(asked)('%s: %s retries %s for at least %d s (%s)', (_, name, error, seconds) => {
  expect(budgetOf(stateNamed(name), error).sure).toBeGreaterThanOrEqual(seconds);
});

test('F12: forward actions are retried as long as undos', () => {
  for (const error of ['Lambda.TooManyRequestsException', 'TransientThrottling', 'TransientServiceFault'])
    expect(new Set(EVERY.map((name) => budgetOf(stateNamed(name), error).most)).size).toBe(1);
});

test('T6: a deletion is retried no sooner than 10 s after a rollback, as only the sweep would answer it then', () => {
  for (const name of DELETIONS)
    for (const pause of budgetOf(stateNamed(name), 'TransientStackRolledBack').pauses)
      expect(pause).toBeGreaterThanOrEqual(10);
});

test('F3: retries of a stack’s deletion are minutes apart', () => {
  for (const name of DELETIONS)
    for (const pause of budgetOf(stateNamed(name), 'StackDeletionFailed').pauses) expect(pause).toBeGreaterThan(120);
});

/** The text of comments in one line, without their margins. */
const prose = (source: string) => source.replaceAll(/\s*\n\s*(?:\*|#|\/\/)? ?/g, ' ');

test.each(WORKFLOWS.map((workflow) => [workflow.name, workflow] as const))(
  'the comment on the retriers of %s contains their arithmetic',
  (_, workflow) => {
    const comments = prose(WORKFLOWS.map(aslSource).join('\n'));
    const retriers = tasksOf(machineOf(workflow)).flatMap(([, { Retry = [] }]) => Retry);
    // Two more calls of a killed function cover no delay of AWS's.
    const delays = retriers.filter(
      ({ ErrorEquals, MaxAttempts }) => MaxAttempts > 0 && !/States\.(?:Timeout|TaskFailed)/.test(`${ErrorEquals}`),
    );
    expect(delays.length).toBeGreaterThan(0);
    for (const written of new Set(delays.map((retrier) => arithmetic(budgetOfRetrier(retrier)))))
      expect([written, comments.includes(written)]).toEqual([written, true]);
  },
);

/** Of each action the retriers beside the common one whose delays are its own. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  CreateTenantKey: ['TransientNotYetVisible'],
  RetireTenantKey: ['TransientNotYetVisible'],
  LaunchStack: ['TransientStackFailure', 'TransientNameTaken', 'StackDeletionFailed'],
  DeleteStack: ['StackDeletionFailed', 'TransientLaunchInFlight', 'TransientStackRolledBack'],
  RegisterTenant: ['TransientServiceUnsteady'],
  ActivateTenant: ['TransientServiceUnsteady'],
  PublishCompletion: ['TransientServiceUnsteady'],
};

const actions = WORKFLOWS.flatMap((workflow) =>
  tasksOf(machineOf(workflow)).map(([name, state]) => [taskStatesOf(workflow)[name] ?? '', state] as const),
).filter(([action]) => !WORKFLOWS.some(({ conclusion }) => conclusion === action));

test.each([...new Map(actions)])(
  '%s has the common retries, and its docblock the arithmetic of its own',
  (action, state) => {
    expect(budgetOf(state, 'TransientThrottling')).toEqual(
      budgetOf(stateNamed('ReserveTenant'), 'TransientThrottling'),
    );
    const source = prose(readFileSync(join(ROOT, functionSources()[action] ?? ''), 'utf8'));
    for (const error of OWN[action] ?? []) {
      const budget = budgetOf(state, error);
      const written = `${budget.retries} retries, ${arithmetic(budget)}`;
      expect([written, source.includes(written)]).toEqual([written, true]);
    }
  },
);
