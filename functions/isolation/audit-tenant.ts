import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SSMClient } from '@aws-sdk/client-ssm';
import type * as z from 'zod';
import { ssmCells } from '../compute/ssm-cells';
import { tableLiveColour } from '../compute/table-live-colour';
import { type AuditFinding, AuditTenantInput, AuditTenantOutput } from '../contract/audit';
import type { CellDescriptor } from '../contract/cell';
import { isTransient } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { REASON_MAX_LENGTH } from '../contract/tenant';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, withoutCallLog } from '../shared/clients';
import { translateError } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import { keptFor } from '../shared/kept-for';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { recordFinding, recordVerdict } from '../tenants/service-store';
import { tenantCalled } from '../tenants/tenant-lookup';
import { findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { criticalOf, isOfRestore } from './audit/brake';
import { type LivingTenantDeps, livingTenant } from './audit/tenant-in-service';
import { examine, keepProof, type Proof, type ProvingDeps } from './evidence/prove';
import { findAlarms } from './facts/find-alarms';
import { listedFacts } from './facts/noteworthy-principals';
import { provingDeps, stageContext } from './proving';
import { failedOf, openOf, type Report, reasonOf } from './report';
import { itemsBeside, type LastAudit, withSurroundings } from './surroundings/last-answers';

type Input = z.output<typeof AuditTenantInput>;

export interface AuditTenantDeps extends LivingTenantDeps {
  readonly table: TenantsTable;
  readonly proving: ProvingDeps;
}

/** Milliseconds. Deployments alone change the descriptors of cells. */
const CELLS_GOOD_FOR = 60_000;

const idsOf = (answers: readonly { readonly id: string }[]) => answers.map(({ id }) => id);

function verdictOf(report: Report): AuditFinding['verdict'] {
  if (report.passed) return 'isolated';
  return failedOf(report).length > 0 ? 'drifted' : 'unverified';
}

const findingOf = (report: Report, by: string, kept?: string): AuditFinding => ({
  by,
  at: report.verifiedAt,
  verdict: verdictOf(report),
  failed: idsOf(failedOf(report)),
  critical: idsOf(failedOf(report).filter(({ severity }) => severity === 'critical')),
  open: idsOf(openOf(report)),
  reason: report.passed ? '' : reasonOf(report, kept),
  ...(kept && { report: kept }),
});

/**
 * Throws when the tenant's status has changed since it was read: a route that was closed meanwhile
 * is no drift.
 */
async function keepVerdict(
  table: TenantsTable,
  audited: TenantRecord,
  { evidence, digest, keys }: Proof,
  finding: AuditFinding | undefined,
): Promise<void> {
  const failed = idsOf(failedOf(evidence));
  if (verdictOf(evidence) === 'unverified') {
    if (finding) await recordFinding(table, audited, finding);
    return;
  }
  const verification = {
    checks: evidence.checks.length,
    verifiedAt: evidence.verifiedAt,
    digest,
    report: keys.json,
    ...(failed.length > 0 && { failed }),
  };
  await recordVerdict(table, audited, verification, finding);
}

/**
 * What the audit judges by. A restore may end before it does, and leaves no word on the record: what its second instance
 * makes fail is no reason to suspend, whether the restore was on record before the questions or right after them.
 */
async function judgedBy(
  { table }: AuditTenantDeps,
  record: TenantRecord,
  finding: AuditFinding,
): Promise<AuditFinding> {
  if (!isOfRestore(finding)) return finding;
  const restoring = record.restoring ?? (await findTenant(table, record.tenantId))?.restoring;
  return { ...finding, critical: [...criticalOf(finding, restoring)] };
}

/**
 * Without evidence there is no verification. What was seen is on record all the same: the audit
 * judges by it. The finding is about the tenant alone: AuditSurroundings tells once what all share.
 */
async function keepReport(
  deps: AuditTenantDeps,
  record: TenantRecord,
  { report, last }: { report: Report; last: LastAudit | undefined },
  input: Input,
): Promise<Proof> {
  const { verifiedBy, audit } = input;
  const judged = async (kept?: string) =>
    audit ? await judgedBy(deps, record, findingOf(report, audit, kept)) : undefined;
  try {
    // The report's page may still be on its way when the verdict is written.
    return await keepProof(deps.proving, withSurroundings(report, last), verifiedBy, async (proof) =>
      keepVerdict(deps.table, record, proof, await judged(proof.keys.json)),
    );
  } catch (thrown) {
    const finding = isNamed(thrown, 'IsolationBreach') ? await judged() : undefined;
    if (finding) await recordFinding(deps.table, record, finding);
    throw thrown;
  }
}

/** An error that no retry heals leaves every question open. */
async function noteFailure(deps: AuditTenantDeps, record: TenantRecord, by: string, thrown: unknown): Promise<void> {
  const { name, message } = translateError(thrown);
  if (isTransient(name) || name === 'IsolationBreach') return;
  const reason = `${name}: ${message}`.slice(0, REASON_MAX_LENGTH);
  const at = deps.proving.now().toISOString();
  const nothing = { failed: [], critical: [], open: [name] };
  await recordFinding(deps.table, record, { by, at, verdict: 'unverified', ...nothing, reason });
}

/** @returns what is kept, and what is judged: a person is told of what the tenant shares, too */
async function verifyAgain(
  deps: AuditTenantDeps,
  record: TenantRecord,
  input: Input,
): Promise<{ proof: Proof; judged: Report }> {
  // The rule was last changed when the tenant was activated, suspended or resumed.
  const newness = { ruleSince: record.updatedAt, roleUnproven: false };
  try {
    const { audit, route, live } = itemsBeside(deps.table, { ...record, inService: true }, deps.proving.now);
    // A cell of an older release has no item: compute knows what its colour is then.
    const liveOf = async (cell: CellDescriptor) => (await live(cell.name)) ?? (await deps.compute.live(cell));
    const compute = { readableCells: () => deps.compute.readableCells(), live: liveOf };
    const [{ subject, stacks }, last] = await settled([livingTenant({ ...deps, compute }, record), audit()]);
    // AuditSurroundings has just listed the account for this audit. For a person it is asked now, but for what an audit alone can ask.
    const listed = input.audit ? last : undefined;
    const resolver = last?.lists?.resolver;
    const onlyOfAudits = resolver && { lists: { resolver } };
    const account = listed?.principals && listedFacts(async () => listed.principals);
    const known = { account, audit: async () => listed ?? onlyOfAudits, stacks, route };
    const report = await examine({ ...deps.proving, known }, subject, newness);
    const proof = await keepReport(deps, record, { report, last }, input);
    return { proof, judged: input.audit ? report : proof.evidence };
  } catch (thrown) {
    if (input.audit) await noteFailure(deps, record, input.audit, thrown);
    throw thrown;
  }
}

/**
 * Verifies a tenant in service again, with the checks and probes of VerifyIsolation. The daily
 * audit calls it, and an operator (`npm run verify`).
 *
 * 1. Builds the expected tenant from its record, its stacks and its cell.
 * 2. Runs every check, and keeps the report in the evidence bucket, passed or failed.
 * 3. Writes the report's digest and the failed checks on the tenant's record. When no check failed
 *    and some could not be answered, the verification on record stays: that is neither isolation nor
 *    drift. For an audit it writes the finding too, which JudgeAudit compares with those of the others.
 *    An audit's verdict is about the tenant alone: what fails of its surroundings is one alarm, and not one a tenant.
 *
 * A failed check is an answer of this function, not an error. The function changes nothing else of
 * the tenant.
 *
 * Throws `InvalidRequest` when no tenant has this name, `UnexpectedFailure` when a stack does not
 * exist, `IsolationBreach` when checks failed and their evidence cannot be kept,
 * `TransientConflict` when the tenant was suspended or resumed meanwhile, or has a later verdict;
 * `TransientNotYetVisible` when its rule was changed less than a minute ago and does not answer yet.
 */
export const auditTenant: Action<typeof AuditTenantInput, typeof AuditTenantOutput, AuditTenantDeps> = {
  name: 'AuditTenant',
  input: AuditTenantInput,
  output: AuditTenantOutput,
  run: async (deps, input) => {
    const record = await tenantCalled(deps.table, input.tenant);
    const { tenantId, host, status } = record;
    if (status !== 'ACTIVE' && status !== 'SUSPENDED') return { verdict: 'skipped', tenantId, status };
    const { proof, judged } = await verifyAgain(deps, record, input);
    const { evidence, digest, keys } = proof;
    const verdict = verdictOf(judged);
    const failed = idsOf(failedOf(judged));
    logger.info(`tenant.${verdict}`, { tenantId, failed, digest });
    return {
      verdict,
      tenantId,
      host,
      status,
      checks: evidence.checks.length,
      failed,
      reason: judged.passed ? '' : reasonOf(judged, keys.json),
      digest,
      report: keys.json,
      ...(input.whole && { evidence }),
    };
  },
};

const realDeps = (): AuditTenantDeps => {
  const table = tenantsTable();
  const { readableCells } = ssmCells(new SSMClient(clientOptions));
  return {
    table,
    proving: provingDeps({ findAlarms: findAlarms(withoutCallLog(new CloudWatchClient(clientOptions))) }),
    cloudformation: new CloudFormationClient(clientOptions),
    compute: { readableCells: keptFor({ ms: CELLS_GOOD_FOR }, readableCells), ...tableLiveColour(table) },
    get stage() {
      return stageContext();
    },
  };
};

export const handler = actionHandler(auditTenant, realDeps());
