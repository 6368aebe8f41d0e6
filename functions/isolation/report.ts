import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { StackKindSchema } from '../contract/stacks';
import { REASON_MAX_LENGTH } from '../contract/tenant';
import { CHECK_GROUPS, FRAMEWORKS } from './check';

/** @see Control */
const ControlSchema = z.object({ framework: z.enum(FRAMEWORKS), id: z.string() });

/** The answer to one check, with everything an auditor asks about it. */
export const AnswerSchema = z.object({
  id: z.string(),
  group: z.enum(CHECK_GROUPS),
  title: z.string(),
  question: z.string(),
  severity: z.enum(['critical', 'high', 'medium']),
  /** The controls in one line. */
  control: z.string(),
  /** Reports of version 0.1 of the platform do not have the next two. */
  controls: z.array(ControlSchema).optional(),
  remediation: z.object({ action: z.string(), runbook: z.string() }).optional(),
  passed: z.boolean(),
  /**
   * Why an answer that has not passed is no violation. Reports of version 0.1 of the platform count
   * such an answer as failed.
   */
  open: z.enum(['not-visible-yet', 'unanswered']).optional(),
  evidence: z.string(),
  at: z.iso.datetime(),
});
export type Answer = z.infer<typeof AnswerSchema>;

/** A question that a verification did not ask. */
const NotAskedSchema = z.object({ id: z.string(), title: z.string(), because: z.string() });
export type NotAskedAbout = z.infer<typeof NotAskedSchema>;

/**
 * One verification of one tenant, its answers in the order of the catalogue. The page for auditors
 * is made from it.
 */
export const ReportSchema = z.object({
  version: z.literal(1),
  tenantId: z.string(),
  host: z.string(),
  cell: z.string(),
  routed: z.boolean(),
  templateVersions: z.record(StackKindSchema, z.string()),
  /**
   * Of each stack, as this tenant's release launches it: `stacks.parameters` says whether the stack has
   * them. Reports of version 0.1 of the platform do not have them.
   */
  parameters: z.record(StackKindSchema, z.record(z.string(), z.string())).optional(),
  verifiedAt: z.iso.datetime(),
  passed: z.boolean(),
  checks: z.array(AnswerSchema),
  /** Absent when every question was asked, and in reports of version 0.1 of the platform. */
  notAsked: z.array(NotAskedSchema).optional(),
});
export type Report = z.infer<typeof ReportSchema>;

/** The violations. A tenant with one is not isolated. */
export const failedOf = ({ checks }: Pick<Report, 'checks'>) =>
  checks.filter(({ passed, open }) => !passed && open === undefined);
/** The answers that are neither. They keep a tenant out, and take no tenant in service down. */
export const openOf = ({ checks }: Pick<Report, 'checks'>) => checks.filter(({ open }) => open !== undefined);

/** JSON with sorted keys: equal reports have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Every failed check, each with as much evidence as fits. Without one, every check that could not
 * be answered.
 *
 * @param kept the key of the whole report in the evidence bucket
 */
export function reasonOf(report: Report, kept?: string): string {
  const tail = kept ? `; report: ${kept}` : '';
  const violations = failedOf(report);
  const [failed, what] = violations.length > 0 ? [violations, 'failed'] : [openOf(report), 'could not be answered'];
  const head = `${failed.length} of ${report.checks.length} isolation checks ${what}: `;
  const ids = failed.reduce((sum, { id }) => sum + id.length + 6, head.length + tail.length);
  const room = Math.max(0, Math.floor((REASON_MAX_LENGTH - ids) / Math.max(1, failed.length)));
  const shorten = (long: string) => (long.length <= room ? long : `${long.slice(0, Math.max(0, room - 1))}…`);
  const causes = failed.map(({ id, evidence }) => `${id} (${shorten(evidence)})`);
  const text = `${head}${causes.join('; ')}`.slice(0, REASON_MAX_LENGTH - tail.length);
  return `${text}${tail}`;
}

/** The error of a verification that did not pass. @param kept see `reasonOf` */
export const breachOf = (report: Report, kept?: string): PlatformError =>
  new PlatformError('IsolationBreach', reasonOf(report, kept));
