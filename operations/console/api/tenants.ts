import * as z from 'zod';
import { TenantStatusSchema } from '../../../functions/contract/tenant';

/** Repeated parameters (`status=FAILED&status=HELD`) are an array, also where there is one. */
export const TenantsQuerySchema = z.strictObject({
  status: z.array(TenantStatusSchema).optional(),
  cell: z.string().optional(),
  plan: z.string().optional(),
  /** Error name of the failure on record. */
  error: z.string().optional(),
  /** Execution of the audit that suspended the tenants: its ARN, or the name at its end. */
  suspendedBy: z.string().optional(),
  /** Part of company, subdomain, tenant id or signup id; capitals do not matter. */
  q: z.string().max(300).optional(),
  /** Without it: those that need attention first (FAILED and HELD before ACTIVE). */
  sort: z.enum(['company', 'subdomain', 'status', 'plan', 'cell', 'since']).optional(),
  order: z.enum(['asc', 'desc']).default('asc'),
  /** `next` of the page before. */
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type TenantsQuery = z.input<typeof TenantsQuerySchema>;

export const TenantRowSchema = z.object({
  tenantId: z.string(),
  companyName: z.string().optional(),
  subdomain: z.string().optional(),
  status: TenantStatusSchema,
  /** Time of the last change of the record. */
  since: z.string(),
  plan: z.string().optional(),
  cell: z.string().optional(),
  error: z.string().optional(),
  suspendedBy: z.string().optional(),
  executionArn: z.string(),
});
export type TenantRow = z.infer<typeof TenantRowSchema>;

export const TenantsPageSchema = z.object({
  tenants: z.array(TenantRowSchema),
  /** Absent on the last page. */
  next: z.string().optional(),
  /** Number of all that match; absent while the console has read only what the first page needs. */
  total: z.number().optional(),
  /** Ids of tenants whose item is damaged (docs/runbook.md#item-unreadable). */
  unreadable: z.array(z.string()),
});
export type TenantsPage = z.infer<typeof TenantsPageSchema>;
