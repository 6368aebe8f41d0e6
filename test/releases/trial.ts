import { setTimeout as pause } from 'node:timers/promises';
import { RING_ZERO } from '../../functions/delivery/ring-zero';
import type { Version } from '../../local/service-versions';
import type { Ended } from '../../operations/client/executions';
import type { ReleaseStage } from './stage';

/** What a trial does to a release, and how the release has to end. */
export interface Trial {
  readonly fault: string;
  readonly phase: string;
  /** `completed`, or the name of the error with which the release returns. */
  readonly expected: string;
  /** Whether visitors of the first rings may meet the faulty version. */
  readonly mayExpose?: true;
  /** Whether the version serves visitors well: whoever meets it before it is returned has no harm. */
  readonly isGood?: true;
  /** Whether nobody visits the tenants during the trial. */
  readonly unvisited?: true;
  readonly run: (stage: ReleaseStage) => Promise<{ readonly run: Ended; readonly digest: string }>;
}

/** Pushes a version and begins its release. */
export const of = async (stage: ReleaseStage, version: Version) => {
  const digest = await stage.push(version);
  return { digest, executionArn: await stage.begin(digest) };
};

/** A release of a version, from its start to its end. */
export const image = (version: Version, phase: string, expected: string, mayExpose?: true): Trial => ({
  ...{ fault: `image: ${version}`, phase, expected, ...(mayExpose && { mayExpose }) },
  run: async (stage) => {
    const { digest, executionArn } = await of(stage, version);
    return { digest, run: await stage.follow(executionArn) };
  },
});

/** Something happens while the release is under way. */
export const meanwhile = (
  fault: string,
  phase: string,
  expected: string,
  act: (stage: ReleaseStage, executionArn: string) => Promise<unknown>,
): Trial => ({
  ...{ fault, phase, expected, isGood: true },
  run: async (stage) => {
    const { digest, executionArn } = await of(stage, 'good');
    const [run] = await Promise.all([stage.follow(executionArn), act(stage, executionArn)]);
    return { digest, run };
  },
});

/** Waits until the first tenants bake: no visitor asks for the page of ring 0. */
export async function untilTenantsBake(stage: ReleaseStage, executionArn: string): Promise<void> {
  await until(stage, executionArn, 'ShiftRing');
  for (;;) {
    const claim = await stage.claim();
    const isMoved = claim?.rings.some(({ ring }) => ring > RING_ZERO);
    if (!claim || claim.endedAt || (isMoved && claim.waiting?.for === 'bake')) return;
    await pause(20);
  }
}

/** Waits until the release has come to the state. */
export async function until(stage: ReleaseStage, executionArn: string, state: string): Promise<void> {
  const there = new AbortController();
  const onProgress = (visits: readonly { state: string }[]) => {
    if (visits.some((visit) => visit.state === state)) there.abort();
  };
  await stage.client.follow(executionArn, { everyMs: 20, signal: there.signal, onProgress }).catch(() => undefined);
}
