import type { ReleaseClaim } from '../contract/records';
import { ShiftRingInput, ShiftRingOutput } from '../contract/release';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { inGroups } from '../shared/in-groups';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import type { PlacedTenant } from '../tenants/placed-tenants';
import { place } from '../tenants/service-store';
import { aligningDeps } from './aligning-deps';
import { requireNotRecalled } from './intent';
import { note, ownClaim } from './release-store';
import { alignRingZero, RING_ZERO } from './ring-zero';
import { nextRing } from './rings';
import { alignTenants, isMovedBy, pointTenants, tenantsOf } from './tenants-of-cell';

/** "TransactWriteItems": at most 100. When one of them changes meanwhile, each is recorded by itself. */
const PLACED_AT_ONCE = 25;

export interface ShiftRingDeps extends AlignRuleDeps {
  readonly now: () => Date;
}

/** Those of the ring that an earlier call has moved, before it died: later than all other rings were recorded. */
function begunIn(asked: number, { rings }: ReleaseClaim, moved: readonly PlacedTenant[]): readonly PlacedTenant[] {
  const before = rings.filter(({ ring }) => ring !== asked).at(-1)?.at ?? '';
  return moved.filter(({ placement }) => placement && placement.at > before);
}

/**
 * Moves the next tenants to the new colour.
 *
 * 1. Choose them (rings.ts).
 * 2. Record the new colour, while the cell's item LIVE says that this attempt moves tenants. The record comes first:
 *    every other function that writes a rule reads it.
 * 3. Change the rules to the new colour. Read the records again, at the latest after eight seconds, and change those rules
 *    that should do something else by now, until there are none. In the last ring read all rules of the listener, too, and
 *    align those of moved tenants that do something else.
 * 4. Record the ring.
 *
 * Ring 0 is the cell's own page: it is moved before any tenant's. Here the ring is recorded first, as
 * the rule follows from that (ring-zero.ts). A cell of an older release has no such page, and begins with
 * ring 1.
 *
 * Called again after a death, it moves those of the ring that have not been moved, and reads the rules in each ring: step 3
 * finds those that were recorded and not changed. It goes on to no other ring: this one has not baked. A tenant that has
 * left service meanwhile is passed over.
 *
 * Undone by ReturnTenants.
 *
 * Throws `ReleaseRecalled`, `ClaimLost`, `TransientServiceUnsteady` when the colour has no healthy target. "ModifyRule":
 * an account may change some three rules a second; a throttled change waits for its turn.
 */
export const shiftRing: Action<typeof ShiftRingInput, typeof ShiftRingOutput, ShiftRingDeps> = {
  name: 'ShiftRing',
  input: ShiftRingInput,
  output: ShiftRingOutput,
  run: async (deps, { release, executionArn, ring: asked }) => {
    const { table, now } = deps;
    const { cell, to, attempt, releaseId } = release;
    const [claim, tenants] = await settled([
      ownClaim(table, { release, executionArn }),
      tenantsOf(table, cell, ['ACTIVE']),
    ]);
    requireNotRecalled(claim);
    const moved = isMovedBy(attempt);
    const record = (ring: number, count: number) => {
      const told = { ring, tenants: count, at: now().toISOString() };
      const rings = [...claim.rings.filter((each) => each.ring !== ring), told];
      return note(table, cell.name, executionArn, { phase: 'ShiftRing', rings });
    };
    if (asked === RING_ZERO && cell.ringZero) {
      await record(RING_ZERO, 0);
      await alignRingZero(deps, cell);
      logger.info('release.ring-zero-moved', { cell: cell.name, releaseId, to });
      return { ring: RING_ZERO, moved: 0, left: tenants.filter((tenant) => !moved(tenant)).length };
    }
    const wanted = Math.max(asked, 1);
    const begun = begunIn(wanted, claim, tenants.filter(moved));
    const { ring, chosen } = nextRing(tenants, wanted, releaseId, moved, begun.length > 0);
    const placement = { colour: to, release: attempt, at: now().toISOString() };
    const placed: PlacedTenant[] = [];
    for (const group of inGroups(chosen, PLACED_AT_ONCE)) placed.push(...(await place(table, cell, group, placement)));
    for (const { tenantId } of placed) logger.info('release.tenant-moved', { tenantId, releaseId, to, ring });
    const aim = { forward: cell.targetGroupArns[to] };
    const first = placed.flatMap(({ ruleArn }) => (ruleArn ? [{ ruleArn, aim, colour: to }] : []));
    const left = tenants.filter((tenant) => !moved(tenant)).length - chosen.length;
    if (left > 0 && begun.length === 0) await pointTenants(deps, cell, placed, first);
    else {
      const ids = [...tenants.filter(moved), ...chosen].map(({ tenantId }) => tenantId);
      await alignTenants(deps, cell, async () => ids, first);
    }
    await record(ring, begun.length + chosen.length);
    return { ring, moved: begun.length + chosen.length, left };
  },
};

export const handler = actionHandler(shiftRing, aligningDeps());
