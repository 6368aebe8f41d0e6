import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { RING_ZERO_PRIORITY } from '../contract/naming';
import type { ReleaseClaim } from '../contract/records';
import { isPriorityInUse, isRuleGone, makeRule, ruleOfHost, type SeenRules } from '../routing/host-rule';
import { type Pointed, pointUnseen, type ToldRule } from '../routing/rules-as-told';
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

/** What the table says of the page's rule. */
async function toldOfRule(deps: AlignRuleDeps, cell: CellDescriptor, ruleArn: string): Promise<ToldRule> {
  const colour = await colourOf(deps, cell);
  return { ruleArn, aim: { forward: cell.targetGroupArns[colour] }, colour };
}

async function alignPage(deps: AlignRuleDeps, cell: CellDescriptor, ruleArn: string, known?: Pointed): Promise<void> {
  const told = async () => [await toldOfRule(deps, cell, ruleArn)];
  await pointUnseen(deps, cell, { told, known, whose: `the page of ring 0 of cell ${cell.name}` });
}

/**
 * What the table says of the page's rule, which is found by its host: one that was made again has another ARN than the
 * cell's descriptor says.
 *
 * A rule that somebody has deleted fails no release and no return: the page answers 404 then, and the
 * judgement of ring 0 says so.
 */
export async function toldOfRingZero(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  { ruleOfHost: find }: SeenRules,
): Promise<readonly ToldRule[]> {
  const { ringZero } = cell;
  if (!ringZero) return [];
  const ruleArn = find(ringZero.host);
  if (ruleArn) return [await toldOfRule(deps, cell, ruleArn)];
  logger.warn('release.ring-zero-is-gone', { cell: cell.name, ...ringZero });
  return [];
}

/**
 * Brings the rule of the cell's own page in line with the cell's release. Like a tenant's rule it is a function of what
 * the table says.
 *
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target; `TransientConflict` when the
 * release changes again and again
 */
export async function alignRingZero(deps: AlignRuleDeps, cell: CellDescriptor): Promise<void> {
  const { ringZero } = cell;
  if (!ringZero) return;
  try {
    await alignPage(deps, cell, ringZero.ruleArn);
  } catch (thrown) {
    if (!isRuleGone(thrown)) throw thrown;
    const again = await ruleOfHost(deps.elb, cell, ringZero.host);
    if (again) await alignPage(deps, cell, again);
    else logger.warn('release.ring-zero-is-gone', { cell: cell.name, ...ringZero });
  }
}

/**
 * Makes the rule of the cell's own page again, if somebody has deleted it: no release gets past ring 0 without the page.
 * The rule has another ARN than the template's then, and is found by its host.
 *
 * @returns whether it was missing
 * @throws PlatformError `SlotOccupied` when another rule has its priority; `TransientServiceUnsteady`
 */
export async function makeRingZeroAgain(deps: AlignRuleDeps, cell: CellDescriptor): Promise<boolean> {
  const { ringZero } = cell;
  if (!ringZero || (await ruleOfHost(deps.elb, cell, ringZero.host))) return false;
  const { host } = ringZero;
  const colour = await colourOf(deps, cell);
  await deps.compute.requireHealthyTarget(cell, colour);
  const forward = cell.targetGroupArns[colour];
  try {
    const ruleArn = await makeRule(deps.elb, cell, { host, priority: RING_ZERO_PRIORITY, aim: { forward } });
    logger.warn('cell.ring-zero-made-again', { cell: cell.name, host, ruleArn });
    await alignPage(deps, cell, ruleArn, new Map([[ruleArn, { forward }]]));
  } catch (thrown) {
    if (!isPriorityInUse(thrown)) throw thrown;
    const why = `the listener rule with priority ${RING_ZERO_PRIORITY} in cell ${cell.name} is not that of ${host}`;
    throw new PlatformError('SlotOccupied', why, { cause: thrown });
  }
  return true;
}
