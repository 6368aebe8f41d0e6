import { isTransient } from '../../contract/errors';
import { translateError } from '../../shared/error-translation';
import { logger } from '../../shared/logger';
import type { Sources } from '../check';
import type { Evidence } from '../evidence-report';
import { breachOf } from '../report';
import type { Subject } from '../subject';
import { verify } from '../verify';
import { type EvidenceStore, type KeptEvidence, keepEvidence } from './keep-evidence';

export interface ProvingDeps {
  readonly sourcesFor: (subject: Subject) => Sources;
  readonly evidence: EvidenceStore;
  /** The version of the function that verifies. */
  readonly codeVersion: string;
  readonly now: () => Date;
}

export interface Proof extends KeptEvidence {
  readonly evidence: Evidence;
}

/**
 * Verifies a tenant and keeps the answers in the evidence bucket, passed or failed. Fails closed:
 * without evidence a tenant is not verified.
 *
 * @param verifiedBy ARN of the execution, or of the operator
 * @param onKept runs when the report is stored; its page may still be on its way
 * @throws PlatformError `Transient*` when a transient fault prevented the verification or its
 * evidence; `IsolationBreach` when checks failed and their evidence could not be kept: the breach
 * is the worse news
 */
export async function prove(
  deps: ProvingDeps,
  subject: Subject,
  verifiedBy: string,
  onKept?: (proof: Proof) => Promise<void>,
): Promise<Proof> {
  const report = await verify(subject, deps.sourcesFor(subject), deps.now);
  const evidence: Evidence = { ...report, verifiedBy, codeVersion: deps.codeVersion };
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
