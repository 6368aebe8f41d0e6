import * as z from 'zod';
import { ColourSchema } from './cell';
import { tenantIdOf } from './naming';
import type { TenantRecord } from './records';
import { differingFields } from './signup-difference';
import { type FailureReport, FailureReportSchema, TenantStatusSchema } from './tenant';

/** Source of every event that the control plane publishes. */
export const ONBOARDING_SOURCE = 'tenant-onboarding';

/**
 * Lets a consumer put events in order. The first events of version 1 lack both fields; every event
 * that is published now has both.
 */
const OrderSchema = z.object({
  /** 1 for the first attempt of the execution, one more with each redrive. */
  attempt: z.number().int().min(1),
  /** ISO 8601, UTC: when the platform established the result that the event reports. */
  occurredAt: z.iso.datetime(),
});
export type Order = z.infer<typeof OrderSchema>;
const orderFields = OrderSchema.partial().shape;

/** @param redriveCount number of redrives of the execution ("DescribeExecution") */
export const orderOf = (redriveCount: number, at: Date): Order => ({
  attempt: redriveCount + 1,
  occurredAt: at.toISOString(),
});

export const TENANT_ONBOARDED = 'TenantOnboarded';
export const TenantOnboardedSchema = z.object({
  version: z.literal(1),
  signupId: z.string(),
  tenantId: z.string(),
  subdomain: z.string(),
  url: z.url(),
  cell: z.string(),
  executionArn: z.string(),
  ...orderFields,
});
export type TenantOnboarded = z.infer<typeof TenantOnboardedSchema>;

export const TENANT_ONBOARDING_FAILED = 'TenantOnboardingFailed';
export const TenantOnboardingFailedSchema = z.object({
  version: z.literal(1),
  /** Empty when no signup id could be read from a malformed signup. */
  signupId: z.string(),
  tenantId: z.string().optional(),
  failedStep: z.string(),
  error: z.string(),
  reason: z.string(),
  executionArn: z.string(),
  /** Whether a redrive of the execution can succeed; a malformed signup stays malformed. */
  redrivable: z.boolean(),
  /** What became of the run's resources. The first events of version 1 lack these fields. */
  ...FailureReportSchema.pick({ outcome: true, undone: true, remaining: true, stoppedAt: true, links: true }).partial()
    .shape,
  ...orderFields,
});
export type TenantOnboardingFailed = z.infer<typeof TenantOnboardingFailedSchema>;

/** The event of a failed run. `signupId` is undefined when none could be read. */
export function failureEvent(
  { step, error, reason, ...rest }: FailureReport,
  run: { readonly signupId: string | undefined; readonly executionArn: string },
  order: Order,
): TenantOnboardingFailed & Order {
  return {
    version: 1,
    signupId: run.signupId ?? '',
    ...(run.signupId !== undefined && { tenantId: tenantIdOf(run.signupId) }),
    failedStep: step,
    error,
    reason,
    executionArn: run.executionArn,
    redrivable: error !== 'InvalidSignup' && error !== 'OnboardingAbandoned',
    ...rest,
    ...order,
  };
}

export const TENANT_ONBOARDING_FAILING = 'TenantOnboardingFailing';
export const TenantOnboardingFailingSchema = z.object({
  version: z.literal(1),
  signupId: z.string(),
  tenantId: z.string(),
  failedStep: z.string(),
  error: z.string(),
  reason: z.string(),
  executionArn: z.string(),
  ...OrderSchema.shape,
});
export type TenantOnboardingFailing = z.infer<typeof TenantOnboardingFailingSchema>;

/** The event of a run whose rollback begins. */
export function failingEvent(
  { step, error, reason }: FailureReport,
  { signupId, tenantId, executionArn }: Pick<TenantRecord, 'signupId' | 'tenantId' | 'executionArn'>,
  order: Order,
): TenantOnboardingFailing {
  return { version: 1, signupId, tenantId, failedStep: step, error, reason, executionArn, ...order };
}

export const SIGNUP_CONFLICT = 'SignupConflict';
export const SignupConflictSchema = z.object({
  version: z.literal(1),
  signupId: z.string(),
  tenantId: z.string(),
  /** Empty when the signup on record changed between the comparison and the event. */
  fields: z.array(z.string()),
  status: TenantStatusSchema,
  executionArn: z.string(),
  ...OrderSchema.shape,
});
export type SignupConflict = z.infer<typeof SignupConflictSchema>;

/**
 * The event of a signup that differs from the one its tenant was made of.
 *
 * @param run the execution that was started with the different signup
 */
export function conflictEvent(
  record: TenantRecord,
  run: { readonly input: unknown; readonly executionArn: string },
  order: Order,
): SignupConflict {
  const { signupId, tenantId, status } = record;
  const fields = differingFields(run.input, record);
  return { version: 1, signupId, tenantId, fields, status, executionArn: run.executionArn, ...order };
}

const releaseFields = {
  version: z.literal(1),
  releaseId: z.string(),
  cell: z.string(),
  digest: z.string(),
  /** Tenants that the rings had moved. */
  tenants: z.number().int().nonnegative(),
  executionArn: z.string(),
};

export const TENANT_RELEASE_COMPLETED = 'TenantReleaseCompleted';
export const TenantReleaseCompletedSchema = z.object({
  ...releaseFields,
  colour: ColourSchema,
  ...OrderSchema.shape,
});
export type TenantReleaseCompleted = z.infer<typeof TenantReleaseCompletedSchema>;

export const TENANT_RELEASE_RETURNED = 'TenantReleaseReturned';
export const TenantReleaseReturnedSchema = z.object({
  ...releaseFields,
  failedStep: z.string(),
  error: z.string(),
  reason: z.string(),
  ...OrderSchema.shape,
});
export type TenantReleaseReturned = z.infer<typeof TenantReleaseReturnedSchema>;
