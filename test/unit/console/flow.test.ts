import { taskStatesOf, WORKFLOWS, type Workflow, workflowNamed } from '../../../functions/contract/workflows';
import type { Run, RunState } from '../../../operations/console/api/runs';
import { flowOf } from '../../../operations/console/flow-of';
import { layoutOf, NODE } from '../../../operations/console/page/flow-layout';

const statesOf = (workflow: Workflow, statuses: Readonly<Record<string, RunState['status']>> = {}): Run['states'] =>
  Object.entries(taskStatesOf(workflow)).map(([state, step]) => ({
    ...{ state, step, part: 'forward', status: statuses[state] ?? 'waiting', visits: 0, errors: [] },
  }));

describe.each<[string, Workflow]>(WORKFLOWS.map((workflow) => [workflow.name, workflow]))('%s', (_, workflow) => {
  const flow = flowOf(workflow);
  const { places, ways, width, height } = layoutOf({ flow, states: statesOf(workflow) });

  test('is drawn with every state of its ASL file once, each in the lane of its part', () => {
    expect(places.map(({ state }) => state).sort()).toEqual(Object.keys(taskStatesOf(workflow)).sort());
    for (const [part, table] of Object.entries({ forward: workflow.forward, undo: workflow.undos }))
      expect(
        places
          .filter((place) => place.part === part)
          .map(({ state }) => state)
          .sort(),
      ).toEqual(Object.keys(table).sort());
  });

  test('has no two states on one another, none outside, and no way from or to nowhere', () => {
    const overlaps = places.flatMap((one, n) =>
      places
        .slice(n + 1)
        .filter((other) => Math.abs(one.x - other.x) < NODE.width && Math.abs(one.y - other.y) < NODE.height),
    );
    expect(overlaps).toEqual([]);
    expect(places.every(({ x, y }) => x + NODE.width <= width && y + NODE.height <= height)).toBe(true);
    const known = new Set(places.map(({ state }) => state));
    expect(flow.edges.flatMap(({ from, to }) => [from, to]).filter((state) => !known.has(state))).toEqual([]);
    expect(ways.length).toBeGreaterThanOrEqual(places.length - 1);
    expect(ways.filter(({ taken }) => taken)).toEqual([]);
  });
});

const onboarding = workflowNamed('TenantOnboarding');

test('an onboarding forks where its stacks are launched beside each other, and joins before its database is prepared', () => {
  const ways = flowOf(onboarding).edges.filter(({ kind }) => kind === 'next');
  const from = (state: string) => ways.filter((way) => way.from === state).map(({ to }) => to);
  expect(from('CreateTenantKey')).toEqual(['LaunchNetwork', 'LaunchStorage']);
  expect([from('LaunchAccess'), from('LaunchStorage')]).toEqual([['PrepareDatabase'], ['PrepareDatabase']]);
  expect(from('ConcludeFailure')).toEqual(['ReserveTenant']);
});

test('the rollback comes up beside the way down, and the ways that the run has gone are marked', () => {
  const gone: Record<string, RunState['status']> = {
    ...{ ReserveTenant: 'done', CreateTenantKey: 'done', LaunchNetwork: 'failed', LaunchStorage: 'stopped' },
    ...{ DeregisterTenant: 'done', DeleteAccess: 'running', DeleteStorage: 'running' },
  };
  const { places, ways } = layoutOf({ flow: flowOf(onboarding), states: statesOf(onboarding, gone) });
  const y = (state: string) => places.find((place) => place.state === state)?.y ?? Number.NaN;
  expect(y('ReserveTenant')).toBeLessThan(y('ActivateTenant'));
  expect(y('DeregisterTenant')).toBeGreaterThan(y('ReleaseReservation'));
  expect(
    ways
      .filter(({ taken }) => taken)
      .map(({ key }) => key)
      .sort(),
  ).toEqual([
    'error LaunchNetwork DeregisterTenant',
    'next CreateTenantKey LaunchNetwork',
    'next CreateTenantKey LaunchStorage',
    'next DeregisterTenant DeleteAccess',
    'next DeregisterTenant DeleteStorage',
    'next ReserveTenant CreateTenantKey',
  ]);
});

test('an abandonment is a choice of the first state, marked only where it was made', () => {
  const marked = (statuses: Record<string, RunState['status']>) =>
    layoutOf({ flow: flowOf(onboarding), states: statesOf(onboarding, statuses) })
      .ways.filter(({ taken, kind }) => taken && kind === 'choice')
      .map(({ key }) => key);
  expect(marked({ ReserveTenant: 'done', DeregisterTenant: 'running' })).toEqual([
    'choice ReserveTenant DeregisterTenant',
  ]);
  expect(marked({ ReserveTenant: 'done', CreateTenantKey: 'failed', DeregisterTenant: 'running' })).toEqual([]);
});
