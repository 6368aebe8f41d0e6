import * as z from 'zod';
import { isVisible } from './signup';
import { CaughtFailureSchema, REASON_MAX_LENGTH, TenantStatusSchema } from './tenant';

/** What a stage does about an ACTIVE tenant that is no longer isolated, besides the alarm. */
const OnBreachSchema = z.enum(['alarm', 'suspend']);
export type OnBreach = z.infer<typeof OnBreachSchema>;

export const ListTenantsInput = z.object({ after: z.string().nullable() });
/** `next` is null on the last page. */
export const ListTenantsOutput = z.object({ tenantIds: z.array(z.string()), next: z.string().nullable() });

export const AuditTenantInput = z.object({
  /** Tenant id, subdomain or signup id. */
  tenant: z.string().min(1),
  /** ARN of the execution, or of the person who asks. */
  verifiedBy: z.string().min(1),
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
  reason: z.string().max(REASON_MAX_LENGTH).refine(isVisible, 'expected a reason that is not empty'),
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

/**
 * `failure` is the error that a Catch passed on. It replaces the report when the checks could not
 * run or the report could not be stored.
 */
export const ReportBreachInput = z.object({
  executionArn: z.string(),
  tenantId: z.string(),
  verdict: z.enum(['drifted', 'unverified']),
  host: z.string().optional(),
  reason: z.string().optional(),
  report: z.string().optional(),
  failure: CaughtFailureSchema.optional(),
  suspension: z.enum(['none', 'done', 'failed']),
});
export const ReportBreachOutput = z.object({ reported: z.literal(true) });

/** The number of tenants for each verdict. */
export const ConcludeAuditInput = z.object({
  isolated: z.number(),
  drifted: z.number(),
  unverified: z.number(),
  skipped: z.number(),
});
export const ConcludeAuditOutput = ConcludeAuditInput;
