import { createHash } from 'node:crypto';
import type { PlacedTenant } from '../tenants/placed-tenants';

/** A place in the order of a release: another one for each release, so that no tenant is always the first. */
const placeIn = (releaseId: string, { tenantId }: PlacedTenant) =>
  createHash('sha256').update(`${releaseId}:${tenantId}`).digest('hex');

const QUARTER = 0.25;
const LAST_RING = 3;

type Moved = (tenant: PlacedTenant) => boolean;

function ringOf(tenants: readonly PlacedTenant[], ring: number, releaseId: string, moved: Moved): PlacedTenant[] {
  const waiting = tenants
    .filter((tenant) => !moved(tenant))
    .toSorted((one, other) => (placeIn(releaseId, one) < placeIn(releaseId, other) ? -1 : 1));
  if (ring >= LAST_RING) return waiting;
  if (ring === 1) {
    const plans = new Set(tenants.filter(moved).map(({ plan }) => plan));
    return waiting.filter(({ plan }) => !plans.has(plan) && plans.add(plan));
  }
  const done = tenants.length - waiting.length;
  return waiting.slice(0, Math.max(0, Math.ceil(tenants.length * QUARTER) - done));
}

/**
 * The tenants that a ring moves. An empty ring is passed over, but not one that has begun: its tenants have still to bake.
 *
 * - ring 1: one tenant of each plan
 * - ring 2: as many as make a quarter of the cell, together with ring 1
 * - ring 3: all the others, those who came meanwhile included
 *
 * @param tenants the ACTIVE tenants of the cell
 * @param moved whether the release has moved the tenant already
 * @param hasBegun whether an earlier call has moved tenants of the ring that is asked for
 */
export function nextRing(
  tenants: readonly PlacedTenant[],
  asked: number,
  releaseId: string,
  moved: Moved,
  hasBegun = false,
): { readonly ring: number; readonly chosen: readonly PlacedTenant[] } {
  for (let ring = asked; ring < LAST_RING; ring++) {
    const chosen = ringOf(tenants, ring, releaseId, moved);
    if (chosen.length > 0 || hasBegun) return { ring, chosen };
  }
  return { ring: Math.max(asked, LAST_RING), chosen: ringOf(tenants, LAST_RING, releaseId, moved) };
}
