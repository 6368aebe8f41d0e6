import type { Check } from '../../functions/isolation/check';
import type { Evidence } from '../../functions/isolation/evidence-report';
import type { Answer } from '../../functions/isolation/report';
import { aTenant, NOW } from './builders';

export function anAnswer(overrides: Partial<Answer> = {}): Answer {
  return {
    id: 'storage.tls',
    group: 'storage',
    title: 'The bucket accepts TLS requests only',
    question: 'Does the bucket’s policy deny every request that was not sent over TLS?',
    severity: 'high',
    control: 'FSBP S3.5',
    controls: [{ framework: 'FSBP', id: 'S3.5' }],
    remediation: { action: 'Restore the bucket’s policy.', runbook: 'docs/runbook.md#isolation-storage' },
    passed: true,
    evidence: 'refused',
    at: NOW,
    ...overrides,
  };
}

/** The evidence of one run about `aTenant()`; it passed, unless one of its checks did not. */
export function anEvidence(overrides: Partial<Evidence> = {}): Evidence {
  const checks = overrides.checks ?? [anAnswer()];
  const { tenantId, host, slot } = aTenant();
  return {
    version: 1,
    tenantId,
    host,
    cell: slot.cell,
    routed: false,
    templateVersions: { network: 'n1', database: 'd1', storage: 's1', access: 'a1' },
    verifiedAt: NOW,
    passed: checks.every(({ passed }) => passed),
    checks,
    verifiedBy: 'arn:aws:states:eu-central-1:111122223333:execution:TenantOnboarding:first',
    codeVersion: '0.1.0+0123456789ab',
    ...overrides,
  };
}

/** A check with the answer that a test gives it. */
export const aCheck = (id: Check['id'], run: Check['run']): Check => ({
  id,
  title: id,
  question: `Is ${id} as it must be?`,
  severity: 'critical',
  controls: [{ framework: 'SOC 2', id: 'CC6.1' }],
  remediation: { action: 'Do nothing.', runbook: 'docs/runbook.md#isolation-key' },
  run,
});
