import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { workflowOf } from '../../functions/contract/workflows';
import { presentAttempt, type Visit, visitsOf } from '../client/progress';
import type { Run, RunState } from './api/runs';
import { flowOf } from './flow-of';

/** Statuses of an execution by the event that ends it ("HistoryEvent"). */
const ENDS: Readonly<Record<string, string>> = {
  ExecutionSucceeded: 'SUCCEEDED',
  ExecutionFailed: 'FAILED',
  ExecutionAborted: 'ABORTED',
  ExecutionTimedOut: 'TIMED_OUT',
};

const iso = (at: Date | undefined) => at?.toISOString();

/** @param over whether nothing of this part of the run goes on: its open states were ended from outside */
function statusOf(visits: readonly Visit[], over: boolean): RunState['status'] {
  const last = visits.at(-1);
  if (!last) return 'waiting';
  // A failed attempt that was neither caught nor the end of its part will be retried.
  if (last.failed) return last.leftAt || over ? 'failed' : 'running';
  if (visits.every(({ leftAt }) => leftAt)) return 'done';
  return over ? 'stopped' : 'running';
}

function stateOf(part: RunState['part'], state: string, step: string, all: readonly Visit[], over: boolean): RunState {
  const visits = all.filter((visit) => visit.state === state);
  const startedAt = iso(visits[0]?.enteredAt);
  const endedAt = visits.every(({ leftAt }) => leftAt) ? iso(visits.at(-1)?.leftAt) : undefined;
  return {
    ...{ state, step, part, status: statusOf(visits, over), visits: visits.length },
    ...(startedAt && { startedAt }),
    ...(endedAt && { endedAt }),
    errors: visits.flatMap(({ errors }) => errors),
  };
}

const errorIn = (event: HistoryEvent | undefined) =>
  [
    event?.executionFailedEventDetails,
    event?.executionAbortedEventDetails,
    event?.executionTimedOutEventDetails,
  ].flatMap((details) => details?.error ?? [])[0];

/**
 * An execution as the console shows it, from its history alone: one AWS call tells everything.
 *
 * @param events in order; empty for an execution that AWS has deleted
 * @throws Error when the platform has no such workflow
 */
export function runOf(executionArn: string, events: readonly HistoryEvent[]): Omit<Run, 'link'> {
  const workflow = workflowOf(executionArn);
  const { name, firstState, forward, undos, failure } = workflow;
  const all = visitsOf(events);
  const visits = presentAttempt(all, workflow);
  const last = events.at(-1);
  const ended = last && ENDS[last.type ?? ''];
  const isUndoing = visits.some(({ state }) => state in undos || state in failure);
  const startedAt = iso(events[0]?.timestamp);
  const attemptStartedAt = iso(visits[0]?.enteredAt);
  const error = ended && errorIn(last);
  const states = (part: RunState['part'], table: Readonly<Record<string, string>>, over: boolean) =>
    Object.entries(table).map(([state, step]) => stateOf(part, state, step, visits, over));
  return {
    executionArn,
    workflow: name,
    status: events.length === 0 ? 'deleted' : (ended ?? 'RUNNING'),
    ...(startedAt && { startedAt }),
    ...(ended && last.timestamp && { endedAt: last.timestamp.toISOString() }),
    redriveCount: events.filter(({ type }) => type === 'ExecutionRedriven').length,
    attempt: Math.max(1, all.filter(({ state }) => state === firstState).length),
    ...(attemptStartedAt && { attemptStartedAt }),
    states: [
      ...states('forward', forward, Boolean(ended) || isUndoing),
      ...states('undo', undos, Boolean(ended)),
      ...states('failure', failure, Boolean(ended)),
    ],
    flow: flowOf(workflow),
    ...(error && { error }),
  };
}
