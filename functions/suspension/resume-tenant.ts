import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Compute } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { tableLiveColour } from '../compute/table-live-colour';
import { targetHealth } from '../compute/target-health';
import { isServed, MANY_NODES, type PageRequest, requestPage, untilServed } from '../compute/tenant-page';
import { ResumeTenantInput, ResumeTenantOutput } from '../contract/audit';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { isRuleGone, type LoadBalancer, pointRule } from '../routing/host-rule';
import type { Pointed } from '../routing/rules-as-told';
import { alignRule, ruleOf } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isConflict, translateError } from '../shared/error-translation';
import { logger } from '../shared/logger';
import { resume, routeLostInService } from '../tenants/service-store';
import { tenantCalled } from '../tenants/tenant-lookup';
import { findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { cellOfTenant } from './cell-of-tenant';

export interface ResumeTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'readableCells' | 'live' | 'requireHealthyTarget'>;
  readonly page: PageRequest;
  readonly now: () => Date;
}

/**
 * Maximal age of the verification, milliseconds: it must describe the tenant that gets requests
 * again.
 */
const FRESH_FOR = 15 * 60_000;

/** @returns the digest of the verification that permits the resumption */
function requireFreshVerification({ tenantId, verification, suspension }: TenantRecord, now: Date): string {
  const refuse = (why: string) => new PlatformError('IsolationBreach', `tenant ${tenantId} stays suspended: ${why}`);
  if (!verification) throw refuse('it has never been verified');
  const { verifiedAt, failed = [], digest } = verification;
  if (failed.length > 0) throw refuse(`its last verification failed: ${failed.join(', ')}`);
  if (suspension && verifiedAt <= suspension.at) throw refuse('it has not been verified since it was suspended');
  if (now.getTime() - Date.parse(verifiedAt) > FRESH_FOR)
    throw refuse(`its last verification, at ${verifiedAt}, is older than 15 minutes`);
  return digest;
}

const without = (what: string, tenantId: string) =>
  new PlatformError('InvalidRequest', `${what} of tenant ${tenantId}: \`release --retry\` makes it again`);

const ruleDeleted = (tenantId: string) => without('somebody has deleted the listener rule', tenantId);

/** @throws PlatformError `InvalidRequest` when somebody has deleted the rule, or its ARN on the record */
async function openRule(
  { elb, compute }: ResumeTenantDeps,
  { tenantId, ruleArn }: TenantRecord,
  cell: CellDescriptor,
): Promise<Pointed> {
  if (!ruleArn) throw without('there is no listener rule on the record', tenantId);
  const live = await compute.live(cell);
  await compute.requireHealthyTarget(cell, live.colour);
  const aim = ruleOf({ status: 'ACTIVE' }, live, cell);
  try {
    await pointRule(elb, ruleArn, aim);
  } catch (thrown) {
    throw isRuleGone(thrown) ? ruleDeleted(tenantId) : thrown;
  }
  return new Map([[ruleArn, aim]]);
}

/**
 * An operator who suspends the tenant at the same moment may have closed the rule of a tenant that is in service by now.
 *
 * @throws PlatformError `InvalidRequest` when somebody has deleted the rule
 */
async function openAgain(deps: ResumeTenantDeps, cell: CellDescriptor, tenantId: string): Promise<void> {
  try {
    await alignRule(deps, cell, tenantId);
  } catch (thrown) {
    throw isRuleGone(thrown) ? ruleDeleted(tenantId) : thrown;
  }
}

/**
 * Lets a rule that was opened for nothing do what the record says. The refusal of the resumption is the answer, whatever
 * becomes of this.
 */
async function closeAgain(
  deps: ResumeTenantDeps,
  cell: CellDescriptor,
  tenantId: string,
  opened: Pointed,
): Promise<void> {
  try {
    await alignRule(deps, cell, tenantId, opened);
  } catch (thrown) {
    const { name: error, message: reason } = translateError(thrown);
    logger.error('resumption.rule-left-open', { tenantId, error, reason });
  }
}

