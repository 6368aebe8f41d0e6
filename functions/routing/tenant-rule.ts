import type { Compute, Live } from '../compute/compute';
import type { CellDescriptor, Colour } from '../contract/cell';
import type { TenantRecord } from '../contract/records';
import { settled } from '../shared/settled';
import { findTenants } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import type { LoadBalancer, RuleAim } from './host-rule';
import { pointAsTold } from './rules-as-told';

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

/**
 * Brings the rules of tenants in line with their records, and with the cell's live colour: see rules-as-told.ts.
 *
 * @param tenantIds as many as may wait for the second look: the changes of all come before it
 * @param known what the caller has just let rules do, by their ARN
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target;
 * `TransientConflict` when records or live colour change again and again
 */
export async function alignRules(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  tenantIds: readonly string[],
  known: ReadonlyMap<string, RuleAim> = new Map(),
): Promise<void> {
  const { table, compute } = deps;
  const read = async () => {
    const [records, live] = await settled([findTenants(table, tenantIds), compute.live(cell)]);
    return records.flatMap((record) => {
      const { ruleArn } = record;
      return ruleArn ? [{ ruleArn, aim: ruleOf(record, live, cell), colour: colourOf(record, live) }] : [];
    });
  };
  await pointAsTold(deps, cell, read, known, `rules of tenants ${tenantIds.join(', ')}`);
}

/** Brings the rule of one tenant in line with its record. @param known what the caller has just let the rule do */
export async function alignRule(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  tenantId: string,
  known?: ReadonlyMap<string, RuleAim>,
): Promise<void> {
  await alignRules(deps, cell, [tenantId], known);
}
