import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { workflowNamed } from '../../../functions/contract/workflows';
import { statesUnderWay, visitsOf } from '../../../operations/client/progress';

let clock = 0;
const event = (id: number, previousEventId: number, more: Partial<HistoryEvent>): HistoryEvent => ({
  id,
  previousEventId,
  timestamp: new Date(1_000 * clock++),
  type: 'TaskScheduled',
  ...more,
});
const entered = (id: number, previous: number, name: string) =>
  event(id, previous, { type: 'TaskStateEntered', stateEnteredEventDetails: { name } });
const exited = (id: number, previous: number, name: string) =>
  event(id, previous, { type: 'TaskStateExited', stateExitedEventDetails: { name } });
const failed = (id: number, previous: number, error: string) =>
  event(id, previous, { type: 'TaskFailed', taskFailedEventDetails: { error, resource: 'x', resourceType: 'lambda' } });

beforeEach(() => {
  clock = 0;
});

test('an error belongs to the branch whose event chain it ends, however the branches mix', () => {
  const visits = visitsOf([
    entered(1, 0, 'LaunchNetwork'),
    entered(2, 0, 'LaunchStorage'),
    event(3, 1, {}),
    event(4, 2, {}),
    failed(5, 4, 'StackFailed'),
    exited(6, 3, 'LaunchNetwork'),
  ]);
  expect(visits).toMatchObject([
    { state: 'LaunchNetwork', errors: [], failed: false, leftAt: new Date(5_000) },
    { state: 'LaunchStorage', errors: ['StackFailed'], failed: true },
  ]);
  expect(visits[1]).not.toHaveProperty('leftAt');
});

test('a task that succeeds after errors has not failed and keeps them; a caught task has failed', () => {
  const visits = visitsOf([
    entered(1, 0, 'ReserveTenant'),
    event(2, 1, {}),
    failed(3, 2, 'TransientThrottling'),
    event(4, 3, {}),
    event(5, 4, { type: 'TaskSucceeded' }),
    exited(6, 5, 'ReserveTenant'),
    entered(7, 6, 'CreateTenantKey'),
    event(8, 7, {}),
    failed(9, 8, 'AccessDenied'),
    exited(10, 9, 'CreateTenantKey'),
  ]);
  expect(visits).toMatchObject([
    { errors: ['TransientThrottling'], failed: false },
    { errors: ['AccessDenied'], failed: true, leftAt: new Date(9_000) },
  ]);
});

test('a state that is entered again is a new visit', () => {
  const once = (from: number) => [entered(from, from - 1, 'ReserveTenant'), exited(from + 1, from, 'ReserveTenant')];
  const visits = visitsOf([...once(1), ...once(3)]);
  expect(visits.map(({ enteredAt, leftAt }) => [enteredAt.getTime(), leftAt?.getTime()])).toEqual([
    [0, 1_000],
    [2_000, 3_000],
  ]);
});

test('a state whose parallel state has failed is left, in the rollback and in the next attempt', () => {
  const workflow = workflowNamed('TenantOnboarding');
  const history = [
    entered(1, 0, 'BeginAttempt'),
    exited(2, 1, 'BeginAttempt'),
    entered(3, 2, 'LaunchDatabase'),
    event(4, 3, {}),
    failed(5, 4, 'StackFailed'),
  ];
  expect(statesUnderWay(visitsOf(history), workflow)).toEqual(['LaunchDatabase']);
  const rollback = [...history, entered(6, 0, 'DeleteDatabase')];
  expect(statesUnderWay(visitsOf(rollback), workflow)).toEqual(['DeleteDatabase']);
  const again = [exited(7, 6, 'DeleteDatabase'), entered(8, 0, 'BeginAttempt'), entered(9, 8, 'ReserveTenant')];
  expect(statesUnderWay(visitsOf([...rollback, ...again]), workflow)).toEqual(['BeginAttempt', 'ReserveTenant']);
});
