import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { type Releases as ReleaseList, ReleasesSchema } from '../../api/stage';
import { Failure } from '../failure';
import { RunProgress } from '../run-progress';
import { StageActDialog } from '../stage-act-dialog';
import { Time } from '../time';
import { useLive } from '../use-live';

type CellRelease = ReleaseList['releases'][number];
type Claim = NonNullable<CellRelease['claim']>;

/** What an operator has asked of a release under way. */
const INTENTS: Readonly<Record<Claim['intent'], string>> = {
  ...{ go: '', hold: ', asked to hold after this ring', back: ', asked to bring the tenants back' },
};

function Outcome({ endedAt, outcome, failure, phase, intent, stopped }: Claim & Pick<CellRelease, 'stopped'>) {
  if (stopped) return <StatusIndicator type="stopped">{`stopped at ${phase}`}</StatusIndicator>;
  if (!endedAt) return <StatusIndicator type="in-progress">{`${phase}${INTENTS[intent]}`}</StatusIndicator>;
  if (outcome === 'completed') return <StatusIndicator type="success">completed</StatusIndicator>;
  return <StatusIndicator type="error">{outcome ?? failure?.error ?? 'ended'}</StatusIndicator>;
}

function Release({ claim, stopped }: { readonly claim: Claim } & Pick<CellRelease, 'stopped'>) {
  const { releaseId, digest, from, to, rings, startedAt, endedAt, failure, executionArn } = claim;
  return (
    <SpaceBetween size="m">
      {failure && (
        <Alert type="error" header={`${failure.step} failed: ${failure.error}`}>
          <div className="words">{failure.reason}</div>
        </Alert>
      )}
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Release', value: releaseId },
          { label: 'State', value: <Outcome {...claim} stopped={stopped} /> },
          { label: 'Image', value: <span className="mono">{digest}</span> },
          { label: 'Moves tenants', value: `from ${from} to ${to}` },
          { label: 'Started', value: <Time at={startedAt} /> },
          { label: 'Ended', value: <Time at={endedAt} /> },
        ]}
      />
      <div>
        <Box variant="h3">Rings that were moved</Box>
        {rings.length === 0 && 'None yet.'}
        <ol className="rings">
          {rings.map(({ ring, tenants, at }) => (
            <li key={ring}>
              {ring === 0 ? 'the cell’s own page' : `${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}`},{' '}
              <Time at={at} />
            </li>
          ))}
        </ol>
      </div>
      <RunProgress execution={executionArn} />
    </SpaceBetween>
  );
}

/** Orders to a release. Without one under way only its image before can come back. */
const ORDERS = [
  ['hold', 'Hold'],
  ['go', 'Go on'],
  ['back', 'Bring back'],
] as const;

function Orders({ cell, claim }: Pick<CellRelease, 'cell' | 'claim'>) {
  const [order, setOrder] = useState<{ readonly act: (typeof ORDERS)[number][0]; readonly label: string }>();
  const isOver = !claim || claim.endedAt !== undefined;
  return (
    <>
      <SpaceBetween size="xs" direction="horizontal">
        {ORDERS.map(([act, label]) => (
          <Button
            key={act}
            ariaLabel={`${label} ${cell}`}
            onClick={() => setOrder({ act, label })}
            disabled={isOver && act !== 'back'}
            {...(isOver && act !== 'back' && { disabledReason: 'No release is under way in this cell.' })}
          >
            {label}
          </Button>
        ))}
      </SpaceBetween>
      {order && (
        <StageActDialog order={{ act: order.act, cell }} label={order.label} onDismiss={() => setOrder(undefined)} />
      )}
    </>
  );
}

function OfCell({ cell, live, claim, stopped }: CellRelease) {
  const description = live ? (
    <>
      {live.colour} is live since <Time at={live.since} />
      {live.digest && (
        <>
          {', image '}
          <span className="mono">{live.digest}</span>
        </>
      )}
    </>
  ) : (
    'No colour is live yet.'
  );
  return (
    <Container
      header={
        <Header variant="h2" description={description} actions={<Orders cell={cell} claim={claim} />}>
          {`Cell ${cell}`}
        </Header>
      }
    >
      {claim ? <Release claim={claim} stopped={stopped} /> : 'No release so far.'}
    </Container>
  );
}

/** The release under way in each cell, ring by ring, or the last one. */
export default function Releases() {
  const { data, error, refetch } = useLive('/api/releases', ReleasesSchema, () => ['releases']);
  if (error) return <Failure title="Releases" of={error} retry={refetch} />;
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description="A release brings an image of the shared service to the tenants, ring by ring.">
        Releases
      </Header>
      {!data && <Spinner />}
      {data?.releases.map((release) => (
        <OfCell key={release.cell} {...release} />
      ))}
    </SpaceBetween>
  );
}
