import { DescribeExecutionCommand, GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { CaughtFailureSchema, type Failure } from '../contract/tenant';
import { workflowOf } from '../contract/workflows';
import type { Executions } from '../reservation/claims';
import { pages } from '../shared/paging';

/** The end of a run that has not succeeded. */
export interface RunEnd {
  readonly executionArn: string;
  /** Number of redrives of the execution. */
  readonly redriveCount: number;
  /** The input with which the execution was started. */
  readonly input: unknown;
  /** The state where it ended, its error and AWS's own cause. */
  readonly failure: Failure;
  /** Undos that have ended well in this attempt. */
  readonly undone: readonly string[];
  readonly stoppedOn: Date;
}

/**
 * Whether the run ended at its workflow's conclusion. Such a run has recorded and published its
 * failure itself.
 */
export const isConcluded = ({ executionArn, failure }: RunEnd) => failure.step === workflowOf(executionArn).conclusion;

/** Newest first ("GetExecutionHistory", `reverseOrder`), without inputs and outputs. */
async function* historyBackwards(sfn: Executions, executionArn: string): AsyncGenerator<HistoryEvent> {
  const latest = { executionArn, reverseOrder: true, includeExecutionData: false, maxResults: 200 };
  const ask = (nextToken?: string) => sfn.send(new GetExecutionHistoryCommand({ ...latest, nextToken }));
  for await (const { events = [] } of pages(ask, 'nextToken')) yield* events;
}

/**
 * The state at which the last attempt ended, and the undos that it completed. The attempt ended at
 * the state that it entered last and did not exit. In a Parallel several states may match. Events
 * before the workflow's first state belong to an earlier attempt.
 */
async function lastAttempt(sfn: Executions, executionArn: string): Promise<{ endedAt: string; undone: string[] }> {
  const { firstState, undos } = workflowOf(executionArn);
  const exited = new Set<string>();
  let endedAt: string | undefined;
  for await (const event of historyBackwards(sfn, executionArn)) {
    const exit = event.stateExitedEventDetails?.name;
    if (exit) exited.add(exit);
    const entered = event.stateEnteredEventDetails?.name;
    if (entered && !exited.has(entered)) endedAt ??= entered;
    if (entered === firstState) break;
  }
  return { endedAt: endedAt ?? firstState, undone: Object.keys(undos).filter((undo) => exited.has(undo)) };
}

/**
 * Error and cause of an execution that has none. The caller of StopExecution may give both
 * ("StopExecution").
 */
const NAMELESS: Readonly<Record<string, { error: string; cause: string }>> = {
  ABORTED: { error: 'RunAborted', cause: 'the execution was stopped without an error name' },
  TIMED_OUT: { error: 'States.Timeout', cause: 'the execution reached its timeout' },
};

/**
 * The end of an execution that AWS no longer has: its state machine was deleted, or 90 days have
 * passed. Only the values of the event or of the tenant's record are known.
 */
export const forgottenRun = (
  executionArn: string,
  remembered: {
    input: unknown;
    redriveCount?: number | undefined;
    error?: string | undefined;
    cause?: string | undefined;
  },
): RunEnd => ({
  executionArn,
  redriveCount: remembered.redriveCount ?? 0,
  input: remembered.input,
  failure: CaughtFailureSchema.parse({
    step: 'unknown',
    error: remembered.error ?? 'UnexpectedFailure',
    cause: remembered.cause ?? 'the execution was deleted',
  }),
  undone: [],
  stoppedOn: new Date(0),
});

/**
 * @returns undefined when the execution is running (it has been redriven) or has succeeded
 */
export async function describeRunEnd(sfn: Executions, executionArn: string): Promise<RunEnd | undefined> {
  const described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  const { status = '', error, cause, input = 'null', stopDate = new Date(0), redriveCount = 0 } = described;
  if (status === 'RUNNING' || status === 'SUCCEEDED' || status === 'PENDING_REDRIVE') return undefined;
  const { endedAt, undone } = await lastAttempt(sfn, executionArn);
  const nameless = NAMELESS[status];
  return {
    executionArn,
    redriveCount,
    input: JSON.parse(input),
    failure: CaughtFailureSchema.parse({
      step: endedAt,
      error: error ?? nameless?.error ?? 'UnexpectedFailure',
      cause: cause ?? nameless?.cause,
    }),
    undone,
    stoppedOn: stopDate,
  };
}
