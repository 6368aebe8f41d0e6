import Box from '@cloudscape-design/components/box';
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { Run, RunState } from '../api/runs';
import { STEP_TEXT } from './step-text';
import { Clock } from './time';

/** How a state looks: its status as far as the run still goes on. */
export function lookOf({ status }: RunState, run: Run): StatusIndicatorProps.Type {
  if (status === 'done') return 'success';
  if (status === 'failed') return 'error';
  if (status === 'stopped' || run.status !== 'RUNNING') return 'stopped';
  return status === 'running' ? 'in-progress' : 'pending';
}

/** What a state does, how long it took, and what it met. */
export function StepDetails({ state, run }: { readonly state: RunState; readonly run: Run }) {
  const { startedAt, endedAt, errors, visits, status } = state;
  const retried = errors.length > 0 && status !== 'failed';
  // A state that failed in a parallel branch has no end.
  const isTimed = endedAt !== undefined || (status === 'running' && run.status === 'RUNNING');
  return (
    <Box color="text-body-secondary" fontSize="body-s">
      {STEP_TEXT[state.state]}
      {startedAt && isTimed && (
        <>
          {', '}
          <Clock from={startedAt} to={endedAt} />
        </>
      )}
      {visits > 1 && `, entered ${visits} times`}
      {errors.length > 0 && (
        <Box color={retried ? 'text-status-warning' : 'text-status-error'} fontSize="body-s">
          {retried ? 'retried after ' : ''}
          {errors.join(', ')}
        </Box>
      )}
    </Box>
  );
}
