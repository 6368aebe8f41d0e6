import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { ReleaseClaim } from '../contract/records';
import { isRuleGone, pointRule } from '../routing/host-rule';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { readClaim } from './release-store';

/** The page that a release moves before any customer's. It belongs to the cell, and is no tenant. */
export const RING_ZERO = 0;

/** Whether the release has moved the page of ring 0. */
export const hasMovedRingZero = ({ rings }: Pick<ReleaseClaim, 'rings'>) =>
  rings.some(({ ring }) => ring === RING_ZERO);

const ROUNDS = 5;

/**
 * Brings the rule of the cell's own page in line with the cell's release: the new colour from the moment
 * at which the claim says that ring 0 was moved, and the live colour otherwise. Like a tenant's rule it is
 * a function of what the table says: that is written first, and read again after the change.
 *
 * A rule that somebody has deleted fails no release and no return: the page answers 404 then, and the
 * judgement of ring 0 says so.
 *
 * @param forwards what the rules of the listener lead to now, if it is known
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target; `TransientConflict` when the
 * release changes again and again
 */
export async function alignRingZero(
  { table, elb, compute }: AlignRuleDeps,
  cell: CellDescriptor,
  forwards: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const { ringZero } = cell;
  if (!ringZero) return;
  let done = forwards.get(ringZero.ruleArn);
  for (let round = 0; round < ROUNDS; round++) {
    const [claim, live] = await settled([readClaim(table, cell.name), compute.live(cell)]);
    const isMoved = live.releasing !== undefined && claim && !claim.endedAt && hasMovedRingZero(claim);
    const colour: Colour = isMoved ? claim.to : live.colour;
    const forward = cell.targetGroupArns[colour];
    if (forward === done) return;
    await compute.requireHealthyTarget(cell, colour);
    try {
      await pointRule(elb, ringZero.ruleArn, { forward });
    } catch (thrown) {
      if (!isRuleGone(thrown)) throw thrown;
      logger.warn('release.ring-zero-is-gone', { cell: cell.name, ...ringZero });
      return;
    }
    done = forward;
  }
  throw new PlatformError('TransientConflict', `the page of ring 0 of cell ${cell.name} is moved again and again`);
}
