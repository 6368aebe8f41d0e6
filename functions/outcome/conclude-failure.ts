import { failureText } from '../contract/failure-report';
import { ConcludeFailureInput, ConcludeFailureOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { ConcludedFailure } from '../shared/concluded-failure';
import { logger } from '../shared/logger';

/**
 * Ends a failed run, and begins it again when it is redriven.
 *
 * 1. Reached by the failure path: fail under the error's own name, with the whole report as the cause: what record and event
 *    say.
 * 2. Reached by a redrive, which begins at the state that failed, this one: the redrive count is higher than it was when the
 *    failure was published, and the machine leads back to the start.
 *
 * Nothing undoes it; it changes nothing.
 *
 * Throws the error that the run failed with. "Restarting state machine executions with redrive in Step Functions": a
 * redrive continues from the unsuccessful step and increments the redrive count.
 */
export const concludeFailure: Action<typeof ConcludeFailureInput, typeof ConcludeFailureOutput, object> = {
  name: 'ConcludeFailure',
  input: ConcludeFailureInput,
  output: ConcludeFailureOutput,
  run: async (_deps, { report, concludedAtRedrive, redriveCount }) => {
    if (redriveCount <= concludedAtRedrive) throw new ConcludedFailure(report.error, failureText(report));
    logger.info('onboarding.starts-over', { redriveCount });
    return { startOver: true };
  },
};

export const handler = actionHandler(concludeFailure, {});
