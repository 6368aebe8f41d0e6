import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useMemo, useState } from 'react';
import type { Run, RunState } from '../api/runs';
import { layoutOf, NODE, type Place } from './flow-layout';
import { lookOf, StepDetails } from './run-step';
import { Clock, Time } from './time';

const LANES: Readonly<Record<RunState['part'], string>> = {
  ...{ forward: 'The way forward', undo: 'Rollback, from below', failure: 'End of a failed run' },
};

const STATUS_TEXT: Readonly<Record<RunState['status'], string>> = {
  ...{ waiting: 'not reached', running: 'under way', done: 'done', failed: 'failed', stopped: 'stopped' },
};

interface NodeProps {
  readonly place: Place;
  readonly state: RunState;
  readonly run: Run;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

/** A state: a button that shows more of it. */
function Node({ place: { x, y }, state, run, isChosen, onChoose }: NodeProps) {
  const { startedAt, endedAt, status } = state;
  const isCurrent = status === 'running' && run.status === 'RUNNING';
  return (
    <button
      type="button"
      className={`node node-${isCurrent ? 'running' : status}`}
      style={{ insetInlineStart: x, insetBlockStart: y, inlineSize: NODE.width, blockSize: NODE.height }}
      aria-pressed={isChosen}
      {...(isCurrent && { 'aria-current': 'step' as const })}
      onClick={onChoose}
    >
      <span className="node-name">{state.state}</span>
      <StatusIndicator type={lookOf(state, run)}>
        {startedAt && (endedAt || isCurrent) ? <Clock from={startedAt} to={endedAt} /> : STATUS_TEXT[status]}
      </StatusIndicator>
    </button>
  );
}

/** The state that matters most now: the one under way, else the first that failed, else the last one. */
function currentOf({ states }: Run): RunState | undefined {
  const is = (status: RunState['status']) => states.find((state) => state.status === status);
  return is('running') ?? is('failed') ?? states.findLast(({ status }) => status !== 'waiting') ?? states[0];
}

/** A run as a drawing of its workflow, with what each state has come to. */
export function RunGraph({ run }: { readonly run: Run }) {
  const [choice, choose] = useState<string>();
  const { width, height, lanes, places, ways } = useMemo(() => layoutOf(run), [run]);
  const stateOf = (name: string) => run.states.find(({ state }) => state === name);
  const chosen = (choice === undefined ? undefined : stateOf(choice)) ?? currentOf(run);
  return (
    <>
      <section className="graph" aria-label={`Drawing of ${run.workflow}`}>
        <div className="graph-canvas" style={{ inlineSize: width, blockSize: height }}>
          <svg width={width} height={height} aria-hidden="true">
            <defs>
              <marker
                {...{ id: 'arrow', viewBox: '0 0 6 6', refX: 6, refY: 3, orient: 'auto' }}
                {...{ markerUnits: 'userSpaceOnUse', markerWidth: 9, markerHeight: 9 }}
              >
                <path d="M0 0L6 3L0 6z" />
              </marker>
            </defs>
            {ways.map(({ key, path, kind, taken }) => (
              <path key={key} d={path} className={`way way-${kind}${taken ? ' way-taken' : ''}`} />
            ))}
          </svg>
          {lanes.map(({ part, x }) => (
            <div key={part} className="graph-lane" style={{ insetInlineStart: x }}>
              {LANES[part]}
            </div>
          ))}
          {places.map((place) => {
            const state = stateOf(place.state);
            return (
              state && (
                <Node
                  key={place.state}
                  {...{ place, state, run, isChosen: chosen === state, onChoose: () => choose(place.state) }}
                />
              )
            );
          })}
        </div>
      </section>
      {chosen && (
        <div className="graph-chosen">
          <Box variant="strong">{chosen.state}</Box>
          {chosen.startedAt && (
            <>
              {' '}
              entered <Time at={chosen.startedAt} />
            </>
          )}
          <StepDetails state={chosen} run={run} />
        </div>
      )}
    </>
  );
}
