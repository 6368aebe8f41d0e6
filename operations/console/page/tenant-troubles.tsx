import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { TenantDetail } from '../api/tenant';
import { Advice } from './advice';
import { Time } from './time';

const OUTCOMES: Readonly<Record<string, string>> = {
  'rolling-back': 'The rollback is under way.',
  'rolled-back': 'Everything was undone.',
  held: 'Nothing was undone: the resources are kept for a redrive.',
  refused: 'The run created no resource.',
  'claim-lost': 'A newer execution has taken over the tenant.',
  unfinished: 'The run ended outside its failure path: resources may still exist. A redrive resumes it.',
  unannounced: 'The tenant is in service; only its announcement is missing.',
};

function WhyItFailed({ failure }: { readonly failure: NonNullable<TenantDetail['failure']> }) {
  const { step, error, reason, outcome, undone, remaining, stoppedAt, advice, link } = failure;
  return (
    <Alert type="error" header={`${step} failed: ${error}`}>
      <SpaceBetween size="xs">
        <div className="words">{reason}</div>
        {advice && <Advice advice={advice} />}
        <div>{OUTCOMES[outcome]}</div>
        {undone.length > 0 && <div>Undone: {undone.join(', ')}.</div>}
        {remaining.length > 0 && <div>Not undone: {remaining.join(', ')}.</div>}
        {stoppedAt && (
          <div className="words">
            Stopped at {stoppedAt.step}: {stoppedAt.error}: {stoppedAt.reason}
          </div>
        )}
        {link && (
          <Link href={link} external>
            execution in the AWS console
          </Link>
        )}
      </SpaceBetween>
    </Alert>
  );
}

/** All that an operator should know first: why it failed, why it is suspended, what an audit has found. */
export function TenantTroubles({ tenant }: { readonly tenant: TenantDetail }) {
  const { failure, suspension, audit, run } = tenant;
  const isOlder = run.olderThanMachine && run.redrivable;
  if (!failure && !suspension && !isOlder && (!audit || audit.verdict === 'isolated')) return null;
  return (
    <SpaceBetween size="s">
      {failure && <WhyItFailed failure={failure} />}
      {suspension && (
        <Alert type="warning" header="Out of service">
          <div className="words">{suspension.reason}</div>
          <Box fontSize="body-s">
            by <span className="mono">{suspension.by}</span>, <Time at={suspension.at} />
          </Box>
        </Alert>
      )}
      {audit && audit.verdict !== 'isolated' && (
        <Alert type={audit.verdict === 'drifted' ? 'error' : 'warning'} header={`The last audit: ${audit.verdict}`}>
          <div className="words">{audit.reason}</div>
        </Alert>
      )}
      {isOlder && (
        <Alert type="info">
          The run began with an older definition of the state machine. A redrive keeps that definition.
        </Alert>
      )}
    </SpaceBetween>
  );
}
