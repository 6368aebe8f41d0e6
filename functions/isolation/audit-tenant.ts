import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ssmCells } from '../compute/ssm-cells';
import { tableLiveColour } from '../compute/table-live-colour';
import { AuditTenantInput, AuditTenantOutput } from '../contract/audit';
import type { TenantRecord } from '../contract/records';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { recordVerdict } from '../tenants/service-store';
import { tenantCalled } from '../tenants/tenant-lookup';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type LivingTenantDeps, livingTenant } from './audit/tenant-in-service';
import { type Proof, type ProvingDeps, prove } from './evidence/prove';
import { provingDeps, stageContext } from './proving';
import { failedOf, reasonOf } from './report';

export interface AuditTenantDeps extends LivingTenantDeps {
  readonly table: TenantsTable;
  readonly proving: ProvingDeps;
}

const failedIds = ({ evidence }: Proof) => failedOf(evidence).map(({ id }) => id);

function verdictOf(proof: Proof): 'isolated' | 'drifted' | 'unverified' {
  if (proof.evidence.passed) return 'isolated';
  return failedIds(proof).length > 0 ? 'drifted' : 'unverified';
}

/**
 * Throws when the tenant's status has changed since it was read: a route that was closed meanwhile
 * is no drift.
 */
async function keepVerdict(table: TenantsTable, audited: TenantRecord, proof: Proof): Promise<void> {
  const { evidence, digest, keys } = proof;
  const failed = failedIds(proof);
  await recordVerdict(table, audited, {
    checks: evidence.checks.length,
    verifiedAt: evidence.verifiedAt,
    digest,
    report: keys.json,
    ...(failed.length > 0 && { failed }),
  });
}

/**
 * Verifies a tenant in service again, with the checks and probes of VerifyIsolation. The daily
 * audit calls it, and an operator (`npm run verify`).
 *
 * 1. Builds the expected tenant from its record, its stacks and its cell.
 * 2. Runs every check, and keeps the report in the evidence bucket, passed or failed.
 * 3. Writes the report's digest and the failed checks on the tenant's record. When no check failed
 *    and some could not be answered, the record stays: that is neither isolation nor drift.
 *
 * A failed check is an answer of this function, not an error. The function changes nothing else of
 * the tenant.
 *
 * Throws `InvalidRequest` when no tenant has this name, `UnexpectedFailure` when a stack does not
 * exist, `IsolationBreach` when checks failed and their evidence cannot be kept,
 * `TransientConflict` when the tenant was suspended or resumed meanwhile, or has a later verdict;
 * `TransientNotYetVisible` when its rule was changed less than a minute ago and does not answer yet.
 *
 * Retry budget: 20 retries, 2 + 4 + 8 + 16 + 32 + 15 x 60 = 962 s at most, half on average.
 */
export const auditTenant: Action<typeof AuditTenantInput, typeof AuditTenantOutput, AuditTenantDeps> = {
  name: 'AuditTenant',
  input: AuditTenantInput,
  output: AuditTenantOutput,
  run: async (deps, { tenant, verifiedBy, whole }) => {
    const record = await tenantCalled(deps.table, tenant);
    const { tenantId, host, status } = record;
    if (status !== 'ACTIVE' && status !== 'SUSPENDED') return { verdict: 'skipped', tenantId, status };
    // The rule was last changed when the tenant was activated, suspended or resumed.
    const newness = { ruleSince: record.updatedAt, roleUnproven: false };
    const proof = await prove(deps.proving, await livingTenant(deps, record), verifiedBy, undefined, newness);
    const verdict = verdictOf(proof);
    if (verdict !== 'unverified') await keepVerdict(deps.table, record, proof);
    const { evidence, digest, keys } = proof;
    const failed = failedIds(proof);
    logger.info(`tenant.${verdict}`, { tenantId, failed, digest });
    return {
      verdict,
      tenantId,
      host,
      status,
      checks: evidence.checks.length,
      failed,
      reason: evidence.passed ? '' : reasonOf(evidence, keys.json),
      digest,
      report: keys.json,
      ...(whole && { evidence }),
    };
  },
};

const realDeps = (): AuditTenantDeps => {
  const table = tenantsTable();
  return {
    table,
    proving: provingDeps(),
    cloudformation: new CloudFormationClient(clientOptions),
    compute: { ...ssmCells(new SSMClient(clientOptions)), ...tableLiveColour(table) },
    get stage() {
      return stageContext();
    },
  };
};

export const handler = actionHandler(auditTenant, realDeps());
