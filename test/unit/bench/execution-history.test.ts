import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { reportedInvocation, secondsIn, stateTransitions } from '../../bench/execution-history';

let id = 0;
const at = (ms: number, type: HistoryEvent['type'], more: Partial<HistoryEvent> = {}): HistoryEvent => {
  id += 1;
  return { id, type, timestamp: new Date(ms), ...more };
};
const entered = (ms: number, type: HistoryEvent['type'], name: string) =>
  at(ms, type, { stateEnteredEventDetails: { name } });
const exited = (ms: number, type: HistoryEvent['type'], name: string) =>
  at(ms, type, { stateExitedEventDetails: { name } });

test('counts each state entered, and each further attempt of a task, as one transition', () => {
  const history = [
    at(0, 'ExecutionStarted'),
    entered(0, 'PassStateEntered', 'Begin'),
    exited(0, 'PassStateExited', 'Begin'),
    entered(0, 'TaskStateEntered', 'Work'),
    at(0, 'TaskScheduled'),
    at(0, 'TaskStarted'),
    at(5, 'TaskFailed'),
    at(6, 'TaskScheduled'),
    at(6, 'TaskStarted'),
    at(9, 'TaskSucceeded'),
    exited(9, 'TaskStateExited', 'Work'),
    entered(9, 'ParallelStateEntered', 'Both'),
    entered(9, 'TaskStateEntered', 'Left'),
    at(9, 'TaskScheduled'),
    entered(9, 'TaskStateEntered', 'Right'),
    at(9, 'TaskScheduled'),
    at(20, 'ExecutionSucceeded'),
  ];
  expect(stateTransitions(history)).toBe(6);
});

test('measures the time in a state by its last visit', () => {
  const history = [
    entered(0, 'TaskStateEntered', 'Work'),
    exited(500, 'TaskStateExited', 'Work'),
    entered(1_000, 'TaskStateEntered', 'Work'),
    entered(1_100, 'TaskStateEntered', 'Other'),
    exited(1_250, 'TaskStateExited', 'Work'),
  ];
  expect(secondsIn(history, 'Work')).toBe(0.25);
  expect(secondsIn(history, 'Other')).toBeNaN();
});

test('reads time and memory of an invocation from Lambda’s REPORT line, and nothing from other lines', () => {
  const report =
    'REPORT RequestId: 8f\tDuration: 249.6 ms\tBilled Duration: 250 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB';
  expect(reportedInvocation(report)).toEqual({ ms: 250, gbSeconds: 0.125 });
  expect(reportedInvocation('START RequestId: 8f Version: $LATEST')).toBeUndefined();
});
