import type { Compute } from '../compute/compute';
import { tableLiveColour } from '../compute/table-live-colour';
import { VerifyIsolationInput, VerifyIsolationOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { recordVerification } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type Proof, type ProvingDeps, prove } from './evidence/prove';
import { provingDeps, stageContext } from './proving';
import { breachOf } from './report';
import type { StageContext, Subject } from './subject';

export interface VerifyIsolationDeps {
  readonly table: TenantsTable;
  readonly compute: Pick<Compute, 'live'>;
  readonly proving: ProvingDeps;
  readonly stage: StageContext;
}

/** ActivateTenant asks the record for this very digest; it must not find the digest of a breach there. */
async function keepProof(table: TenantsTable, executionArn: string, { evidence, digest, keys }: Proof): Promise<void> {
  if (!evidence.passed) return;
  const { tenantId, checks, verifiedAt } = evidence;
  const verification = { checks: checks.length, verifiedAt, digest, report: keys.json };
  await recordVerification(table, { tenantId, executionArn }, verification);
}

/**
 * Proves that nobody but the tenant can reach its data, and that it can reach nobody else's, before its first request.
 *
 * 1. Every check of the catalogue is asked, side by side: what AWS has is read, and doors are tried.
 * 2. The report goes to the evidence bucket, whatever it says, and then its page. Without evidence nothing is verified.
 * 3. One failed check fails the step, under the names of all that failed.
 * 4. Otherwise the digest of the report goes on the tenant's record, where ActivateTenant asks for it, as soon as the report
 *    is kept.
 *
 * Nothing to undo: probes leave nothing behind, evidence stays by design, and RegisterTenant removes an earlier attempt's
 * verification.
 *
 * Throws `IsolationBreach`, `ClaimLost`, `AccessDenied` where evidence cannot be kept, `Transient*` where a service failed in
 * passing: then nothing is known yet.
 */
export const verifyIsolation: Action<typeof VerifyIsolationInput, typeof VerifyIsolationOutput, VerifyIsolationDeps> = {
  name: 'VerifyIsolation',
  input: VerifyIsolationInput,
  output: VerifyIsolationOutput,
  run: async (deps, { executionArn, ...tenantInput }) => {
    const { colour: liveColour } = await deps.compute.live(tenantInput.cell);
    const subject: Subject = { ...deps.stage, ...tenantInput, liveColour, routed: false };
    const { evidence, digest, keys } = await prove(deps.proving, subject, executionArn, (proof) =>
      keepProof(deps.table, executionArn, proof),
    );
    if (!evidence.passed) throw breachOf(evidence, keys.json);
    return { checks: evidence.checks.length, verifiedAt: evidence.verifiedAt, digest };
  },
};

const realDeps = (): VerifyIsolationDeps => {
  const table = tenantsTable();
  return {
    table,
    compute: tableLiveColour(table),
    proving: provingDeps(),
    get stage() {
      return stageContext();
    },
  };
};

export const handler = actionHandler(verifyIsolation, realDeps());
