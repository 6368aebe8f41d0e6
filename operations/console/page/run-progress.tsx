import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import LiveRegion from '@cloudscape-design/components/live-region';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Steps from '@cloudscape-design/components/steps';
import { type Run, RunSchema, type RunState } from '../api';
import { Failure } from './failure';
import { runText, STEP_TEXT, shownStates } from './step-text';
import { Clock } from './time';
import { useLive } from './use-live';

const RUN_LOOKS: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  ...{ RUNNING: 'in-progress', SUCCEEDED: 'success', PENDING_REDRIVE: 'pending', ABORTED: 'stopped', deleted: 'info' },
};

/** The status of an execution in Step Functions' words. */
export function RunStatus({ of: status }: { readonly of: string }) {
  return <StatusIndicator type={RUN_LOOKS[status] ?? 'error'}>{status}</StatusIndicator>;
}

function lookOf({ status }: RunState, run: Run): StatusIndicatorProps.Type {
  if (status === 'done') return 'success';
  if (status === 'failed') return 'error';
  if (status === 'stopped' || run.status !== 'RUNNING') return 'stopped';
  return status === 'running' ? 'in-progress' : 'pending';
}

function StepDetails({ state, run }: { readonly state: RunState; readonly run: Run }) {
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

/** The states of a run as they happen. @param execution its ARN */
export function RunProgress({ execution }: { readonly execution: string }) {
  const path = `/api/run?${new URLSearchParams({ execution })}`;
  const { data: run, error, refetch } = useLive(path, RunSchema, () => [`run:${execution}`]);
  if (error) return <Failure of={error} retry={refetch} />;
  if (!run) return <Spinner />;
  const { status, startedAt, endedAt, attempt, attemptStartedAt, link } = run;
  return (
    <>
      <Box margin={{ bottom: 's' }}>
        <RunStatus of={status} />
        {startedAt && (
          <>
            {' '}
            {endedAt ? 'after' : 'for'} <Clock from={attemptStartedAt ?? startedAt} to={endedAt} />
          </>
        )}
        {attempt > 1 && `, attempt ${attempt}`}
        {', '}
        <Link href={link} external>
          execution in the AWS console
        </Link>
      </Box>
      <Steps
        ariaLabel={`Steps of ${run.workflow}`}
        steps={shownStates(run).map((state) => ({
          status: lookOf(state, run),
          statusIconAriaLabel: lookOf(state, run),
          header: <span>{state.state}</span>,
          details: <StepDetails state={state} run={run} />,
        }))}
      />
      <LiveRegion hidden>{runText(run)}</LiveRegion>
    </>
  );
}
