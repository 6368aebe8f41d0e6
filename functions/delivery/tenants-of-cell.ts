import type { CellDescriptor } from '../contract/cell';
import type { TenantStatus } from '../contract/tenant';
import { forwardIn, seenRules } from '../routing/host-rule';
import { pointAsTold, pointUnseen, type ToldRule } from '../routing/rules-as-told';
import { type AlignRuleDeps, toldOf } from '../routing/tenant-rule';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { findPlacedTenants, type PlacedTenant, placedTenantsIn } from '../tenants/placed-tenants';
import type { TenantsTable } from '../tenants/tenants-table';
import { toldOfRingZero } from './ring-zero';

/** The tenants of a cell that have one of the statuses. */
export const tenantsOf = (
  table: TenantsTable,
  { name }: CellDescriptor,
  statuses: readonly TenantStatus[],
): Promise<PlacedTenant[]> => placedTenantsIn(table, name, statuses);

/** Whether this attempt of a release has moved the tenant. */
export const isMovedBy =
  (attempt: string) =>
  ({ placement }: Pick<PlacedTenant, 'placement'>): boolean =>
    placement?.release === attempt;

/** How the rules of many tenants are pointed: that of one whom somebody has cut off keeps no other from its place. */
const ofMany = ({ name }: CellDescriptor) => ({
  whose: `tenants of cell ${name}`,
  passedOver: (ruleArn: string) => logger.warn('routing.rule-gone', { cell: name, ruleArn }),
});

/**
 * Points the rules of tenants, and again those of tenants that are suspended meanwhile. No rule of the listener is read: to
 * read and parse those of a hundred tenants takes as long as to change ten.
 *
 * @param first the rules that are known to need a change
 * @throws as `alignTenants`
 */
export async function pointTenants(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  tenants: readonly Pick<PlacedTenant, 'tenantId'>[],
  first: readonly ToldRule[],
): Promise<void> {
  const ids = tenants.map(({ tenantId }) => tenantId);
  const told = async () => {
    const [records, live] = await settled([findPlacedTenants(deps.table, ids), deps.compute.live(cell)]);
    return records.flatMap((record) => toldOf(record, live, cell));
  };
  await pointUnseen(deps, cell, { told, first, ...ofMany(cell) });
}

/** Reads the ids of the tenants whose rules are looked at. */
type ReadIds = () => Promise<readonly string[]>;

/**
 * Brings the rules of tenants in line with records and live colour, and that of the cell's own page, until none is astray:
 * during each round tenants may be activated or resumed on the other colour.
 *
 * The rules are read before the records. Whoever changes a record writes that before the rule, so a rule is not
 * opened because its record was read too early.
 *
 * @param first the rules that are known to need a change
 * @param readIds all tenants of the cell, unless it says otherwise. The index of statuses may be late: the records are read
 * themselves
 * @returns how many rules of tenants were changed
 * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target; `TransientConflict` when there are
 * always more
 */
export async function alignTenants(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  readIds: ReadIds = async () => (await tenantsOf(deps.table, cell, ['ACTIVE'])).map(({ tenantId }) => tenantId),
  first: readonly ToldRule[] = [],
): Promise<number> {
  // Those of an earlier look, too: one may have left service since.
  const ids = new Set<string>();
  const rulesOfTenants = new Set<string>();
  const look = async () => {
    const [seen, read] = await settled([seenRules(deps.elb, cell), readIds()]);
    for (const tenantId of read) ids.add(tenantId);
    const [records, live, ofRingZero] = await settled([
      findPlacedTenants(deps.table, [...ids]),
      deps.compute.live(cell),
      toldOfRingZero(deps, cell, seen),
    ]);
    const ofTenants = records.flatMap((record) => toldOf(record, live, cell));
    for (const { ruleArn } of ofTenants) rulesOfTenants.add(ruleArn);
    return [...ofRingZero, ...ofTenants].filter(({ ruleArn, aim }) => seen.forwards.get(ruleArn) !== forwardIn(aim));
  };
  const pointed = await pointAsTold(deps, cell, { look, first, ...ofMany(cell) });
  return [...pointed.keys()].filter((ruleArn) => rulesOfTenants.has(ruleArn)).length;
}
