import * as z from 'zod';

/** A database that the master user of a restored instance can read. */
const RestoredLoginSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  user: z.string(),
  password: z.string(),
  /** For an RDS that asks the master user for one. */
  token: z.string(),
});
export type RestoredLogin = z.output<typeof RestoredLoginSchema>;

/** `DbiResourceId` of the restored instance. */
const instance = z.string();

/**
 * A step of a restore.
 * - stage: brings rows beside those of the tenant, in chunks, for some minutes. `gib`: the tenant's disk
 * - switch: replaces the tenant's rows by the staged ones, when all are
 * - drop: drops what is staged
 */
export const RestoreStepSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('stage'), instance, from: RestoredLoginSchema, gib: z.number() }),
  z.object({ is: z.literal('switch'), instance }),
  z.object({ is: z.literal('drop') }),
]);
export type RestoreStep = z.output<typeof RestoreStepSchema>;

/**
 * How far a restore is.
 * - staging: some rows are staged, or none. The same step goes on
 * - staged: all are
 * - switching: the server is replacing the tenant's rows
 * - switched: they are replaced
 * - dropped, nothing: whether anything was staged that is dropped now
 */
export const StepTakenSchema = z.object({
  is: z.enum(['staging', 'staged', 'switching', 'switched', 'dropped', 'nothing']),
  rows: z.number(),
});
export type StepTaken = z.output<typeof StepTakenSchema>;

/**
 * What RestoreDatabase asks of PrepareDatabase. It holds a password that the restored instance has for some minutes, and
 * is therefore no part of the contract.
 */
export const CopyDataInput = z.object({
  restoring: z.object({ tenantId: z.string() }),
  step: z.discriminatedUnion('is', [
    z.object({
      ...{ is: z.literal('stage'), instance, gib: z.number() },
      from: RestoredLoginSchema.omit({ user: true, token: true }),
    }),
    z.object({ is: z.literal('switch'), instance }),
    z.object({ is: z.literal('drop') }),
  ]),
});
export const CopyDataOutput = StepTakenSchema.extend({ tenantId: z.string() });
