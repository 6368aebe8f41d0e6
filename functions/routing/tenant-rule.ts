import type { Compute, Live } from '../compute/compute';
import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { settled } from '../shared/settled';
import { someAtOnce } from '../shared/some-at-once';
import { findTenants } from '../tenants/tenant-store';
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
 * Brings the rules of tenants in line with their records. Whoever changes records or live colour writes
 * that first, and calls this afterwards.
 *
 * 1. Read records and live colour, and point the rules as both say, some at once.
 * 2. Read again. The rules that should do something else now are pointed again: of two callers at
 *    once, the later one has seen what the other has written.
 *
 * A throttled change waits for its turn.
 *
 * @param tenantIds as many as may wait for the second look: the changes of all come before it
 * @param applied what the caller has just let rules do, by tenant
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target;
 * `TransientConflict` when records or live colour change again and again
 */
export async function alignRules(
  { table, elb, compute }: AlignRuleDeps,
  cell: CellDescriptor,
  tenantIds: readonly string[],
  applied: ReadonlyMap<string, RuleAim> = new Map(),
): Promise<void> {
  const done = new Map(applied);
  for (let round = 0; round < ROUNDS; round++) {
    const [records, live] = await settled([findTenants(table, tenantIds), compute.live(cell)]);
    const due = records.flatMap((record) => {
      const { tenantId, ruleArn } = record;
      const aim = ruleOf(record, live, cell);
      const isDone = JSON.stringify(aim) === JSON.stringify(done.get(tenantId));
      return ruleArn && !isDone ? [{ tenantId, ruleArn, aim, colour: colourOf(record, live) }] : [];
    });
    if (due.length === 0) return;
    await someAtOnce(due, async ({ tenantId, ruleArn, aim, colour }) => {
      if (typeof aim === 'object') await compute.requireHealthyTarget(cell, colour);
      await pointRule(elb, ruleArn, aim);
      done.set(tenantId, aim);
    });
  }
  throw new PlatformError('TransientConflict', `rules of tenants change again and again: ${tenantIds.join(', ')}`);
}

/** Brings the rule of one tenant in line with its record. @param applied what the caller has just let the rule do */
export async function alignRule(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  tenantId: string,
  applied?: RuleAim,
): Promise<void> {
  await alignRules(deps, cell, [tenantId], new Map(applied && [[tenantId, applied]]));
}
