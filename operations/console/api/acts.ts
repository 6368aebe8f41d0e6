import * as z from 'zod';
import { ActEntrySchema } from '../../../functions/contract/act';
import { isVisible, SignupSchema } from '../../../functions/contract/signup';
import { REASON_MAX_LENGTH } from '../../../functions/contract/tenant';
import { TenantRowSchema, TenantsQuerySchema } from './tenants';

export const ACT_KINDS = ['redrive', 'abandon', 'verify', 'suspend', 'resume', 'retry-move'] as const;
export type ActKind = (typeof ACT_KINDS)[number];

/** Kept on record. */
export const reason = z.string().max(REASON_MAX_LENGTH).refine(isVisible, 'expected a reason that is not empty');

/** `signupId`: the idempotency key; by default a new one. */
export const SignupRequestSchema = SignupSchema.omit({ version: true, signupId: true }).extend({
  signupId: SignupSchema.shape.signupId.optional(),
  reason: reason.optional(),
});

export const SignupStartedSchema = z.object({ signupId: z.string(), tenantId: z.string(), executionArn: z.string() });
export type SignupStarted = z.infer<typeof SignupStartedSchema>;

const MAX_TENANTS = 25;
const tenantNames = z.array(z.string().min(1).max(300)).min(1);

/** Either names of tenants, or a query: whom an act would touch. */
export const PreviewRequestSchema = z.strictObject({
  act: z.enum(ACT_KINDS),
  tenants: tenantNames.max(1000).optional(),
  query: TenantsQuerySchema.pick({
    status: true,
    cell: true,
    plan: true,
    error: true,
    suspendedBy: true,
    q: true,
  }).optional(),
});
export type PreviewRequest = z.input<typeof PreviewRequestSchema>;

export const PreviewSchema = z.object({
  act: z.enum(ACT_KINDS),
  /** Those that it would touch. */
  targets: z.array(TenantRowSchema),
  /** Those that it would not touch, and why. */
  left: z.array(z.object({ tenant: z.string(), because: z.string() })),
  /** What the act needs as `confirm`: the name of the one tenant, or `N tenants`. */
  confirm: z.string(),
  needsReason: z.boolean(),
});
export type Preview = z.infer<typeof PreviewSchema>;

/**
 * An act on tenants that a preview has shown. A longer list is sent in slices of `MAX_TENANTS`, each
 * with its own `confirm`: the number of its tenants.
 */
export const ActsRequestSchema = z.strictObject({
  act: z.enum(ACT_KINDS),
  /** Tenant ids. */
  tenants: tenantNames.max(MAX_TENANTS),
  /** Needed for abandon and suspend. */
  reason: reason.optional(),
  /** The confirmation that the preview asks for. */
  confirm: z.string().min(1).max(300),
  /** Of a redrive: a new execution with the present definition. */
  anew: z.boolean().default(false),
});
export type ActsRequest = z.input<typeof ActsRequestSchema>;

export const ActResultsSchema = z.object({
  results: z.array(
    z.object({
      tenantId: z.string(),
      outcome: z.enum(['done', 'nothing', 'not-found', 'refused', 'failed']),
      /** What came of it, in one sentence. */
      message: z.string(),
      error: z.string().optional(),
      advice: z.string().optional(),
      /** The run that a redrive or an abandonment has started. */
      executionArn: z.string().optional(),
      /** The report of a verification. */
      report: z.string().optional(),
    }),
  ),
});
export type ActResults = z.infer<typeof ActResultsSchema>;

/** One of `tenant`, `day` (UTC; today by default) and `stage` (acts on no tenant). */
export const ActsQuerySchema = z.strictObject({
  tenant: z.string().optional(),
  day: z.iso.date().optional(),
  stage: z.literal('true').optional(),
  /** `next` of the page before. */
  before: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});

export const ActsPageSchema = z.object({ acts: z.array(ActEntrySchema), next: z.string().optional() });
export type ActsPage = z.infer<typeof ActsPageSchema>;
