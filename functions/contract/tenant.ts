import * as z from 'zod';
import { TENANT_ID_PATTERN } from './naming';
import { PlanSchema } from './plans';

/** A tenant's seat in a cell. */
export const SlotSchema = z.object({
  cell: z.string(),
  number: z.number().int().nonnegative(),
  /** ALB listener-rule priority. */
  priority: z.number().int().min(1).max(50_000),
  /** The tenant VPC's block, a /24. */
  cidr: z.cidrv4(),
});
export type Slot = z.infer<typeof SlotSchema>;

/** What later steps need to know of a reserved tenant. The company's name and e-mail stay in the record. */
export const TenantSchema = z.object({
  tenantId: z.string().regex(TENANT_ID_PATTERN),
  signupId: z.string(),
  subdomain: z.string(),
  /** `SUBDOMAIN.DOMAIN`, what the listener rule matches. */
  host: z.string(),
  url: z.url(),
  plan: PlanSchema,
  externalId: z.string(),
  slot: SlotSchema,
});
export type Tenant = z.infer<typeof TenantSchema>;

/**
 * ONBOARDING: reserved, being built. ACTIVE: verified and routed. ROLLING_BACK: being undone. FAILED: undone, only the
 * record is left. HELD: failed with its resources kept for a redrive. SUSPENDED: was active, its route says 503.
 */
export const TenantStatusSchema = z.enum(['ONBOARDING', 'ACTIVE', 'ROLLING_BACK', 'FAILED', 'HELD', 'SUSPENDED']);
export type TenantStatus = z.infer<typeof TenantStatusSchema>;

/** Longest reason that records, events and causes carry. */
export const REASON_MAX_LENGTH = 2000;

/** Why an onboarding failed, as the record, the event and the execution's cause tell it. */
export interface Failure {
  /** The state that failed. */
  readonly step: string;
  readonly error: string;
  /** AWS's own words, or ours; never a secret. */
  readonly reason: string;
}

const FailureSchema = z.object({
  step: z.string(),
  error: z.string(),
  reason: z.string().max(REASON_MAX_LENGTH),
}) satisfies z.ZodType<Failure>;

/**
 * What became of the resources of a run that failed. rolling-back: they are being undone. rolled-back: all are undone.
 * held: kept for a redrive. refused: there never were any. claim-lost: a newer execution has them. unfinished: the run
 * ended outside its failure path; they may exist, and a redrive resumes it. unannounced: the tenant is ACTIVE, and only
 * its announcement failed.
 */
const OutcomeSchema = z.enum([
  'rolling-back',
  'rolled-back',
  'held',
  'refused',
  'claim-lost',
  'unfinished',
  'unannounced',
]);
export type Outcome = z.infer<typeof OutcomeSchema>;

/** What records, events and `npm run status` tell beyond the failure itself. */
export const FailureReportSchema = FailureSchema.extend({
  outcome: OutcomeSchema,
  /** Undos that are done. */
  undone: z.array(z.string()),
  /** Undos that are not: what they take away may exist, and cost money. */
  remaining: z.array(z.string()),
  /** Where and why the run itself ended, if not there: an undo that failed, somebody who stopped it. */
  stoppedAt: FailureSchema.optional(),
  links: z.object({ execution: z.url() }),
});
export type FailureReport = z.infer<typeof FailureReportSchema>;

const LambdaCauseSchema = z.looseObject({ errorMessage: z.string() });

/** Lambda reports a thrown error as JSON in the cause; a task token's failure and a timeout carry plain text or none. */
function reasonIn(cause: string | undefined): string | undefined {
  if (!cause) return undefined;
  try {
    const parsed = LambdaCauseSchema.safeParse(JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : cause;
  } catch {
    return cause;
  }
}

/** Names that begin with `States.` belong to the service: a task must not throw them, so they get a name of ours. */
function ownName(error: string): string {
  if (error === 'States.Timeout' || error === 'States.HeartbeatTimeout') return 'StepTimedOut';
  return error.startsWith('States.') ? 'UnexpectedFailure' : error;
}

/** What a Catch hands on (`$states.errorOutput` and the state's name), parsed into a Failure. */
export const CaughtFailureSchema = z
  .object({ step: z.string(), error: z.string(), cause: z.string().optional() })
  .transform(({ step, error, cause }): Failure => {
    const reason = reasonIn(cause) ?? `${step} ended with ${error}, without a cause`;
    return { step, error: ownName(error), reason: reason.slice(0, REASON_MAX_LENGTH) };
  });
