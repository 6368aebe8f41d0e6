import * as z from 'zod';
import { AuditFindingSchema } from '../../../functions/contract/audit';
import { ColourSchema } from '../../../functions/contract/cell';
import { PreparedDatabaseSchema } from '../../../functions/contract/records';
import { FailureReportSchema, SlotSchema, TenantStatusSchema } from '../../../functions/contract/tenant';
import { ACT_KINDS } from './acts';

const VerificationSchema = z.object({
  verifiedAt: z.string(),
  checks: z.number(),
  digest: z.string(),
  report: z.string().optional(),
  failed: z.array(z.string()).optional(),
});

export const TenantDetailSchema = z.object({
  tenantId: z.string(),
  signupId: z.string(),
  companyName: z.string().optional(),
  subdomain: z.string().optional(),
  contactEmail: z.string().optional(),
  plan: z.string().optional(),
  /** Absent for a signup that was refused. */
  url: z.string().optional(),
  status: TenantStatusSchema,
  createdAt: z.string(),
  since: z.string(),
  activatedAt: z.string().optional(),
  /** The signup was refused before anything was reserved. */
  refused: z.boolean(),
  slot: SlotSchema.optional(),
  database: PreparedDatabaseSchema.optional(),
  placement: z.object({ colour: ColourSchema, release: z.string(), at: z.string() }).optional(),
  run: z.object({
    executionArn: z.string(),
    /** Absent when AWS has deleted the execution. */
    status: z.string().optional(),
    redrivable: z.boolean(),
    notRedrivableBecause: z.string().optional(),
    olderThanMachine: z.boolean().optional(),
    redriveCount: z.number(),
    at: z.array(z.string()),
  }),
  /** In AWS's words; `advice` is the runbook's. `text` is the whole report as text. */
  failure: FailureReportSchema.omit({ links: true })
    .extend({ text: z.string(), advice: z.string().optional(), link: z.string().optional() })
    .optional(),
  suspension: z.object({ at: z.string(), by: z.string(), reason: z.string() }).optional(),
  verification: VerificationSchema.optional(),
  /** What the last audit has found. */
  audit: AuditFindingSchema.optional(),
  resources: z.array(
    z.object({
      /** For example `KMS key`, `network stack`, `S3 bucket`. */
      kind: z.string(),
      name: z.string(),
      /** Its page in the AWS console; absent on the local stage. */
      url: z.string().optional(),
    }),
  ),
  /** What can be asked of the platform for a tenant with this status. */
  acts: z.array(z.enum(ACT_KINDS)),
  /** The text that a confirmation must repeat: its subdomain, else its tenant id. */
  confirm: z.string(),
});
export type TenantDetail = z.infer<typeof TenantDetailSchema>;
