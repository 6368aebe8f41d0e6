import type { HistoryEvent } from '@aws-sdk/client-sfn';

/**
 * State transitions as AWS bills them. "AWS Step Functions Pricing": one each time a step of the workflow is executed,
 * retries included. A step that is tried again is scheduled again without being entered again.
 */
export function stateTransitions(events: readonly HistoryEvent[]): number {
  const count = (wanted: (type: string) => boolean) => events.filter(({ type }) => type && wanted(type)).length;
  const entered = count((type) => type.endsWith('StateEntered'));
  const attempts = count((type) => type === 'TaskScheduled' || type === 'LambdaFunctionScheduled');
  const tasks = count((type) => type === 'TaskStateEntered');
  return entered + Math.max(0, attempts - tasks);
}

/** Seconds from entering a state to leaving it, the last time that it was entered. */
export function secondsIn(events: readonly HistoryEvent[], state: string): number {
  const entered = events.findLast((event) => event.stateEnteredEventDetails?.name === state);
  const exited = events.findLast((event) => event.stateExitedEventDetails?.name === state);
  if (!entered?.timestamp || !exited?.timestamp) return Number.NaN;
  return (exited.timestamp.getTime() - entered.timestamp.getTime()) / 1000;
}

const REPORT = /^REPORT RequestId: \S+\s+Duration: [\d.]+ ms\s+Billed Duration: ([\d.]+) ms\s+Memory Size: (\d+) MB/;

/** One invocation as Lambda reports it in the function's log; undefined for every other line. */
export function reportedInvocation(line: string): { ms: number; gbSeconds: number } | undefined {
  const [, ms, megabytes] = REPORT.exec(line) ?? [];
  if (ms === undefined || megabytes === undefined) return undefined;
  return { ms: Number(ms), gbSeconds: (Number(ms) / 1000) * (Number(megabytes) / 1024) };
}
