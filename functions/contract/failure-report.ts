import type { Failure, FailureReport, Outcome } from './tenant';
import { undosAfter, type Workflow, workflowOf } from './workflows';

/** A held run keeps everything, so every undo is still to come, whichever state failed. */
const undosOf = (workflow: Workflow, step: string, outcome: Outcome) =>
  outcome === 'held' ? Object.keys(workflow.undos) : undosAfter(workflow, step);

/** Page of an execution in the console of its region. */
export function executionLink(executionArn: string): string {
  const region = executionArn.split(':')[3] ?? '';
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}

/** Outcomes after which this run has nothing left to undo. */
const NOTHING_REMAINS: ReadonlySet<Outcome> = new Set(['rolled-back', 'refused', 'claim-lost', 'unannounced']);

/**
 * The report of a failed run. The tenant's record, the event, the execution's cause and
 * `npm run status` all show this report.
 *
 * @param undone the undos that have succeeded; after a complete rollback that is all of them
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
  'rolling-back': 'The rollback is under way.',
  'rolled-back': 'Everything was undone.',
  held: 'Nothing was undone: the resources are kept for a redrive.',
  refused: 'This run created no resource.',
  'claim-lost': 'A newer execution has taken over the tenant.',
  unfinished: 'The run ended outside its failure path: its resources may still exist, and a redrive resumes it.',
  unannounced: 'The tenant is ACTIVE; only its event TenantOnboarded is missing.',
};

/**
 * The report as text, with the failure in the first line. It is the execution's cause, and
 * `npm run status` prints it.
 */
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
