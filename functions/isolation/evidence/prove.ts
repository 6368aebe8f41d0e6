import { isTransient, PlatformError } from '../../contract/errors';
import { translateError } from '../../shared/error-translation';
import { logger } from '../../shared/logger';
import type { Evidence } from '../evidence-report';
import type { AccountWide } from '../facts/kept-account';
import type { Newness } from '../newness';
import { breachOf, failedOf, openOf, type Report, reasonOf } from '../report';
import type { Subject } from '../subject';
import { type Verifying, verifyPatiently } from '../verify-patiently';
import { type EvidenceStore, type KeptEvidence, keepEvidence } from './keep-evidence';
import { SDK_VERSIONS } from './sdk-versions';

export interface ProvingDeps extends Verifying {
  readonly evidence: EvidenceStore;
  /** The version of the function that verifies. */
  readonly codeVersion: string;
  /** For an onboarding before the first audit. An audit lists the account itself, and for a person it is asked now. */
  readonly accountWide?: AccountWide;
}

export interface Proof extends KeptEvidence {
  readonly evidence: Evidence;
}

/** Nothing is known while AWS does not show a new resource. @throws PlatformError `TransientNotYetVisible` */
function requireVisible(report: Report): void {
  if (failedOf(report).length > 0 || openOf(report).every(({ open }) => open !== 'not-visible-yet')) return;
  throw new PlatformError('TransientNotYetVisible', reasonOf(report));
}

/**
 * Verifies a tenant.
 *
 * @param newness what of the tenant AWS may not show everywhere yet
 * @throws PlatformError `TransientNotYetVisible` when AWS does not show a new role or rule yet, and no check has failed;
 * `Transient*` when a transient fault prevented the verification
 */
export async function examine(deps: ProvingDeps, subject: Subject, newness?: Newness): Promise<Report> {
  const report = await verifyPatiently(subject, deps, newness);
  requireVisible(report);
  return report;
}

/**
 * Keeps the answers in the evidence bucket, passed or failed. Fails closed: without evidence a tenant
 * is not verified.
 *
 * @param verifiedBy ARN of the execution, or of the operator
 * @param onKept runs when the report is stored; its page may still be on its way
 * @throws PlatformError `Transient*` when a transient fault prevented it; `IsolationBreach` when checks
 * failed and their evidence could not be kept: the breach is the worse news
 */
export async function keepProof(
  deps: ProvingDeps,
  report: Report,
  verifiedBy: string,
  onKept?: (proof: Proof) => Promise<void>,
): Promise<Proof> {
  const evidence: Evidence = { ...report, verifiedBy, codeVersion: deps.codeVersion, sdkVersions: SDK_VERSIONS };
  try {
    const notify = async (kept: KeptEvidence) => onKept?.({ evidence, ...kept });
    return { evidence, ...(await keepEvidence(deps.evidence, evidence, notify)) };
  } catch (thrown) {
    const error = translateError(thrown);
    if (isTransient(error.name) || report.passed) throw error;
    logger.error('evidence.not-kept', { error: error.name, reason: error.message });
    throw breachOf(report);
  }
}
