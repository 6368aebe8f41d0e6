import * as z from 'zod';
import { RestoreStepSchema, StepTakenSchema } from './copy-call';

/**
 * What PrepareDatabase asks of SetUpDatabase. It holds a password, and is therefore no part of the
 * contract: no state of a machine, no event and no record has it. Lambda keeps no payload of a
 * synchronous invocation.
 */
export const SetUpDatabaseInput = z.object({
  tenantId: z.string(),
  host: z.string(),
  port: z.number().int(),
  /** The master user, its password, and a token of it for an RDS that asks the master user for one. */
  user: z.string(),
  password: z.string(),
  token: z.string(),
  applicationUser: z.string(),
  readerUser: z.string(),
  /** The last migration to run. Callers of earlier releases name none. */
  to: z.string().optional(),
  /** An application uses the database: no statement may keep it waiting for long. */
  living: z.boolean().default(false),
  /** The roles and the schema are of this release: they are not made again. */
  rolesAreMade: z.boolean().default(false),
  /** A step of a restore of this database. */
  restore: RestoreStepSchema.optional(),
});
/** `version`: the last migration that the database has. `restore`: what came of its step, where one was asked for. */
export const SetUpDatabaseOutput = z.object({ version: z.string(), restore: StepTakenSchema.optional() });
