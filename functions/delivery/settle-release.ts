import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { freeScaling, type Scaling } from '../compute/scaling';
import { SettleReleaseInput, SettleReleaseOutput } from '../contract/release';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { logger } from '../shared/logger';
import { aligningDeps } from './aligning-deps';
import { note, noteLeft, ownClaim, settle } from './release-store';
import { alignTenants } from './tenants-of-cell';

export interface SettleReleaseDeps extends AlignRuleDeps {
  readonly scaling: Scaling;
  readonly now: () => Date;
  /** How long the former version stays, seconds. */
  readonly graceSeconds: number;
}

/**
 * Makes the new colour the live one of the cell. It is the end of the way back: from here on, going
 * back is a release of its own.
 *
 * 1. Write the cell's item LIVE, once. Every tenant belongs to the new colour now, also one that is
 *    activated, resumed or suspended at this moment.
 * 2. Align the rules of those who came too late for a ring, until there are none. From then on the former colour counts as left.
 * 3. Let both colours scale again.
 *
 * The former colour keeps its tasks for the grace period; the sweep empties it afterwards.
 *
 * Throws `ClaimLost`, `TransientServiceUnsteady`, `TransientConflict` when there are always more.
 */
export const settleRelease: Action<typeof SettleReleaseInput, typeof SettleReleaseOutput, SettleReleaseDeps> = {
  name: 'SettleRelease',
  input: SettleReleaseInput,
  output: SettleReleaseOutput,
  run: async (deps, owned) => {
    const { table, scaling, now, graceSeconds } = deps;
    const { cell, releaseId, from, to } = owned.release;
    await ownClaim(table, owned);
    await note(table, cell.name, owned.executionArn, { phase: 'SettleRelease' });
    const at = now();
    const keepUntil = new Date(at.getTime() + graceSeconds * 1000).toISOString();
    const begun = await settle(table, owned, at.toISOString(), keepUntil);
    logger.info('release.settled', { cell: cell.name, releaseId, live: to });
    const aligned = await alignTenants(deps, cell);
    if (aligned > 0 || !begun) await noteLeft(table, cell.name, from, now());
    await freeScaling(scaling, cell);
    return { aligned };
  },
};

export const handler = actionHandler(settleRelease, {
  ...aligningDeps(),
  scaling: new ApplicationAutoScalingClient(clientOptions),
  get graceSeconds() {
    return Number(env('GRACE_SECONDS'));
  },
});
