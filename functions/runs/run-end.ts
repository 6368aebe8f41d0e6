import { DescribeExecutionCommand, GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { CaughtFailureSchema, type Failure } from '../contract/tenant';
import { workflowOf } from '../contract/workflows';
import type { Executions } from '../reservation/claims';
import { isNamed } from '../shared/is-named';
import { pages } from '../shared/paging';

/** How a run ended that has not succeeded. */
export interface RunEnd {
  readonly executionArn: string;
  /** How often the execution had been redriven. */
  readonly redriveCount: number;
  /** The execution's input, as it was started. */
  readonly input: unknown;
  /** The state where it ended, its error and AWS's own cause. */
  readonly failure: Failure;
  /** Undos that have ended well in this attempt. */
  readonly undone: readonly string[];
  readonly stoppedOn: Date;
}

/** A run that ended there has recorded and published its failure itself. */
export const isConcluded = ({ executionArn, failure }: RunEnd) => failure.step === workflowOf(executionArn).conclusion;

/** Newest first ("GetExecutionHistory", `reverseOrder`), without inputs and outputs. */
async function* historyBackwards(sfn: Executions, executionArn: string): AsyncGenerator<HistoryEvent> {
  const latest = { executionArn, reverseOrder: true, includeExecutionData: false, maxResults: 200 };
  const ask = (nextToken?: string) => sfn.send(new GetExecutionHistoryCommand({ ...latest, nextToken }));
  for await (const { events = [] } of pages(ask, (page) => page.nextToken)) yield* events;
}

/**
 * Where the last attempt ended: at the state that was entered last and not exited. In a Parallel
 * there may be several.
 * What the history says before the workflow's first state is of an earlier attempt.
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

/** An execution that was stopped has the error and cause that its stopper gave, if any ("StopExecution"). */
const NAMELESS: Readonly<Record<string, { error: string; cause: string }>> = {
  ABORTED: { error: 'RunAborted', cause: 'the execution was stopped without an error name' },
  TIMED_OUT: { error: 'States.Timeout', cause: 'the execution reached its timeout' },
};

/** Of an execution that AWS has forgotten, with its machine or after 90 days, there is only what others remember. */
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

export const isForgotten = (thrown: unknown) => isNamed(thrown, 'ExecutionDoesNotExist');

/**
 * @returns undefined while the execution runs (it has been redriven), and where it has succeeded
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
