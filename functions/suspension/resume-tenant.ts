import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Compute, cellNamed } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { tableLiveColour } from '../compute/table-live-colour';
import { ResumeTenantInput, ResumeTenantOutput } from '../contract/audit';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { forwardHost, type LoadBalancer } from '../routing/host-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { tenantCalled } from '../tenants/tenant-lookup';
import { resume } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';

export interface ResumeTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'cells' | 'live'>;
  readonly now: () => Date;
}

/** Milliseconds that a verification is worth: what it saw is what is let in. */
const FRESH_FOR = 15 * 60_000;

/** @returns digest of the verification that this tenant is resumed on */
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

async function openRule({ elb, compute }: ResumeTenantDeps, { tenantId, ruleArn, slot }: TenantRecord): Promise<void> {
  if (!slot || !ruleArn)
    throw new PlatformError('InvalidRequest', `record of tenant ${tenantId} names no slot or no listener rule`);
  const cell = cellNamed(await compute.cells(), slot.cell);
  const { colour } = await compute.live(cell);
  await forwardHost(elb, ruleArn, cell.targetGroupArns[colour]);
}

/**
 * Lifts a suspension: the undo of SuspendTenant, and as careful as an activation.
 *
 * 1. Only a SUSPENDED tenant whose last verification is younger than its suspension and than a quarter of an hour, and found
 *    nothing (AuditTenant verifies a suspended tenant against a closed route).
 * 2. The rule forwards to the colour of its cell that is live now. The shared service still answers 503: the route says SUSPENDED.
 * 3. In one transaction record and route become ACTIVE, if the verification is still the one of 1.
 *
 * A crash between 2 and 3 leaves the shared service's 503. Resumed already: nothing is left to do.
 *
 * Throws `IsolationBreach` without such a verification, `InvalidRequest`, `ConfigurationInvalid` when its cell is gone,
 * `TransientConflict`.
 */
export const resumeTenant: Action<typeof ResumeTenantInput, typeof ResumeTenantOutput, ResumeTenantDeps> = {
  name: 'ResumeTenant',
  input: ResumeTenantInput,
  output: ResumeTenantOutput,
  run: async (deps, { tenant }) => {
    const record = await tenantCalled(deps.table, tenant);
    const { tenantId, host, status, updatedAt } = record;
    if (status === 'ACTIVE') return { tenantId, host, resumedAt: updatedAt };
    if (status !== 'SUSPENDED') {
      throw new PlatformError('InvalidRequest', `tenant ${tenantId} is ${status}, not SUSPENDED`);
    }
    const digest = requireFreshVerification(record, deps.now());
    await openRule(deps, record);
    const resumedAt = deps.now().toISOString();
    await resume(deps.table, record, digest, resumedAt);
    logger.info('tenant.resumed', { tenantId, digest });
    return { tenantId, host, resumedAt };
  },
};

const realDeps = (): ResumeTenantDeps => {
  const table = tenantsTable();
  return {
    table,
    elb: new ElasticLoadBalancingV2Client(clientOptions),
    compute: { ...ssmCells(new SSMClient(clientOptions)), ...tableLiveColour(table) },
    now: () => new Date(),
  };
};

export const handler = actionHandler(resumeTenant, realDeps());
