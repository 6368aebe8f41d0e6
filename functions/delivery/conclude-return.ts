import { ConcludeReturnInput, ConcludeReturnOutput } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { ConcludedFailure } from '../shared/concluded-failure';
import { logger } from '../shared/logger';

/**
 * Ends a failed release under the name of the error that failed it, and starts it again when it is
 * redriven, as ConcludeFailure does with an onboarding.
 *
 * It has no undo, because it changes nothing.
 *
 * Throws the error that the release failed with.
 */
export const concludeReturn: Action<typeof ConcludeReturnInput, typeof ConcludeReturnOutput, object> = {
  name: 'ConcludeReturn',
  input: ConcludeReturnInput,
  output: ConcludeReturnOutput,
  run: async (_deps, { failure, concludedAtRedrive, redriveCount }) => {
    if (redriveCount <= concludedAtRedrive)
      throw new ConcludedFailure(failure.error, `${failure.step}: ${failure.reason}`);
    logger.info('release.starts-over', { redriveCount });
    return { startOver: true };
  },
};

export const handler = actionHandler(concludeReturn, {});
