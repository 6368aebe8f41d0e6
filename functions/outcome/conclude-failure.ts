import { failureText } from '../contract/failure-report';
import { ConcludeFailureInput, ConcludeFailureOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { ConcludedFailure } from '../shared/concluded-failure';
import { logger } from '../shared/logger';

/**
 * Ends a failed run, and starts it again when it is redriven.
 *
 * 1. At the end of the failure path, fail under the name of the error that failed the run. The
 *    cause is the report of record and event.
 * 2. A redrive begins at the state that failed, which is this one. The redrive count is then higher
 *    than when the failure was published, and the state machine goes back to its first state.
 *
 * It has no undo, because it changes nothing.
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
