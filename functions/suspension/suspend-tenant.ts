import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type * as z from 'zod';
import type { Compute } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { MANY_NODES, type PageRequest, requestPage, untilClosed } from '../compute/tenant-page';
import { SuspendTenantInput, SuspendTenantOutput } from '../contract/audit';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { isRuleGone, type LoadBalancer, pointRule } from '../routing/host-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isConflict } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { suspend } from '../tenants/service-store';
import { tenantCalled } from '../tenants/tenant-lookup';
import { findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { cellOfTenant } from './cell-of-tenant';

export interface SuspendTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'readableCells'>;
  readonly page: PageRequest;
  readonly now: () => Date;
}

type Input = z.output<typeof SuspendTenantInput>;

/**
 * Without the rule no request reaches the tenant: the listener answers 404.
 *
 * @returns the statuses with which the load balancer answers for a closed route
 */
async function closeRule(elb: LoadBalancer, { ruleArn, tenantId }: TenantRecord): Promise<readonly number[]> {
  const withoutRule = [503, 404];
  if (!ruleArn) return withoutRule;
  try {
    await pointRule(elb, ruleArn, 'suspended');
    return [503];
  } catch (thrown) {
    if (!isRuleGone(thrown)) throw thrown;
    logger.warn('suspension.rule-is-gone', { tenantId, ruleArn });
    return withoutRule;
  }
}

type Marked = Pick<z.output<typeof SuspendTenantOutput>, 'suspendedAt' | 'earlier'>;

function earlierOf(record: TenantRecord | undefined): Marked | undefined {
  const { status, suspension } = record ?? {};
  if (status !== 'SUSPENDED' || !suspension) return undefined;
  return { suspendedAt: suspension.at, earlier: { by: suspension.by, reason: suspension.reason } };
}

/**
 * The first suspension stays on record, whatever the reason of the second: also of two at the same
 * moment, when an operator and the audit, or two operators, meet.
 */
async function markSuspended(deps: SuspendTenantDeps, record: TenantRecord, { by, reason }: Input): Promise<Marked> {
  const earlier = earlierOf(record);
  if (earlier) return earlier;
  const at = deps.now().toISOString();
  try {
    await suspend(deps.table, record, { at, by, reason });
    return { suspendedAt: at };
  } catch (thrown) {
    const first = isConflict(thrown) ? earlierOf(await findTenant(deps.table, record.tenantId)) : undefined;
    if (!first) throw thrown;
    return first;
  }
}

/**
 * The record was SUSPENDED when it was read, and another operator may have resumed the tenant since: then its rule is closed, and the
 * record says that it is in service. What was asked for holds.
 */
async function unlessResumed(
  deps: SuspendTenantDeps,
  { tenantId }: TenantRecord,
  input: Input,
  marked: Marked,
): Promise<Marked> {
  const now = marked.earlier && (await findTenant(deps.table, tenantId));
  if (now?.status !== 'ACTIVE') return marked;
  const again = await markSuspended(deps, now, input);
  await closeRule(deps.elb, now);
  return again;
}

/** It is no refusal any more: the tenant is suspended already. */
async function cellToAsk({ compute }: SuspendTenantDeps, record: TenantRecord): Promise<CellDescriptor> {
  try {
    return await cellOfTenant(compute, record);
  } catch (thrown) {
    if (!isNamed(thrown, 'InvalidRequest', 'ConfigurationInvalid')) throw thrown;
    const why = `tenant ${record.tenantId} is suspended, but nobody could ask for its page: ${thrown.message}`;
    throw new PlatformError('ConfigurationInvalid', why, { cause: thrown });
  }
}

/**
 * Takes a tenant out of service at once. The tenant's data is not touched.
 *
 * 1. The tenant must be ACTIVE, or SUSPENDED already.
 * 2. At the same time, set the listener rule to 503, and set record and route to SUSPENDED. For a
 *    SUSPENDED route the shared service answers 503 itself, whichever rule forwards to it.
 * 3. Set the rule to 503 again: a release that read the record before 2 may have opened the rule after it. A tenant that was SUSPENDED
 *    already may have been resumed meanwhile: then it is suspended anew.
 * 4. Ask for the page through the load balancer until it answers 503.
 *
 * It is idempotent: a retry does what is missing, and returns the suspension on record. Undone by ResumeTenant.
 *
 * Throws `InvalidRequest` for a tenant that is not in service, `TransientConflict`, `TransientNotYetVisible` while the page
 * is still served. When nobody can ask for the page, because the tenant's slot or cell is gone, it throws `ConfigurationInvalid`, which
 * says that the tenant is suspended.
 */
export const suspendTenant: Action<typeof SuspendTenantInput, typeof SuspendTenantOutput, SuspendTenantDeps> = {
  name: 'SuspendTenant',
  input: SuspendTenantInput,
  output: SuspendTenantOutput,
  run: async (deps, input) => {
    const record = await tenantCalled(deps.table, input.tenant);
    const { tenantId, host, status } = record;
    if (status !== 'ACTIVE' && status !== 'SUSPENDED') {
      throw new PlatformError(
        'InvalidRequest',
        `tenant ${tenantId} is ${status}: only an ACTIVE tenant can be suspended`,
      );
    }
    const [marked, closed] = await Promise.allSettled([
      markSuspended(deps, record, input),
      closeRule(deps.elb, record),
    ]);
    if (marked.status === 'rejected') throw marked.reason;
    if (closed.status === 'rejected') throw closed.reason;
    await closeRule(deps.elb, record);
    const suspension = await unlessResumed(deps, record, input, marked.value);
    logger.warn('tenant.suspended', { tenantId, by: input.by });
    const cell = await cellToAsk(deps, record);
    await untilClosed(
      () => deps.page(cell, host),
      host,
      (answer) => closed.value.includes(answer),
      { connections: MANY_NODES },
    );
    return { tenantId, host, ...suspension };
  },
};

export const handler = actionHandler(suspendTenant, {
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  compute: ssmCells(new SSMClient(clientOptions)),
  page: requestPage,
  now: () => new Date(),
});