/** @returns since when the tenant is in service: of two operators at the same moment, the first one has resumed it */
async function markResumed({ table, now }: ResumeTenantDeps, record: TenantRecord, digest: string): Promise<string> {
  const at = now().toISOString();
  try {
    await resume(table, record, digest, at);
    return at;
  } catch (thrown) {
    const found = isConflict(thrown) ? await findTenant(table, record.tenantId) : undefined;
    if (found?.status !== 'ACTIVE') throw thrown;
    return found.updatedAt;
  }
}

/**
 * Lifts a suspension: the undo of SuspendTenant, with the guarantees of an activation.
 *
 * 1. The tenant must be SUSPENDED. Its last verification must have passed, must be younger than the
 *    suspension, and at most 15 minutes old. (AuditTenant verifies a suspended tenant with a closed
 *    route.)
 * 2. Let the rule forward to the live colour of the cell, read now, if the tenant has its route and the colour a healthy
 *    target. The shared service still answers 503, because the route is SUSPENDED.
 * 3. Set record and route to ACTIVE in one transaction, if the record still has the verification of
 *    1. When that is refused, close the rule again.
 * 4. Bring the rule in line, if a release has changed the colour meanwhile.
 * 5. Ask for the page through the load balancer until the shared service answers.
 *
 * After a crash between 2 and 3 the shared service answers 503. Of a tenant that is already resumed the rule is brought in line, which
 * an operator who suspends it at the same moment may have closed, and the page is asked for again.
 *
 * Throws `IsolationBreach` without such a verification, `InvalidRequest`, `ConfigurationInvalid` when its cell is gone,
 * `UnexpectedFailure` or `SubdomainTaken` when its route is gone or another tenant's,
 * `TransientConflict`, `TransientServiceUnsteady` when no target is healthy, or when the tenant is ACTIVE again and its
 * page is not served yet.
 */
export const resumeTenant: Action<typeof ResumeTenantInput, typeof ResumeTenantOutput, ResumeTenantDeps> = {
  name: 'ResumeTenant',
  input: ResumeTenantInput,
  output: ResumeTenantOutput,
  run: async (deps, { tenant }) => {
    const record = await tenantCalled(deps.table, tenant);
    const { tenantId, host, status, updatedAt } = record;
    const requireServed = async (cell: CellDescriptor) =>
      untilServed(() => deps.page(cell, host), host, isServed, { connections: MANY_NODES });
    if (status === 'ACTIVE') {
      const own = await cellOfTenant(deps.compute, record);
      await openAgain(deps, own, tenantId);
      await requireServed(own);
      return { tenantId, host, resumedAt: updatedAt };
    }
    if (status !== 'SUSPENDED') {
      throw new PlatformError('InvalidRequest', `tenant ${tenantId} is ${status}, not SUSPENDED`);
    }
    const digest = requireFreshVerification(record, deps.now());
    const cell = await cellOfTenant(deps.compute, record);
    const lost = await routeLostInService(deps.table, record);
    if (lost) throw lost;
    const opened = await openRule(deps, record, cell);
    const resumedAt = await markResumed(deps, record, digest).catch(async (thrown) => {
      await closeAgain(deps, cell, tenantId, opened);
      throw thrown;
    });
    logger.info('tenant.resumed', { tenantId, digest });
    await alignRule(deps, cell, tenantId, opened);
    await requireServed(cell);
    return { tenantId, host, resumedAt };
  },
};

const realDeps = (): ResumeTenantDeps => {
  const table = tenantsTable();
  const elb = new ElasticLoadBalancingV2Client(clientOptions);
  return {
    table,
    elb,
    compute: { ...ssmCells(new SSMClient(clientOptions)), ...tableLiveColour(table), ...targetHealth(elb) },
    page: requestPage,
    now: () => new Date(),
  };
};

export const handler = actionHandler(resumeTenant, realDeps());
