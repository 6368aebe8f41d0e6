import { VerifyIsolationInput, VerifyIsolationOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { recordVerification } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { examine, keepProof, type Proof, type ProvingDeps } from './evidence/prove';
import { listedFacts } from './facts/noteworthy-principals';
import { provingDeps, stageContext } from './proving';
import { breachOf } from './report';
import type { StageContext, Subject } from './subject';
import { itemsBeside, withSurroundings } from './surroundings/last-answers';

export interface VerifyIsolationDeps {
  readonly table: TenantsTable;
  readonly proving: ProvingDeps;
  readonly stage: StageContext;
}

/**
 * ActivateTenant requires this digest on the record. The digest of a failed verification must never
 * be there.
 */
async function recordProof(
  table: TenantsTable,
  executionArn: string,
  { evidence, digest, keys }: Proof,
): Promise<void> {
  if (!evidence.passed) return;
  const { tenantId, checks, verifiedAt } = evidence;
  const verification = { checks: checks.length, verifiedAt, digest, report: keys.json };
  await recordVerification(table, { tenantId, executionArn }, verification);
}

/**
 * Proves before the tenant's first request that only the tenant reaches its data, and that it
 * reaches no other tenant's data.
 *
 * 1. Runs every check of the catalogue, side by side: it reads the configuration in AWS, and sends
 *    probes. The tenant's role and its listener rule are new: what fails only because AWS may not
 *    show them everywhere yet is asked again for a minute, and then by the state machine. When they
 *    are five minutes old, it is a breach.
 * 2. Adds the last audit's answers about what all tenants of the cell share. Without such an audit it
 *    says that it has not asked, as for the principals of the account, which only audits list.
 *    Keeps the report in the evidence bucket, passed or failed, and then its page. Without evidence
 *    nothing is verified.
 * 3. Fails when a check failed, with an error that names every failed check.
 * 4. Otherwise writes the report's digest on the tenant's record, where ActivateTenant requires it.
 *
 * Nothing to undo: probes leave no object behind, evidence is kept on purpose, and RegisterTenant
 * removes the verification of an earlier attempt.
 *
 * Throws `IsolationBreach`, `ClaimLost`, `AccessDenied` when evidence cannot be kept,
 * `TransientNotYetVisible` while AWS does not show the new role or rule, `Transient*` when a service
 * has a transient fault: then nothing is known yet.
 */
export const verifyIsolation: Action<typeof VerifyIsolationInput, typeof VerifyIsolationOutput, VerifyIsolationDeps> = {
  name: 'VerifyIsolation',
  input: VerifyIsolationInput,
  output: VerifyIsolationOutput,
  run: async (deps, { executionArn, ...tenantInput }) => {
    // A definition of an earlier release does not say when the rule was made.
    const ruleSince = tenantInput.route.registeredAt ?? deps.proving.now().toISOString();
    const newness = { ruleSince, roleUnproven: true };
    // A definition that prepares no database says so, or says nothing.
    const { rolesRevision = 0 } = tenantInput.route;
    const subject: Subject = { ...deps.stage, ...tenantInput, routed: false, rolesRevision };
    const record = (proof: Proof) => recordProof(deps.table, executionArn, proof);
    // It is read while the checks wait for their own answers.
    const { audit, route } = itemsBeside(deps.table, { ...tenantInput.tenant, inService: false }, deps.proving.now);
    const account = listedFacts(async () => (await audit())?.principals);
    const known = { account, audit, route, accountWide: deps.proving.accountWide };
    const own = await examine({ ...deps.proving, known }, subject, newness);
    const report = withSurroundings(own, await audit());
    const { evidence, digest, keys } = await keepProof(deps.proving, report, executionArn, record);
    if (!evidence.passed) throw breachOf(evidence, keys.json);
    return { checks: evidence.checks.length, verifiedAt: evidence.verifiedAt, digest };
  },
};

const realDeps = (): VerifyIsolationDeps => ({
  table: tenantsTable(),
  proving: provingDeps(),
  get stage() {
    return stageContext();
  },
});

export const handler = actionHandler(verifyIsolation, realDeps());
