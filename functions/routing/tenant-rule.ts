import type { Compute, Live } from '../compute/compute';
import type { CellDescriptor, Colour } from '../contract/cell';
import type { TenantRecord } from '../contract/records';
import { settled } from '../shared/settled';
import { findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import type { LoadBalancer, RuleAim } from './host-rule';
import { type Pointed, pointUnseen, type ToldRule } from './rules-as-told';

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

/** What a tenant's record and the live colour say of the tenant's rule, if the tenant has one. */
export function toldOf(
  record: Pick<TenantRecord, 'status' | 'placement' | 'ruleArn'>,
  live: Live,
  cell: CellDescriptor,
): readonly ToldRule[] {
  const { ruleArn } = record;
  return ruleArn ? [{ ruleArn, aim: ruleOf(record, live, cell), colour: colourOf(record, live) }] : [];
}

/**
 * Brings the rule of one tenant in line with its record, and with the cell's live colour: see rules-as-told.ts.
 *
 * @param known what the caller has just let the rule do, by its ARN
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target;
 * `TransientConflict` when record or live colour change again and again
 */
export async function alignRule(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  tenantId: string,
  known?: Pointed,
): Promise<void> {
  const told = async () => {
    const [record, live] = await settled([findTenant(deps.table, tenantId), deps.compute.live(cell)]);
    return record ? toldOf(record, live, cell) : [];
  };
  await pointUnseen(deps, cell, { told, known, whose: `the rule of tenant ${tenantId}` });
}
