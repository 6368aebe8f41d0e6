import type { CellDescriptor } from '../contract/cell';
import { type TenantRecord, TenantRecordSchema } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { forwardsOf } from '../routing/host-rule';
import { type AlignRuleDeps, alignRule, ruleOf } from '../routing/tenant-rule';
import { translateError } from '../shared/error-translation';
import { pause } from '../shared/invocation';
import { pages } from '../shared/paging';
import { ReadableItems } from '../shared/readable-items';
import { settled } from '../shared/settled';
import { listTenantsIn } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';

/** The tenants of a cell that have one of the statuses. A damaged record is named in the log and passed over. */
export async function tenantsOf(
  table: TenantsTable,
  { name }: CellDescriptor,
  statuses: readonly TenantStatus[],
): Promise<TenantRecord[]> {
  const items = new ReadableItems();
  const found: TenantRecord[] = [];
  for (const status of statuses)
    for await (const { tenants } of pages(
      (after?: string) => listTenantsIn(table, status, { after }),
      ({ next }) => next,
    ))
      for (const tenant of tenants) {
        const record = items.read(TenantRecordSchema, tenant);
        if (record?.slot?.cell === name) found.push(record);
      }
  return found;
}

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
  await forEachTenant(astray, ({ tenantId }) => alignRule(deps, cell, tenantId));
  return astray.length;
}
