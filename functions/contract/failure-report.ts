import * as z from 'zod';
import { STEPS } from './steps';
import { type Failure, FailureSchema } from './tenant';

/**
 * What became of the resources of a run that failed. rolling-back: they are being undone. rolled-back: all are undone.
 * held: kept for a redrive. refused: there never were any. claim-lost: a newer execution has them. unfinished: the run
 * ended outside its failure path; they may exist, and a redrive resumes it. unannounced: the tenant is ACTIVE, and only
 * its announcement failed.
 */
export const OutcomeSchema = z.enum([
  'rolling-back',
  'rolled-back',
  'held',
  'refused',
  'claim-lost',
  'unfinished',
  'unannounced',
]);
export type Outcome = z.infer<typeof OutcomeSchema>;

/** States that undo, in the order of the rollback. */
export const UNDO_STATES: readonly string[] = [...STEPS]
  .reverse()
  .flatMap((step): readonly string[] => ('undo' in step ? step.undo.states : []));

/** Where this run can have made nothing but the reservation, the machine goes straight to its undo. */
const undosOf = (step: string, outcome: Outcome) =>
  step === 'ReserveTenant' && outcome !== 'held'
    ? UNDO_STATES.filter((state) => state === 'ReleaseReservation')
    : UNDO_STATES;

/** What records, events and `npm run status` tell beyond the failure itself: all three by the one function below. */
export const FailureReportSchema = FailureSchema.extend({
  outcome: OutcomeSchema,
  /** Undos that are done. */
  undone: z.array(z.string()),
  /** Undos that are not: what they take away may exist, and cost money. */
  remaining: z.array(z.string()),
  /** Where and why the run itself ended, if not there: an undo that failed, somebody who stopped it. */
  stoppedAt: FailureSchema.optional(),
  links: z.object({ execution: z.url() }),
});
export type FailureReport = z.infer<typeof FailureReportSchema>;

/** Page of an execution in the console of its region. */
export function executionLink(executionArn: string): string {
  const region = executionArn.split(':')[3] ?? '';
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}

/** Nothing is left to undo of what is undone, never was, or is somebody's to keep. */
const NOTHING_REMAINS: ReadonlySet<Outcome> = new Set(['rolled-back', 'refused', 'claim-lost', 'unannounced']);

/**
 * @param undone the undos that have ended well; after a complete rollback all of them have
 */
export function failureReport(run: {
  readonly executionArn: string;
  readonly failure: Failure;
  readonly outcome: Outcome;
  readonly undone?: readonly string[];
  readonly stoppedAt?: Failure | undefined;
}): FailureReport {
  const { executionArn, failure, outcome, stoppedAt } = run;
  const { step, error, reason } = failure;
  const undos = undosOf(step, outcome);
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
