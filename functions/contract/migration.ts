import * as z from 'zod';
import { CaughtFailureSchema, REASON_MAX_LENGTH } from './tenant';

/**
 * The four digits that order migrations. Records and images of releases before `ops migrate` name none:
 * those had the first migration alone.
 */
const numberOf = (name: string | undefined): string => name?.slice(0, 4) ?? '0001';

/** Whether what has, or knows, the migrations up to `version` lacks the migration `needed`. */
export const isBehind = (version: string | undefined, needed: string): boolean => numberOf(version) < numberOf(needed);

/**
 * - expand: before a release. Adds what the next version of the service needs; the present one goes on.
 * - contract: after it. Removes what only earlier versions need.
 */
export const MigrationPhaseSchema = z.enum(['expand', 'contract']);
export type MigrationPhase = z.infer<typeof MigrationPhaseSchema>;

/** What starts a migration of all tenants in service of a cell. `to`: the last file; by default the phase's own. */
export const MigrationRequestSchema = z.object({
  cell: z.string('expected the name of a cell').min(1, 'expected the name of a cell'),
  phase: MigrationPhaseSchema.default('expand'),
  to: z
    .string('expected the name of a file')
    .min(1, 'expected the name of a file')
    .max(200, 'expected at most 200 characters')
    .optional(),
});
export type MigrationRequest = z.output<typeof MigrationRequestSchema>;

/** A migration of a cell, as the states after ClaimMigration know it. `target`: the last file, with its digest. */
const CellMigrationSchema = z.object({ cell: z.string(), phase: MigrationPhaseSchema, target: z.string() });

const ofExecution = { executionArn: z.string() };
const ofMigration = { ...ofExecution, migration: CellMigrationSchema };

export const ClaimMigrationInput = z.object({ ...ofExecution, request: z.unknown() });
export const ClaimMigrationOutput = CellMigrationSchema;

/** Asked by the machine, and by PerformAct for an operator's preview: then nothing is claimed. */
export const PlanMigrationInput = MigrationRequestSchema;
/**
 * `behind`: the tenants that lack files up to the target, and which; none where only the roles are of an earlier release. `current`: how many lack none.
 * `unreadable`: tenants whose record cannot be parsed.
 */
export const PlanMigrationOutput = z.object({
  target: z.string(),
  behind: z.array(z.object({ tenantId: z.string(), host: z.string(), files: z.array(z.string()) })),
  current: z.number(),
  unreadable: z.array(z.string()),
});

/** What became of one tenant. */
export const MigrateTenantInput = z.object({ ...ofMigration, tenantId: z.string() });
/**
 * - migrated: the database has the target
 * - left: an earlier tenant's migration failed, or the tenant is not in service any more
 */
export const MigrateTenantOutput = z.object({
  tenantId: z.string(),
  outcome: z.enum(['migrated', 'left']),
  version: z.string().optional(),
  seconds: z.number().optional(),
});

export const StopMigrationInput = z.object({ ...ofMigration, tenantId: z.string(), failure: CaughtFailureSchema });
export const StopMigrationOutput = z.object({ tenantId: z.string(), outcome: z.literal('failed') });

/** How many tenants each outcome had. */
const CountsSchema = z.object({ migrated: z.number(), left: z.number(), failed: z.number() });

export const SettleMigrationInput = z.object({
  ...ofMigration,
  counts: CountsSchema,
  /** Tenants that had the target before. */
  current: z.number(),
  unreadable: z.array(z.string()),
  /** Why the run itself failed, where no tenant's migration did. */
  failure: CaughtFailureSchema.nullable(),
});
/** `failure` is what the run ends with; null: every tenant has the target. */
export const SettleMigrationOutput = CountsSchema.extend({
  target: z.string(),
  current: z.number(),
  unreadable: z.array(z.string()),
  failure: z.object({ step: z.string(), error: z.string(), cause: z.string() }).nullable(),
});

/** Why a migration stopped: its tenant, if one failed, the error's name, and file and SQL state in the reason. */
export const MigrationFailureSchema = z.object({
  tenantId: z.string().optional(),
  host: z.string().optional(),
  step: z.string(),
  error: z.string(),
  reason: z.string().max(REASON_MAX_LENGTH),
  at: z.iso.datetime(),
});
export type MigrationFailure = z.infer<typeof MigrationFailureSchema>;

/** The claim of a migration on the tenants of a cell. It is open as long as it has no `endedAt`. */
export const MigrationClaimSchema = z.object({
  cell: z.string(),
  executionArn: z.string(),
  phase: MigrationPhaseSchema,
  /** The last file. */
  target: z.string(),
  startedAt: z.iso.datetime(),
  /** The last removing migration that any tenant of the cell may get, also a new one. */
  contracted: z.string().optional(),
  /** The first failure: no further tenant is begun. */
  failure: MigrationFailureSchema.optional(),
  /** The run was stopped outside its failure path. It can be redriven, or another may take the cell. */
  unfinished: MigrationFailureSchema.optional(),
  endedAt: z.iso.datetime().optional(),
  outcome: z.enum(['completed', 'failed']).optional(),
  /** Tenants by outcome. */
  counts: z.object({ migrated: z.number(), left: z.number(), failed: z.number(), current: z.number() }).optional(),
});
export type MigrationClaim = z.infer<typeof MigrationClaimSchema>;
