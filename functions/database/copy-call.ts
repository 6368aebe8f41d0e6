import * as z from 'zod';

/** A database that the master user of a restored instance can read. */
export const RestoredLoginSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  user: z.string(),
  password: z.string(),
  /** For an RDS that asks the master user for one. */
  token: z.string(),
  /** `DbiResourceId`. Callers of earlier releases name none. */
  resourceId: z.string().optional(),
});

/**
 * What RestoreDatabase asks of PrepareDatabase. It holds a password that the restored instance has for some minutes, and
 * is therefore no part of the contract.
 */
export const CopyDataInput = z.object({
  copyTo: z.object({ tenantId: z.string() }),
  from: RestoredLoginSchema.omit({ user: true, token: true }),
});
export const CopyDataOutput = z.object({ tenantId: z.string(), rows: z.number() });
