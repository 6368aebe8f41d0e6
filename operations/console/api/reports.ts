import * as z from 'zod';

export const ReportsSchema = z.object({ reports: z.array(z.object({ report: z.string(), storedAt: z.string() })) });
export type Reports = z.infer<typeof ReportsSchema>;

/** Key of the report; by default the last one. */
export const ReportQuerySchema = z.strictObject({ key: z.string().min(1).max(1024).optional() });

export const ReportSchema = z.object({
  report: z.string(),
  /** SHA-256 of the stored JSON, in hex. */
  digest: z.string(),
  /** same: as on the tenant's record. different: it was changed. other: the record names another report. */
  digestOnRecord: z.enum(['same', 'different', 'other']),
  verifiedAt: z.string(),
  verifiedBy: z.string(),
  passed: z.boolean(),
  checks: z.number(),
  /** Ids of the checks. */
  failed: z.array(z.string()),
  open: z.array(z.string()),
  /**
   * Path of the evidence page, for an iframe. It answers once, within a minute, without the token,
   * and under a sandbox of its own: neither scripts nor forms.
   */
  page: z.string(),
});
export type Report = z.infer<typeof ReportSchema>;
