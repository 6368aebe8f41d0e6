import { rememberingHealth } from '../compute/target-health';
import { ShiftRingInput, ShiftRingOutput } from '../contract/release';
import { type AlignRuleDeps, alignRule } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { place } from '../tenants/service-store';
import { aligningDeps } from './aligning-deps';
import { requireNotRecalled } from './intent';
import { note, ownClaim } from './release-store';
import { nextRing } from './rings';
import { forEachTenant, isMovedBy, tenantsOf } from './tenants-of-cell';

export interface ShiftRingDeps extends AlignRuleDeps {
  readonly now: () => Date;
}

/**
 * Moves the next tenants to the new colour.
 *
 * 1. Choose them (rings.ts).
 * 2. For each, record the new colour, then change the rule to it. The record comes first: every other
 *    function that writes the rule reads it.
 * 3. Record the ring.
 *
 * Called again after a death, it moves those of the ring that have not been moved, and aligns the
 * rules of all that have. A tenant that has left service meanwhile is passed over.
 *
 * Undone by ReturnTenants.
 *
 * Throws `ReleaseRecalled`, `ClaimLost`, `TransientServiceUnsteady` when the colour has no healthy target. "ModifyRule":
 * an account may change some three rules a second; a throttled change waits for its turn.
 *
 * Retry budget: 20 retries, 2 + 4 + 8 + 16 + 32 + 15 x 60 = 962 s at most, half on average.
 */
export const shiftRing: Action<typeof ShiftRingInput, typeof ShiftRingOutput, ShiftRingDeps> = {
  name: 'ShiftRing',
  input: ShiftRingInput,
  output: ShiftRingOutput,
  run: async (deps, { release, executionArn, ring: asked }) => {
    const { table, now } = deps;
    const { cell, to, attempt, releaseId } = release;
    const claim = await ownClaim(table, { release, executionArn });
    requireNotRecalled(claim);
    const tenants = await tenantsOf(table, cell, ['ACTIVE']);
    const moved = isMovedBy(attempt);
    const { ring, chosen } = nextRing(tenants, asked, releaseId, moved);
    const aligning = { ...deps, compute: rememberingHealth(deps.compute) };
    await forEachTenant([...tenants.filter(moved), ...chosen], async (tenant) => {
      const at = now().toISOString();
      try {
        if (!moved(tenant)) await place(table, tenant, { colour: to, release: attempt, at });
      } catch (thrown) {
        if (isNamed(thrown, 'TransientConflict')) return;
        throw thrown;
      }
      await alignRule(aligning, cell, tenant.tenantId);
      logger.info('release.tenant-moved', { tenantId: tenant.tenantId, releaseId, to, ring });
    });
    const told = { ring, tenants: chosen.length, at: now().toISOString() };
    const rings = [...claim.rings.filter((each) => each.ring !== ring), told];
    await note(table, cell.name, executionArn, { phase: 'ShiftRing', rings });
    const left = tenants.filter((tenant) => !moved(tenant)).length - chosen.length;
    return { ring, moved: chosen.length, left };
  },
};

export const handler = actionHandler(shiftRing, aligningDeps());
