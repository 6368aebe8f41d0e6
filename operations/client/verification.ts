import * as z from 'zod';
import { AuditTenantOutput } from '../../functions/contract/audit';
import { EvidenceSchema } from '../../functions/isolation/evidence-report';

/** The answer of AuditTenant when it was asked for the whole report. */
export const WholeAnswer = AuditTenantOutput.transform((answer, context) => {
  if (answer.verdict === 'skipped') return answer;
  const { success, data, error } = EvidenceSchema.safeParse(answer.evidence);
  if (success) return { ...answer, evidence: data };
  context.addIssue({ code: 'custom', message: `the report cannot be read: ${error.message}` });
  return z.NEVER;
});
export type Verification = z.output<typeof WholeAnswer>;
