import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Workflow } from '../../functions/contract/workflows';

/** One visit of an execution to a state. */
export interface Visit {
  readonly state: string;
  readonly enteredAt: Date;
  readonly leftAt?: Date;
  /** Error names of its failed attempts. */
  readonly errors: readonly string[];
  /** Whether its last attempt failed, with the last of the errors. */
  readonly failed: boolean;
}

const FAILURES = [
  'taskFailedEventDetails',
  'taskTimedOutEventDetails',
  'lambdaFunctionFailedEventDetails',
  'lambdaFunctionTimedOutEventDetails',
] as const;

const errorOf = (event: HistoryEvent) => FAILURES.map((key) => event[key]?.error).find((error) => error !== undefined);

const isExit = (event: HistoryEvent) => event.stateExitedEventDetails !== undefined;

/**
 * Converts an execution's history to visits to its states, in the order of their beginning. Events
 * of parallel branches are distinguished by the chain of their predecessors ("HistoryEvent":
 * `previousEventId`).
 */
export function visitsOf(history: readonly HistoryEvent[]): Visit[] {
  const visits = new Map<number, { -readonly [K in keyof Visit]: Visit[K] }>();
  const visitOfEvent = new Map<number, number>();
  for (const event of history) {
    const { id = 0, timestamp = new Date(0), previousEventId = 0 } = event;
    const entered = event.stateEnteredEventDetails?.name;
    if (entered) visits.set(id, { state: entered, enteredAt: timestamp, errors: [], failed: false });
    const visitId = entered ? id : (visitOfEvent.get(previousEventId) ?? 0);
    visitOfEvent.set(id, visitId);
    const visit = visits.get(visitId);
    const error = errorOf(event);
    if (visit && error) visit.errors = [...visit.errors, error];
    if (visit && event.type?.startsWith('Task')) visit.failed = error !== undefined || (visit.failed && isExit(event));
    const exited = event.stateExitedEventDetails?.name;
    const open = exited ? [...visits.values()].findLast(({ state, leftAt }) => state === exited && !leftAt) : undefined;
    if (open) open.leftAt = timestamp;
  }
  return [...visits.values()];
}

/** Visits since the run has begun at its first state for the last time. */
export const presentAttempt = (visits: readonly Visit[], { firstState }: Workflow) =>
  visits.slice(
    Math.max(
      0,
      visits.findLastIndex(({ state }) => state === firstState),
    ),
  );

/** States that a running execution is in. A state whose parallel state has failed has no end in the history. */
export function statesUnderWay(visits: readonly Visit[], workflow: Workflow): string[] {
  const { forward, undos, failure } = workflow;
  const present = presentAttempt(visits, workflow);
  const isUndoing = present.some(({ state }) => state in undos || state in failure);
  const isLeft = ({ state, leftAt }: Visit) => leftAt !== undefined || (isUndoing && state in forward);
  return present.filter((visit) => !isLeft(visit)).map(({ state }) => state);
}
