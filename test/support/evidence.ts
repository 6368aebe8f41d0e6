import type { Check } from '../../functions/isolation/check';
import type { Evidence } from '../../functions/isolation/evidence-report';
import type { Answer } from '../../functions/isolation/report';
import { aTenant, NOW } from './builders';

export function anAnswer(overrides: Partial<Answer> = {}): Answer {
  return {
    id: 'storage.tls',
    group: 'storage',
    title: 'The bucket answers over TLS alone',
    question: 'Does the bucket’s policy refuse every request that was not sent over TLS?',
    severity: 'high',
    control: 'FSBP S3.5',
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

/** A check that answers as it is told, with no question put to anyone. */
export const aCheck = (id: Check['id'], run: Check['run']): Check => ({
  id,
  title: id,
  question: `Is ${id} as it must be?`,
  severity: 'critical',
  control: 'SOC 2 CC6.1',
  run,
});
