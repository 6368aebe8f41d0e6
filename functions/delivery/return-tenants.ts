import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { ECSClient } from '@aws-sdk/client-ecs';
import { type Containers, fillLive } from '../compute/ecs-services';
import { freeScaling, type Scaling } from '../compute/scaling';
import { isRefusedByWebAcl, type PageRequest, requestPage, untilServed } from '../compute/tenant-page';
import { ReturnTenantsInput, ReturnTenantsOutput } from '../contract/release';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { logger } from '../shared/logger';
import { someAtOnce } from '../shared/some-at-once';
import { aligningDeps } from './aligning-deps';
import { isFailed } from './ask-pages';
import { note, noteLeft, ownClaim, withdraw } from './release-store';
import { alignTenants, isMovedBy, tenantsOf } from './tenants-of-cell';

export interface ReturnTenantsDeps extends AlignRuleDeps {
  readonly ecs: Containers;
  readonly scaling: Scaling;
  readonly page: PageRequest;
  readonly now: () => Date;
  /** How long the failed version stays for diagnosis, seconds. */
  readonly graceSeconds: number;
}

/** A tenant whose rule somebody has deleted gets the listener's 404, and keeps no other tenant from the return. */
const isAnswered = ({ status }: { readonly status: number }) => !isFailed(status) && !isRefusedByWebAcl(status);

/**
 * Brings the tenants of a failed release back to the version that they had. The undo of ShiftRing.
 *
 * 1. End the placements of the release in one write: every tenant belongs to the former colour, which
 *    has been live all the time and has all its tasks.
 * 2. Give the former colour its tasks again, if somebody has taken them away meanwhile.
 * 3. Align the rules of those that were moved, until none is astray. From then on the failed colour counts as left.
 * 4. Ask for the page of each of them until it is served. Let both colours scale again.
 *
 * It may be called any number of times, also when no tenant was moved. The failed colour keeps its
 * tasks for the grace period, and no request reaches it.
 *
 * Throws `ClaimLost`, `TransientConflict` when tenants come to the failed colour again and again,
 * `TransientServiceUnsteady` when the former colour has no healthy target, or a page is not served.
 */
export const returnTenants: Action<typeof ReturnTenantsInput, typeof ReturnTenantsOutput, ReturnTenantsDeps> = {
  name: 'ReturnTenants',
  input: ReturnTenantsInput,
  output: ReturnTenantsOutput,
  run: async (deps, { release, executionArn, failure }) => {
    const { table, ecs, scaling, now, graceSeconds, page } = deps;
    const { cell, from, to, attempt, releaseId } = release;
    await ownClaim(table, { release, executionArn });
    const at = now();
    await note(table, cell.name, executionArn, {
      ...{ phase: 'ReturnTenants', waiting: undefined },
      failure: { ...failure, at: at.toISOString() },
    });
    const keepUntil = new Date(at.getTime() + graceSeconds * 1000).toISOString();
    const begun = await withdraw(table, { release, executionArn }, at.toISOString(), keepUntil);
    await fillLive(ecs, cell, from);
    const aligned = await alignTenants(deps, cell);
    if (aligned > 0 || !begun) await noteLeft(table, cell.name, to, now());
    const moved = (await tenantsOf(table, cell, ['ACTIVE'])).filter(isMovedBy(attempt));
    await someAtOnce(moved, ({ host }) => untilServed(() => page(cell, host), host, isAnswered));
    await freeScaling(scaling, cell);
    logger.warn('release.returned', { cell: cell.name, releaseId, ...failure, tenants: moved.length });
    return { aligned };
  },
};

export const handler = actionHandler(returnTenants, {
  ...aligningDeps(),
  ecs: new ECSClient(clientOptions),
  scaling: new ApplicationAutoScalingClient(clientOptions),
  page: requestPage,
  get graceSeconds() {
    return Number(env('GRACE_SECONDS'));
  },
});
