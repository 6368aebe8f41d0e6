import { rememberingHealth } from '../compute/target-health';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { forwardsOf } from '../routing/host-rule';
import { type AlignRuleDeps, alignRule, ruleOf } from '../routing/tenant-rule';
import { translateError } from '../shared/error-translation';
import { pause } from '../shared/invocation';
import { ReadableItems } from '../shared/readable-items';
import { settled } from '../shared/settled';
import { tenantsIn } from '../tenants/tenants-in';
import type { TenantsTable } from '../tenants/tenants-table';

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

const AT_ONCE = 4;
/** Elastic Load Balancing lets an account change three rules a second, once its bucket of 20 is empty. */
const THROTTLED_MS = 350;

/**
 * Works on each tenant, some at once. A throttled call waits for its turn and is repeated, until the
 * function is out of time: then the state calls the function again, and what is done stays done.
 */
export async function forEachTenant<T>(tenants: readonly T[], work: (tenant: T) => Promise<void>): Promise<void> {
  const queue = [...tenants];
  const worker = async () => {
    for (let tenant = queue.shift(); tenant !== undefined; tenant = queue.shift()) await patiently(work, tenant);
  };
  await settled(Array.from({ length: AT_ONCE }, worker));
}

async function patiently<T>(work: (tenant: T) => Promise<void>, tenant: T): Promise<void> {
  for (;;) {
    try {
      return await work(tenant);
    } catch (thrown) {
      if (translateError(thrown).name !== 'TransientThrottling') throw thrown;
      await pause(THROTTLED_MS * (1 + Math.random()));
    }
  }
}

/**
 * Aligns the rules of a cell's tenants that do something else than record and live colour say.
 *
 * @returns how many rules were changed
 */
export async function alignCell(deps: AlignRuleDeps, cell: CellDescriptor): Promise<number> {
  const tenants = await tenantsOf(deps.table, cell, ['ACTIVE']);
  const [live, forwards] = await settled([deps.compute.live(cell), forwardsOf(deps.elb, cell)]);
  const astray = tenants.filter((record) => {
    const aim = ruleOf(record, live, cell);
    return record.ruleArn && typeof aim === 'object' && forwards.get(record.ruleArn) !== aim.forward;
  });
  const aligning = { ...deps, compute: rememberingHealth(deps.compute) };
  await forEachTenant(astray, ({ tenantId }) => alignRule(aligning, cell, tenantId));
  return astray.length;
}

/** Each round finds tenants that were activated or resumed on the other colour during the one before. */
const ROUNDS = 5;

/**
 * Aligns the rules of a cell's tenants until none is astray.
 *
 * @returns how many rules were changed
 * @throws PlatformError `TransientConflict` when there are always more
 */
export async function alignUntilNoneIsAstray(deps: AlignRuleDeps, cell: CellDescriptor): Promise<number> {
  let aligned = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const changed = await alignCell(deps, cell);
    if (changed === 0) return aligned;
    aligned += changed;
  }
  throw new PlatformError('TransientConflict', `tenants of cell ${cell.name} still come to the other colour`);
}
