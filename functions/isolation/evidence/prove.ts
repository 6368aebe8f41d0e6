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
  /** Of the function that asks. */
  readonly codeVersion: string;
  readonly now: () => Date;
}

export interface Proof extends KeptEvidence {
  readonly evidence: Evidence;
}

/**
 * Asks every question about a tenant and leaves the answers in the evidence bucket, whatever they are: a breach is what an
 * auditor wants to see most. Fails closed: what has no evidence has not been verified.
 *
 * @param verifiedBy ARN of the execution, or of the person who asks
 * @param onKept is told of the proof as soon as its report is kept; the report's page may still be on its way
 * @throws PlatformError `Transient*` when nothing is known, or nothing could be kept, for a passing reason;
 * `IsolationBreach` when there is a breach and no way to keep its evidence, so that the worse news is what is told
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
    const tell = async (kept: KeptEvidence) => onKept?.({ evidence, ...kept });
    return { evidence, ...(await keepEvidence(deps.evidence, evidence, tell)) };
  } catch (thrown) {
    const error = translateError(thrown);
    if (isTransient(error.name) || report.passed) throw error;
    logger.error('evidence.not-kept', { error: error.name, reason: error.message });
    throw breachOf(report);
  }
}
