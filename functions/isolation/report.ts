import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { StackKindSchema } from '../contract/stacks';
import { REASON_MAX_LENGTH } from '../contract/tenant';
import { CHECK_GROUPS } from './check';

/** The answer to one check, and everything an auditor asks about it. */
export const AnswerSchema = z.object({
  id: z.string(),
  group: z.enum(CHECK_GROUPS),
  title: z.string(),
  question: z.string(),
  severity: z.enum(['critical', 'high', 'medium']),
  control: z.string(),
  passed: z.boolean(),
  evidence: z.string(),
  at: z.iso.datetime(),
});
export type Answer = z.infer<typeof AnswerSchema>;

/** One verification of one tenant, in the order of the catalogue. JSON for machines; a page for auditors is made of it. */
export const ReportSchema = z.object({
  version: z.literal(1),
  tenantId: z.string(),
  host: z.string(),
  cell: z.string(),
  routed: z.boolean(),
  templateVersions: z.record(StackKindSchema, z.string()),
  verifiedAt: z.iso.datetime(),
  passed: z.boolean(),
  checks: z.array(AnswerSchema),
});
export type Report = z.infer<typeof ReportSchema>;

/** JSON with the keys of every object in order: equal reports have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Every failed check by its id, each with as much of its evidence as there is room for.
 *
 * @param kept where the whole report is
 */
export function breachOf(report: Report, kept?: string): PlatformError {
  const tail = kept ? `; report: ${kept}` : '';
  const failed = report.checks.filter((answer) => !answer.passed);
  const head = `${failed.length} of ${report.checks.length} isolation checks failed: `;
  const ids = failed.reduce((sum, { id }) => sum + id.length + 6, head.length + tail.length);
  const room = Math.max(0, Math.floor((REASON_MAX_LENGTH - ids) / Math.max(1, failed.length)));
  const shorten = (text: string) => (text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`);
  const causes = failed.map(({ id, evidence }) => `${id} (${shorten(evidence)})`);
  const told = `${head}${causes.join('; ')}`.slice(0, REASON_MAX_LENGTH - tail.length);
  return new PlatformError('IsolationBreach', `${told}${tail}`);
}
