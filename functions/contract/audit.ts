import * as z from 'zod';
import { ReasonSchema } from './reason';
import { REASON_MAX_LENGTH, TenantStatusSchema } from './tenant';

/** What a stage does about an ACTIVE tenant that is no longer isolated, besides the alarm. */
const OnBreachSchema = z.enum(['alarm', 'suspend']);
export type OnBreach = z.infer<typeof OnBreachSchema>;

/**
 * What an audit has found about one tenant. The tenant's record keeps the last one, so that an audit
 * can judge all of its tenants together.
 */
export const AuditFindingSchema = z.object({
  /** ARN of the audit's execution. */
  by: z.string(),
  at: z.iso.datetime(),
  verdict: z.enum(['isolated', 'drifted', 'unverified']),
  /** Failed checks, and those of them that are critical. */
  failed: z.array(z.string()),
  critical: z.array(z.string()),
  /** Checks that could not be answered; the name of the error when none could be asked. */
  open: z.array(z.string()),
  reason: z.string().max(REASON_MAX_LENGTH),
  report: z.string().optional(),
});
export type AuditFinding = z.infer<typeof AuditFindingSchema>;

export const ListTenantsInput = z.object({ after: z.string().nullable() });
/** `next` is null on the last page. */
export const ListTenantsOutput = z.object({ tenantIds: z.array(z.string()), next: z.string().nullable() });

export const AuditTenantInput = z.object({
  /** Tenant id, subdomain or signup id. */
  tenant: z.string().min(1),
  /** ARN of the execution, or of the person who asks. */
  verifiedBy: z.string().min(1),
  /** ARN of the audit's execution; absent when an operator asks. */
  audit: z.string().optional(),
  /**
   * True for an operator's command: the answer contains the whole report, which a state machine has
   * no room for.
   */
  whole: z.boolean().default(false),
});
/**
 * `unverified`: no check failed, and some could not be answered; the record keeps its last verdict.
 * `skipped`: the tenant is not in service (neither ACTIVE nor SUSPENDED), so it is not verified.
 * `report` is the key of an object in the evidence bucket, `evidence` the content of that object.
 */
export const AuditTenantOutput = z.discriminatedUnion('verdict', [
  z.object({
    verdict: z.enum(['isolated', 'drifted', 'unverified']),
    tenantId: z.string(),
    host: z.string(),
    status: TenantStatusSchema,
    checks: z.number(),
    failed: z.array(z.string()),
    /** Each failed check, or each that could not be answered, with its evidence; cut to the maximal length. */
    reason: z.string().max(REASON_MAX_LENGTH),
    digest: z.string(),
    report: z.string(),
    evidence: z.unknown().optional(),
  }),
  z.object({ verdict: z.literal('skipped'), tenantId: z.string(), status: TenantStatusSchema }),
]);

export const SuspendTenantInput = z.object({
  tenant: z.string().min(1),
  by: z.string().min(1),
  reason: ReasonSchema,
});
/** `earlier`: the tenant was SUSPENDED already, and the first suspension stays on record. */
export const SuspendTenantOutput = z.object({
  tenantId: z.string(),
  host: z.string(),
  suspendedAt: z.iso.datetime(),
  earlier: z.object({ by: z.string(), reason: z.string() }).optional(),
});

export const ResumeTenantInput = z.object({ tenant: z.string().min(1) });
export const ResumeTenantOutput = z.object({ tenantId: z.string(), host: z.string(), resumedAt: z.iso.datetime() });

/** A tenant to tell of, and whether to suspend it first. */
const TenantReportSchema = z.object({
  tenantId: z.string(),
  verdict: z.enum(['drifted', 'unverified']),
  host: z.string().optional(),
  reason: z.string(),
  report: z.string().optional(),
  /** False when no check that failed is critical. */
  critical: z.literal(false).optional(),
});
/** A cause that many tenants share, in one report. */
const SharedReportSchema = z.object({
  verdict: z.literal('shared'),
  /** A line for each cause: the check, and of how many tenants of which cell. */
  causes: z.array(z.string()),
  tenants: z.number(),
  /** Hosts of the first tenants. */
  examples: z.array(z.string()),
  /** How many tenants were not suspended, because too many would have been. */
  held: z.number(),
});
/** A failure of what all tenants of a cell share and trust, in one report per cell. */
const SurroundingsReportSchema = z.object({ verdict: z.literal('surroundings'), cell: z.string(), reason: z.string() });

/** What there is of tenants and does not match the tenants that were audited: told once. */
const UncountedReportSchema = z.object({ verdict: z.literal('uncounted'), differences: z.array(z.string()) });

export const AuditSurroundingsInput = z.object({ executionArn: z.string() });
/** `failing`: the number of cells where a check failed or has no answer. */
export const AuditSurroundingsOutput = z.object({
  reports: z.array(SurroundingsReportSchema.extend({ suspend: z.literal(false) })),
  failing: z.number(),
});

const withSuspend = { suspend: z.boolean() };

export const JudgeAuditInput = z.object({
  executionArn: z.string(),
  onBreach: OnBreachSchema,
  /** When the audit began. */
  startedAt: z.string(),
});
/**
 * `held`: tenants that would have been suspended by causes that they share. `uncounted`: route items,
 * rules and buckets that do not match the tenants that were audited.
 */
export const JudgeAuditOutput = z.object({
  reports: z.array(
    z.discriminatedUnion('verdict', [
      TenantReportSchema.extend(withSuspend),
      SharedReportSchema.extend({ suspend: z.literal(false) }),
      UncountedReportSchema.extend({ suspend: z.literal(false) }),
    ]),
  ),
  held: z.number(),
  uncounted: z.number(),
});

const reported = { executionArn: z.string(), suspension: z.enum(['none', 'done', 'failed']) };
export const ReportBreachInput = z.discriminatedUnion('verdict', [
  TenantReportSchema.extend(reported),
  SharedReportSchema.extend(reported),
  SurroundingsReportSchema.extend(reported),
  UncountedReportSchema.extend(reported),
]);
export const ReportBreachOutput = z.object({ reported: z.literal(true) });

/** The number of tenants for each verdict. */
export const ConcludeAuditInput = z.object({
  isolated: z.number(),
  drifted: z.number(),
  unverified: z.number(),
  skipped: z.number(),
  /** How many tenants were not suspended, because too many would have been. */
  held: z.number(),
  /** Cells whose surroundings failed a check, or could not be asked about. */
  surroundings: z.number(),
  /** Differences between the tenants audited and what there is of tenants. An audit of an earlier release counts none. */
  uncounted: z.number().default(0),
});
export const ConcludeAuditOutput = ConcludeAuditInput.omit({ held: true, surroundings: true, uncounted: true });
