import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { failureReport } from '../contract/failure-report';
import { DeregisterTenantInput, DeregisterTenantOutput } from '../contract/onboarding';
import type { TenantRecord } from '../contract/records';
import type { Failure } from '../contract/tenant';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isNamed } from '../shared/is-named';
import { beginRollback, guardUndo } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { type CellRemovalDeps, removeFromCell } from './remove-from-cell';

export interface DeregisterTenantDeps extends CellRemovalDeps {
  readonly now: () => Date;
}

/** The table's permission, asked as a write: from then on the record says ROLLING_BACK, and why. */
async function fenceOff(
  { table, now }: DeregisterTenantDeps,
  { tenantId, executionArn }: TenantRecord,
  failure: Failure,
): Promise<void> {
  const owned = { tenantId, executionArn };
  const report = failureReport({ executionArn, failure, outcome: 'rolling-back' });
  try {
    await beginRollback(table, owned, { ...report, at: now().toISOString() });
  } catch (thrown) {
    // The second look says TenantIsActive where that is the reason.
    if (isNamed(thrown, 'ClaimLost')) await guardUndo(table, 'beginRollback', owned);
    throw thrown;
  }
}

/**
 * Takes the tenant off the cell: the undo of RegisterTenant and ActivateTenant, and the first of all undos, so that no
 * request reaches what the next ones take apart.
 *
 * 1. Refuse a tenant that has been ACTIVE, or belongs to another execution.
 * 2. The record says ROLLING_BACK and why. First, because it fences off a sibling that is still launching a stack.
 * 3. The listener rule goes: by the ARN on record or, where a crash lost it or the one on record is an earlier run's that is
 *    gone, by the slot's priority, the host and the tag.
 * 4. The route item goes.
 *
 * Each part tolerates that it never happened. What ActivateTenant protects from deletion, DeleteStack unlocks.
 *
 * Throws `TenantIsActive`, `ClaimLost`.
 */
export const deregisterTenant: Action<
  typeof DeregisterTenantInput,
  typeof DeregisterTenantOutput,
  DeregisterTenantDeps
> = {
  name: 'DeregisterTenant',
  input: DeregisterTenantInput,
  output: DeregisterTenantOutput,
  run: async (deps, { tenant, cell, failure, executionArn }) => {
    const { tenantId } = tenant;
    const record = await guardUndo(deps.table, 'beginRollback', { tenantId, executionArn });
    if (record) await fenceOff(deps, record, failure);
    return { deregistered: await removeFromCell(deps, { tenant, cell, ruleArn: record?.ruleArn }) };
  },
};

const realDeps = (): DeregisterTenantDeps => ({
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  now: () => new Date(),
});

export const handler = actionHandler(deregisterTenant, realDeps());
