import * as z from 'zod';

/** Source of every event that the control plane publishes. */
export const ONBOARDING_SOURCE = 'tenant-onboarding';

export const TENANT_ONBOARDED = 'TenantOnboarded';
export const TenantOnboardedSchema = z.object({
  version: z.literal(1),
  signupId: z.string(),
  tenantId: z.string(),
  subdomain: z.string(),
  url: z.url(),
  cell: z.string(),
  executionArn: z.string(),
});
export type TenantOnboarded = z.infer<typeof TenantOnboardedSchema>;

export const TENANT_ONBOARDING_FAILED = 'TenantOnboardingFailed';
export const TenantOnboardingFailedSchema = z.object({
  version: z.literal(1),
  /** Empty when the signup was too malformed to read one. */
  signupId: z.string(),
  tenantId: z.string().optional(),
  failedStep: z.string(),
  error: z.string(),
  reason: z.string(),
  executionArn: z.string(),
  /** Whether a redrive of the execution can succeed; a malformed signup stays malformed. */
  redrivable: z.boolean(),
});
export type TenantOnboardingFailed = z.infer<typeof TenantOnboardingFailedSchema>;
