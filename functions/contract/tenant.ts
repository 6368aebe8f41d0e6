import * as z from 'zod';
import { KILLED_FUNCTION, ofLambdaService } from './lambda-errors';
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

/** A reserved tenant, as later states need it. The company's name and e-mail stay in the record. */
export const TenantSchema = z.object({
  tenantId: z.string().regex(TENANT_ID_PATTERN),
  signupId: z.string(),
  subdomain: z.string(),
  /** `SUBDOMAIN.DOMAIN`, the host of the listener rule. */
  host: z.string(),
  url: z.url(),
  plan: PlanSchema,
  externalId: z.string(),
  slot: SlotSchema,
});
export type Tenant = z.infer<typeof TenantSchema>;

/**
 * - ONBOARDING: reserved, its resources are being created
 * - ACTIVE: verified and in service
 * - ROLLING_BACK: its onboarding failed and is being undone
 * - FAILED: its onboarding is undone; only the record is left
 * - HELD: its onboarding failed, and its resources are kept for a redrive
 * - SUSPENDED: taken out of service; its route answers 503
 */
export const TenantStatusSchema = z.enum(['ONBOARDING', 'ACTIVE', 'ROLLING_BACK', 'FAILED', 'HELD', 'SUSPENDED']);
export type TenantStatus = z.infer<typeof TenantStatusSchema>;

/** Maximal length of a name that a person types for a tenant: a host has at most 253 characters. */
export const TYPED_NAME_MAX_LENGTH = 300;

/** Maximal length of a reason in records, events and causes. */
export const REASON_MAX_LENGTH = 2000;

/** Why an onboarding failed, as the record, the event and the execution's cause report it. */
export interface Failure {
  /** The state that failed. */
  readonly step: string;
  readonly error: string;
  /** AWS's message or one of the platform; never a secret. */
  readonly reason: string;
}

const FailureSchema = z.object({
  step: z.string(),
  error: z.string(),
  reason: z.string().max(REASON_MAX_LENGTH),
}) satisfies z.ZodType<Failure>;

/**
 * What became of the resources of a failed run.
 * - rolling-back: the resources are being removed
 * - rolled-back: all resources are removed
 * - held: the resources are kept for a redrive
 * - refused: the run created no resource
 * - claim-lost: a newer execution has taken over the resources
 * - unfinished: the run ended outside its failure path; resources may exist, and a redrive resumes
 *   it
 * - unannounced: the tenant is ACTIVE; only the event TenantOnboarded is missing
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

/** The failure, and what records, events and `npm run status` report besides. */
export const FailureReportSchema = FailureSchema.extend({
  outcome: OutcomeSchema,
  /** Undos that are done. */
  undone: z.array(z.string()),
  /** Undos that are not done: their resources may exist and cost money. */
  remaining: z.array(z.string()),
  /**
   * Where and why the run ended, if not at the failed state: an undo failed, or somebody stopped
   * the run.
   */
  stoppedAt: FailureSchema.optional(),
  links: z.object({ execution: z.url() }),
});
export type FailureReport = z.infer<typeof FailureReportSchema>;

const LambdaCauseSchema = z.looseObject({ errorMessage: z.string() });

/**
 * Lambda puts a thrown error as JSON into the cause. A task token's failure has plain text, a
 * timeout may have none.
 */
function reasonIn(cause: string | undefined): string | undefined {
  if (!cause) return undefined;
  try {
    const parsed = LambdaCauseSchema.safeParse(JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : cause;
  } catch {
    return cause;
  }
}

/** Names of Step Functions, of Lambda and of its runtime. A task must not throw one that begins with `States.`. */
const OF_AWS = /^(?:States|Lambda|Runtime|Function|Extension|Sandbox)\./;

/** The platform's name for an error of AWS's own, which the runbook knows. A killed function keeps Lambda's name. */
function ownName(error: string, reason: string): string {
  if (error === 'States.Timeout' || error === 'States.HeartbeatTimeout') return 'StepTimedOut';
  if (!OF_AWS.test(error) || KILLED_FUNCTION.includes(error)) return error;
  return ofLambdaService(error, reason) ?? 'UnexpectedFailure';
}

/**
 * The error that a Catch passes on (`$states.errorOutput` and the state's name), parsed into a
 * Failure. A name that is not AWS's own any more stands before AWS's reason.
 */
export const CaughtFailureSchema = z
  .object({ step: z.string(), error: z.string(), cause: z.string().optional() })
  .transform(({ step, error, cause }): Failure => {
    const given = reasonIn(cause);
    const name = ownName(error, given ?? '');
    const told = given !== undefined && name !== error && name !== 'StepTimedOut' ? `${error}: ${given}` : given;
    const reason = told ?? `${step} ended with ${error}, without a cause`;
    return { step, error: name, reason: reason.slice(0, REASON_MAX_LENGTH) };
  });
