import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TRANSIENT_ERRORS } from '../../functions/contract/errors';
import { PASSING_LAMBDA_ERRORS } from '../../functions/contract/lambda-errors';
import {
  actionsOf,
  taskStatesOf,
  undosAfter,
  WORKFLOWS,
  type Workflow,
  workflowNamed,
  workflowOf,
} from '../../functions/contract/workflows';
import { distributedMapsOf } from '../../infra/asl-file';
import { functionSources } from '../../infra/function-bundles';
import { allStates, type Machine, machineOf, placeholdersOf, tasksOf } from '../support/asl';
import { budgetOf } from '../support/retry-budget';

const ROOT = join(__dirname, '../..');
/** Placeholders that the stage's configuration fills. */
const SETTINGS = ['OnFailure', 'OnBreach', 'AuditsAtOnce', 'BakeSeconds', 'MigrationsAtOnce'];
const kebab = (name: string) => name.replace(/(?!^)([A-Z])/g, '-$1').toLowerCase();

describe.each<[string, Workflow]>(WORKFLOWS.map((workflow) => [workflow.name, workflow]))('%s', (_, workflow) => {
  const machine = machineOf(workflow);
  const tasks = tasksOf(machine);

  test('its file has the states, actions and first state of its row in the table', () => {
    const called = tasks.map(([name, state]) => [name, state.Arguments?.FunctionName]);
    expect(Object.fromEntries(called)).toEqual(
      Object.fromEntries(Object.entries(taskStatesOf(workflow)).map(([state, action]) => [state, `\${${action}}`])),
    );
    expect(called).toHaveLength(Object.keys(taskStatesOf(workflow)).length);
    expect(machine.StartAt).toBe(workflow.firstState);
  });

  test('its placeholders are its actions and the stage’s settings', () => {
    expect(placeholdersOf(workflow).filter((name) => !SETTINGS.includes(name))).toEqual(actionsOf(workflow).sort());
  });

  test.each(actionsOf(workflow))('the source of %s has the action’s name in file and code', (action) => {
    const source = functionSources()[action];
    expect(source).toMatch(new RegExp(`^functions/[a-z]+/${kebab(action)}\\.ts$`));
    expect(readFileSync(join(ROOT, source ?? ''), 'utf8')).toContain(`name: '${action}'`);
  });

  test.each(tasks)('%s has a timeout and retries every transient error, unless it concludes', (name, state) => {
    expect(state.TimeoutSeconds).toBeGreaterThan(0);
    const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
    const transient = retried.filter((error) => error.startsWith('Transient')).sort();
    expect(transient).toEqual(name === workflow.conclusion ? [] : [...TRANSIENT_ERRORS].sort());
  });

  test.each(tasks)(
    'F12: %s retries what Lambda itself refuses for a while, as long as any other throttling',
    (_, state) => {
      const budgets = PASSING_LAMBDA_ERRORS.map((error) => budgetOf(state, error).most);
      expect(new Set(budgets)).toEqual(new Set([budgetOf(state, 'Lambda.TooManyRequestsException').most]));
    },
  );

  test('gives every distributed Map a label, which names its executions in permissions', () => {
    const maps = allStates(machine).filter(([, each]) => each.ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED');
    expect(distributedMapsOf(machine)).toHaveLength(maps.length);
  });

  test('has a picture in the README that shows every state', () => {
    const readme = readFileSync(join(ROOT, 'statemachines/README.md'), 'utf8');
    const picture = readme.split(/^## /m).find((section) => section.startsWith(workflow.name)) ?? '';
    for (const [name] of allStates(machine)) expect(picture).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test('ends a failed run at its concluding state, or is not watched', () => {
    expect(workflow.conclusion !== null).toBe(workflow.watched);
    if (workflow.conclusion) expect(Object.keys(workflow.failure).at(-1)).toBe(workflow.conclusion);
  });

  /** "Passing data between states with variables": an inner scope cannot assign an outer variable. */
  test('assigns each variable in only one scope', () => {
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
    expect(assignedIn(machine).length).toBeGreaterThan(0);
    expect(reassigned(machine, [])).toEqual([]);
  });
});

describe('the table', () => {
  const here = 'arn:aws:states:eu-central-1:111122223333:execution';

  test.each([
    [`${here}:TenantOnboarding:1f6c0c5e`, 'TenantOnboarding'],
    [`${here}:TenantIsolationAudit:1f6c0c5e`, 'TenantIsolationAudit'],
    [`${here}:TenantIsolationAudit/Tenants:1f6c0c5e`, 'TenantIsolationAudit'],
  ])('finds the workflow of %s', (executionArn, name) => {
    expect(workflowOf(executionArn).name).toBe(name);
  });

  test.each([`${here}:Unheard:1`, 'no ARN'])('refuses %s, which is not one of its workflows', (executionArn) => {
    expect(() => workflowOf(executionArn)).toThrow('lists no workflow called');
  });

  test('lists the undos after a failed state', () => {
    const onboarding = workflowNamed('TenantOnboarding');
    expect(undosAfter(onboarding, 'ReserveTenant')).toEqual(['ReleaseReservation']);
    expect(undosAfter(onboarding, 'VerifyIsolation')).toEqual(Object.keys(onboarding.undos));
  });

  test('lists each machine and file once', () => {
    for (const key of ['name', 'file'] as const)
      expect(new Set(WORKFLOWS.map((workflow) => workflow[key])).size).toBe(WORKFLOWS.length);
  });
});
