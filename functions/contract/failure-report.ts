import type { Failure, FailureReport, Outcome } from './tenant';
import { undosAfter, type Workflow, workflowOf } from './workflows';

/** Where this run can have made nothing but its first step, the machine goes straight to its undo. */
const undosOf = (workflow: Workflow, step: string, outcome: Outcome) =>
  outcome === 'held' ? Object.keys(workflow.undos) : undosAfter(workflow, step);

/** Page of an execution in the console of its region. */
export function executionLink(executionArn: string): string {
  const region = executionArn.split(':')[3] ?? '';
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}

/** Nothing is left to undo of what is undone, never was, or is somebody's to keep. */
const NOTHING_REMAINS: ReadonlySet<Outcome> = new Set(['rolled-back', 'refused', 'claim-lost', 'unannounced']);

/**
 * The one source of what records, events, the execution's cause and `npm run status` tell of a failed run.
 *
 * @param undone the undos that have ended well; after a complete rollback all of them have
 */
export function failureReport(run: {
  readonly executionArn: string;
  readonly failure: Failure;
  readonly outcome: Outcome;
  readonly undone?: readonly string[] | undefined;
  readonly stoppedAt?: Failure | undefined;
}): FailureReport {
  const { executionArn, failure, outcome, stoppedAt } = run;
  const { step, error, reason } = failure;
  const undos = undosOf(workflowOf(executionArn), step, outcome);
  const done = outcome === 'rolled-back' ? undos : (run.undone ?? []);
  return {
    step,
    error,
    reason,
    outcome,
    undone: undos.filter((undo) => done.includes(undo)),
    remaining: NOTHING_REMAINS.has(outcome) ? [] : undos.filter((undo) => !done.includes(undo)),
    ...(stoppedAt && { stoppedAt }),
    links: { execution: executionLink(executionArn) },
  };
}

const OUTCOME_TEXT: Readonly<Record<Outcome, string>> = {
  'rolling-back': 'It is being rolled back.',
  'rolled-back': 'Everything was undone.',
  held: 'Nothing was undone: what exists waits for a redrive.',
  refused: 'Nothing had been made.',
  'claim-lost': 'A newer execution has the tenant.',
  unfinished: 'The run ended outside its failure path: what exists waits for a redrive.',
  unannounced: 'The tenant is ACTIVE; only its announcement is missing.',
};

/** The report for a person, the failure itself in the first line: the execution's cause, and what `npm run status` prints. */
export function failureText(report: FailureReport): string {
  const { step, reason, outcome, undone, remaining, stoppedAt, links } = report;
  return [
    `${step}: ${reason}`,
    OUTCOME_TEXT[outcome],
    ...(undone.length > 0 ? [`Undone: ${undone.join(', ')}.`] : []),
    ...(remaining.length > 0 ? [`Not undone: ${remaining.join(', ')}.`] : []),
    ...(stoppedAt ? [`Stopped at ${stoppedAt.step}: ${stoppedAt.error}: ${stoppedAt.reason}`] : []),
    links.execution,
  ].join('\n');
}
