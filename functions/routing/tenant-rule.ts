import type { Compute, Live } from '../compute/compute';
import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { settled } from '../shared/settled';
import { findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { type LoadBalancer, pointRule, type RuleAim } from './host-rule';

export interface AlignRuleDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'live' | 'requireHealthyTarget'>;
}

/** The colour that serves the tenant: the one where a release under way has moved it, or else the live one. */
function colourOf({ placement }: Pick<TenantRecord, 'placement'>, live: Live): Colour {
  return placement && placement.release === live.releasing ? placement.colour : live.colour;
}

/**
 * What the tenant's rule has to do. It is a function of the tenant's record and of the cell's live
 * colour alone: a release, a suspension, a resumption and an activation write the same rule, and ELB
 * has no conditional write.
 */
export function ruleOf(
  record: Pick<TenantRecord, 'status' | 'placement'>,
  live: Live,
  cell: Pick<CellDescriptor, 'targetGroupArns'>,
): RuleAim {
  if (record.status === 'SUSPENDED') return 'suspended';
  if (record.status !== 'ACTIVE') return 'setting-up';
  return { forward: cell.targetGroupArns[colourOf(record, live)] };
}

/** Each round has met a change of record or live colour. */
const ROUNDS = 5;

/**
 * Brings the rule of a tenant in line with its record. Whoever changes record or live colour writes
 * that first, and calls this afterwards.
 *
 * 1. Read record and live colour, and point the rule as both say.
 * 2. Read again. If the rule should do something else now, begin again: of two callers at once, the
 *    later one has seen what the other has written.
 *
 * @param applied what the caller has just let the rule do
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target;
 * `TransientConflict` when record or live colour change again and again
 */
export async function alignRule(
  { table, elb, compute }: AlignRuleDeps,
  cell: CellDescriptor,
  tenantId: string,
  applied?: RuleAim,
): Promise<void> {
  let done = applied;
  for (let round = 0; round < ROUNDS; round++) {
    const [record, live] = await settled([findTenant(table, tenantId), compute.live(cell)]);
    if (!record?.ruleArn) return;
    const aim = ruleOf(record, live, cell);
    if (JSON.stringify(aim) === JSON.stringify(done)) return;
    if (typeof aim === 'object') await compute.requireHealthyTarget(cell, colourOf(record, live));
    await pointRule(elb, record.ruleArn, aim);
    done = aim;
  }
  throw new PlatformError('TransientConflict', `the rule of tenant ${tenantId} changes again and again`);
}
