import type { CellDescriptor, Colour } from '../contract/cell';
import type { ReleaseClaim } from '../contract/records';
import { isRuleGone, type RuleAim } from '../routing/host-rule';
import { pointAsTold } from '../routing/rules-as-told';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { readClaim } from './release-store';

/** The page that a release moves before any customer's. It belongs to the cell, and is no tenant. */
export const RING_ZERO = 0;

/** Whether the release has moved the page of ring 0. */
export const hasMovedRingZero = ({ rings }: Pick<ReleaseClaim, 'rings'>) =>
  rings.some(({ ring }) => ring === RING_ZERO);

/** The colour of the page: the new one from the moment at which the claim says that ring 0 was moved, else the live one. */
async function colourOf({ table, compute }: AlignRuleDeps, cell: CellDescriptor): Promise<Colour> {
  const [claim, live] = await settled([readClaim(table, cell.name), compute.live(cell)]);
  const isMoved = live.releasing !== undefined && claim && !claim.endedAt && hasMovedRingZero(claim);
  return isMoved ? claim.to : live.colour;
}

async function alignPage(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  ruleArn: string,
  known: ReadonlyMap<string, RuleAim>,
): Promise<void> {
  const read = async () => {
    const colour = await colourOf(deps, cell);
    return [{ ruleArn, aim: { forward: cell.targetGroupArns[colour] }, colour }];
  };
  await pointAsTold(deps, cell, read, known, `the page of ring 0 of cell ${cell.name}`);
}

/**
 * Brings the rule of the cell's own page in line with the cell's release. Like a tenant's rule it is a function of what
 * the table says.
 *
 * A rule that somebody has deleted fails no release and no return: the page answers 404 then, and the
 * judgement of ring 0 says so.
 *
 * @param forwards what the rules of the listener lead to now, if it is known
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target; `TransientConflict` when the
 * release changes again and again
 */
export async function alignRingZero(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  forwards: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const { ringZero } = cell;
  if (!ringZero) return;
  const forward = forwards.get(ringZero.ruleArn);
  const known = new Map<string, RuleAim>(forward ? [[ringZero.ruleArn, { forward }]] : []);
  try {
    await alignPage(deps, cell, ringZero.ruleArn, known);
  } catch (thrown) {
    if (!isRuleGone(thrown)) throw thrown;
    logger.warn('release.ring-zero-is-gone', { cell: cell.name, ...ringZero });
  }
}
