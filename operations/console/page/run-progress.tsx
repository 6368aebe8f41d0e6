import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Link from '@cloudscape-design/components/link';
import LiveRegion from '@cloudscape-design/components/live-region';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Steps from '@cloudscape-design/components/steps';
import { RunSchema } from '../api/runs';
import { Failure } from './failure';
import { RunGraph } from './run-graph';
import { lookOf, StepDetails } from './run-step';
import { runText, shownStates } from './step-text';
import { Clock } from './time';
import { useLive } from './use-live';

const RUN_LOOKS: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  ...{ RUNNING: 'in-progress', SUCCEEDED: 'success', PENDING_REDRIVE: 'pending', ABORTED: 'stopped', deleted: 'info' },
};

/** The status of an execution in Step Functions' words. */
export function RunStatus({ of: status }: { readonly of: string }) {
  return <StatusIndicator type={RUN_LOOKS[status] ?? 'error'}>{status}</StatusIndicator>;
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
        {link && (
          <>
            {', '}
            <Link href={link} external>
              execution in the AWS console
            </Link>
          </>
        )}
      </Box>
      <RunGraph run={run} />
      <ExpandableSection headerText="The same as a list">
        <Steps
          ariaLabel={`Steps of ${run.workflow}`}
          steps={shownStates(run).map((state) => ({
            status: lookOf(state, run),
            statusIconAriaLabel: lookOf(state, run),
            header: <span>{state.state}</span>,
            details: <StepDetails state={state} run={run} />,
          }))}
        />
      </ExpandableSection>
      <LiveRegion hidden>{runText(run)}</LiveRegion>
    </>
  );
}
