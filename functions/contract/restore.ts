import * as z from 'zod';

/** Asked by PerformAct. `to`: the time whose data is wanted, ISO 8601; without it the restored instance is deleted. */
export const RestoreDatabaseInput = z.object({ tenant: z.string().min(1), to: z.string().optional() });

/**
 * How far a restore is. Each call does what can be done now.
 * - restoring: RDS makes an instance with the data of that time, beside the tenant's own
 * - copying: it is there, and its data is being brought beside the tenant's, which may be in service meanwhile
 * - restored: all of it is there. The tenant's data is replaced only while the tenant is SUSPENDED
 * - switching: the tenant's server replaces it
 * - copied: the tenant's database has that data. RDS still deletes the restored instance
 * - done: nothing is left of the restored instance, or it is about to go
 * - nothing: the tenant has had that data before and is in service, or there was no restored instance to delete
 */
export const RestoreDatabaseOutput = z.object({
  tenantId: z.string(),
  host: z.string(),
  phase: z.enum(['restoring', 'copying', 'restored', 'switching', 'copied', 'done', 'nothing']),
  /** Of the restored instance. */
  instanceId: z.string(),
  /** How many rows the tenant's tables have been given, or are to be given so far. */
  rows: z.number().optional(),
  /** Why the tenant is SUSPENDED. */
  suspension: z.string().optional(),
});
export type RestorePhase = z.output<typeof RestoreDatabaseOutput>['phase'];
