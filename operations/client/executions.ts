import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  type HistoryEvent,
  paginateGetExecutionHistory,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { CaughtFailureSchema, type Failure } from '../../functions/contract/tenant';
import { everyItem } from '../../functions/shared/paging';
import { type Visit, visitsOf } from './progress';

export interface FollowOptions {
  /**
   * Called whenever the execution has made progress. Without it the history is read once, at the
   * end.
   */
  readonly onProgress?: (visits: readonly Visit[]) => void;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** How an execution ended. */
export interface Ended {
  readonly executionArn: string;
  readonly status: string;
  readonly failure: Failure | undefined;
  readonly output: unknown;
  /** Seconds from start to end, as Step Functions recorded them. */
  readonly seconds: number;
  readonly visits: readonly Visit[];
}

/**
 * Whether the definition of the execution's state machine has changed since the execution began
 * ("DescribeStateMachineForExecution" has the execution's definition, "DescribeStateMachine" the
 * present one).
 */
export async function isOlderThanMachine(machines: Pick<SFNClient, 'send'>, executionArn: string): Promise<boolean> {
  const then = await machines.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
  const now = await machines.send(new DescribeStateMachineCommand({ stateMachineArn: then.stateMachineArn }));
  return !isDeepStrictEqual(JSON.parse(then.definition ?? 'null'), JSON.parse(now.definition ?? 'null'));
}

export function historyOf(machines: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const request = { executionArn, maxResults: 1000, includeExecutionData: false };
  return everyItem(paginateGetExecutionHistory({ client: machines }, request), ({ events }) => events);
}

function endOf(execution: DescribeExecutionOutput, visits: readonly Visit[]): Ended {
  const { executionArn = '', status = '', error, cause, output, startDate, stopDate } = execution;
  const step = visits.at(-1)?.state ?? '';
  return {
    executionArn,
    status,
    failure: error === undefined ? undefined : CaughtFailureSchema.parse({ step, error, cause }),
    output: output === undefined ? undefined : JSON.parse(output),
    seconds: ((stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0)) / 1000,
    visits,
  };
}

/** Follows an execution until it ends in any way. */
export async function follow(machines: SFNClient, executionArn: string, options: FollowOptions = {}): Promise<Ended> {
  const { onProgress, everyMs = 300, signal } = options;
  let known = 0;
  for (;;) {
    // The status is read before the history, which is complete once the execution has ended.
    const execution = await machines.send(new DescribeExecutionCommand({ executionArn }));
    const hasEnded = execution.status !== 'RUNNING';
    const history = hasEnded || onProgress ? await historyOf(machines, executionArn) : [];
    const visits = visitsOf(history);
    if (history.length > known) onProgress?.(visits);
    known = history.length;
    if (hasEnded) return endOf(execution, visits);
    await pause(everyMs, undefined, { signal });
  }
}
