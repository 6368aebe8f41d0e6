import { rememberingHealth } from '../compute/target-health';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { forwardsOf } from '../routing/host-rule';
import { type AlignRuleDeps, alignRules, ruleOf } from '../routing/tenant-rule';
import { ReadableItems } from '../shared/readable-items';
import { settled } from '../shared/settled';
import { inGroups } from '../shared/some-at-once';
import { tenantsIn } from '../tenants/tenants-in';
import type { TenantsTable } from '../tenants/tenants-table';
import { alignRingZero } from './ring-zero';

/** The tenants of a cell that have one of the statuses. A damaged record is named in the log and passed over. */
export async function tenantsOf(
  table: TenantsTable,
  { name }: CellDescriptor,
  statuses: readonly TenantStatus[],
): Promise<TenantRecord[]> {
  const found: TenantRecord[] = [];
  for await (const record of tenantsIn(table, statuses, new ReadableItems()))
    if (record.slot?.cell === name) found.push(record);
  return found;
}

/** Whether this attempt of a release has moved the tenant. */
export const isMovedBy =
  (attempt: string) =>
  ({ placement }: Pick<TenantRecord, 'placement'>): boolean =>
    placement?.release === attempt;

/**
 * Tenants whose rules are changed between two looks at their records: Elastic Load Balancing may take eight seconds for
 * as many, and for so long a rule may lead where a suspension has just closed it. The shared service answers 503 then.
 */
const LOOKED_AFTER = 25;

/** Aligns the rules of many tenants, some of them at a time. @param before what comes before the rules of each group */
export async function alignInGroups<T extends Pick<TenantRecord, 'tenantId'>>(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  tenants: readonly T[],
  before: (group: readonly T[]) => Promise<readonly T[]> = async (group) => group,
): Promise<void> {
  const aligning = { ...deps, compute: rememberingHealth(deps.compute) };
  for (const group of inGroups(tenants, LOOKED_AFTER)) {
    const ready = await before(group);
    const tenantIds = ready.map(({ tenantId }) => tenantId);
    if (tenantIds.length > 0) await alignRules(aligning, cell, tenantIds);
  }
}

/** Reads the tenants whose rules are looked at. */
type ReadTenants = () => Promise<readonly TenantRecord[]>;

/**
 * Aligns the rules of tenants that do something else than record and live colour say, and that of the
 * cell's own page.
 *
 * @returns how many rules of tenants were changed
 */
async function alignAstray(deps: AlignRuleDeps, cell: CellDescriptor, read: ReadTenants): Promise<number> {
  const [tenants, live, forwards] = await settled([read(), deps.compute.live(cell), forwardsOf(deps.elb, cell)]);
  await alignRingZero(deps, cell, forwards);
  const astray = tenants.filter((record) => {
    const aim = ruleOf(record, live, cell);
    return record.ruleArn && typeof aim === 'object' && forwards.get(record.ruleArn) !== aim.forward;
  });
  await alignInGroups(deps, cell, astray);
  return astray.length;
}

/** The same with all tenants of a cell. */
export const alignCell = (deps: AlignRuleDeps, cell: CellDescriptor): Promise<number> =>
  alignAstray(deps, cell, () => tenantsOf(deps.table, cell, ['ACTIVE']));

/** Each round finds tenants that were activated or resumed on the other colour during the one before. */
const ROUNDS = 5;

/**
 * Aligns the rules of tenants until none is astray.
 *
 * @param read all tenants of the cell, unless it says otherwise
 * @returns how many rules were changed
 * @throws PlatformError `TransientConflict` when there are always more
 */
export async function alignUntilNoneIsAstray(
  deps: AlignRuleDeps,
  cell: CellDescriptor,
  read: ReadTenants = () => tenantsOf(deps.table, cell, ['ACTIVE']),
): Promise<number> {
  let aligned = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const changed = await alignAstray(deps, cell, read);
    if (changed === 0) return aligned;
    aligned += changed;
  }
  throw new PlatformError('TransientConflict', `tenants of cell ${cell.name} still come to the other colour`);
}
