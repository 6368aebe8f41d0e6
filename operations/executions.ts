import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  type HistoryEvent,
  paginateGetExecutionHistory,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { CaughtFailureSchema, type Failure } from '../functions/contract/tenant';
import { type Visit, visitsOf } from './progress';

export interface FollowOptions {
  /** Called whenever the execution has got on. */
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
  readonly seconds: number;
  readonly visits: readonly Visit[];
}

export async function historyOf(machines: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const history: HistoryEvent[] = [];
  const request = { executionArn, maxResults: 1000, includeExecutionData: false };
  for await (const { events = [] } of paginateGetExecutionHistory({ client: machines }, request))
    history.push(...events);
  return history;
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

/** Follows an execution to its end, however it ends. */
export async function follow(machines: SFNClient, executionArn: string, options: FollowOptions = {}): Promise<Ended> {
  const { onProgress, everyMs = 300, signal } = options;
  let known = 0;
  for (;;) {
    // Asked before the history, which is complete once the execution has ended.
    const execution = await machines.send(new DescribeExecutionCommand({ executionArn }));
    const history = await historyOf(machines, executionArn);
    const visits = visitsOf(history);
    if (history.length > known) onProgress?.(visits);
    known = history.length;
    if (execution.status !== 'RUNNING') return endOf(execution, visits);
    await pause(everyMs, undefined, { signal });
  }
}
