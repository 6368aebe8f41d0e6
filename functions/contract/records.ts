import * as z from 'zod';
import { AuditFindingSchema } from './audit';
import { ColourSchema } from './cell';
import { StackKindSchema } from './stacks';
import { FailureReportSchema, REASON_MAX_LENGTH, SlotSchema, TenantSchema, TenantStatusSchema } from './tenant';

/**
 * The tenants table: one table, keys `pk` and `sk`, sparse indexes `byState` (`statePk`, `stateSk`) and
 * `byChange` (`changePk`, `changeSk`).
 *
 * | item | pk | sk | says |
 * |---|---|---|---|
 * | signup claim | SIGNUP#signupId | CLAIM | which execution owns the signup |
 * | tenant | TENANT#tenantId | TENANT | everything an operator asks about a tenant |
 * | refused signup | TENANT#tenantId | TENANT | why a signup never became a tenant; any later run of it overwrites it |
 * | subdomain claim | SUBDOMAIN#subdomain | CLAIM | which tenant has the subdomain |
 * | last of a subdomain | SUBDOMAIN#subdomain | LAST | which tenant last failed with this subdomain, so that an operator finds it |
 * | route | ROUTE#host | ROUTE | what the shared service needs to serve the host; the only items it may read |
 * | open cell | CELLS | OPEN | `cell`: the cell where the last free slot was found |
 * | cell | CELL#name | CELL | `highWater`: slots below it have been handed out or are on the free list |
 * | live colour | CELL#name | LIVE | which colour of the cell is live; SeedCell writes it once, then only releases do |
 * | release | CELL#name | RELEASE | the release that has the cell, or the last one that had it (`endedAt`) |
 * | migration | CELL#name | MIGRATION | the migration that has the cell's tenants, or the last one (`endedAt`); `contracted` |
 * | surroundings | CELL#name | SURROUNDINGS | the last answers about what all tenants of the cell share |
 * | free slot | CELL#name | FREE#00042 | a slot that no tenant has |
 * | taken slot | CELL#name | SLOT#00042 | which tenant has it; `setAside`: since when no tenant may get it |
 * | waiting task | STACK#stackName | WAIT | the task token that the stack's end will answer |
 * | news | NEWS#acts, NEWS#audits | NEWS | when something outside this table has changed: an act was recorded, an audit goes on |
 */
/** Of the sort keys of slots that a tenant has, or that are set aside. */
export const TAKEN_SLOT_PREFIX = 'SLOT#';

const padded = (slot: number) => String(slot).padStart(5, '0');

export const itemKeys = {
  signup: (signupId: string) => ({ pk: `SIGNUP#${signupId}`, sk: 'CLAIM' }),
  tenant: (tenantId: string) => ({ pk: `TENANT#${tenantId}`, sk: 'TENANT' }),
  subdomain: (subdomain: string) => ({ pk: `SUBDOMAIN#${subdomain}`, sk: 'CLAIM' }),
  lastOf: (subdomain: string) => ({ pk: `SUBDOMAIN#${subdomain}`, sk: 'LAST' }),
  route: (host: string) => ({ pk: `ROUTE#${host}`, sk: 'ROUTE' }),
  openCell: () => ({ pk: 'CELLS', sk: 'OPEN' }),
  cell: (cell: string) => ({ pk: `CELL#${cell}`, sk: 'CELL' }),
  surroundings: (cell: string) => ({ pk: `CELL#${cell}`, sk: 'SURROUNDINGS' }),
  liveColour: (cell: string) => ({ pk: `CELL#${cell}`, sk: 'LIVE' }),
  release: (cell: string) => ({ pk: `CELL#${cell}`, sk: 'RELEASE' }),
  migration: (cell: string) => ({ pk: `CELL#${cell}`, sk: 'MIGRATION' }),
  freeSlot: (cell: string, slot: number) => ({ pk: `CELL#${cell}`, sk: `FREE#${padded(slot)}` }),
  takenSlot: (cell: string, slot: number) => ({ pk: `CELL#${cell}`, sk: `${TAKEN_SLOT_PREFIX}${padded(slot)}` }),
  waitingTask: (stackName: string) => ({ pk: `STACK#${stackName}`, sk: 'WAIT' }),
  news: (of: NewsOf) => ({ pk: `NEWS#${of}`, sk: 'NEWS' }),
} as const;

/** What the items of news tell of. */
export type NewsOf = 'acts' | 'audits';

export const STATE_INDEX = 'byState';
/** Index keys: tenants by status, waiting tasks by their start time. */
export const stateKeys = {
  tenant: (status: z.infer<typeof TenantStatusSchema>, tenantId: string) => ({
    statePk: `STATUS#${status}`,
    stateSk: tenantId,
  }),
  waitingTask: (since: string) => ({ statePk: 'WAITING', stateSk: since }),
} as const;

/**
 * Index of what an operator may look at, by the time of its last write: tenants, waiting tasks,
 * releases, live colours, news. One query of its end tells all that has changed, whatever it is.
 */
export const CHANGE_INDEX = 'byChange';
/** Attributes that the index has besides the keys. */
export const IN_CHANGE_INDEX = ['executionArn'] as const;
/** Index keys of an item that is written at this time (ISO 8601). */
export const changeKeys = (at: string) => ({ changePk: 'CHANGE', changeSk: at });

export const SignupClaimSchema = z.object({ signupId: z.string(), tenantId: z.string(), executionArn: z.string() });

/** Why and when a run of the tenant failed, and what became of its resources. */
const TenantFailureSchema = FailureReportSchema.partial({ undone: true, remaining: true, links: true }).extend({
  at: z.iso.datetime(),
});
export type TenantFailure = z.infer<typeof TenantFailureSchema>;

const DatabaseAddressSchema = z.object({ host: z.string(), port: z.number().int() });

/** Of a tenant's database: the last migration, since when it is prepared, and how many seconds that took. */
export const PreparedDatabaseSchema = z.object({
  version: z.string(),
  preparedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  /** Revision of the roles. Records of the first release that prepared databases lack it. */
  roles: z.number().int().positive().optional(),
});

/** What the last migration of a tenant in service has come to, and which execution it was. */
const TenantMigrationSchema = z.object({
  by: z.string(),
  at: z.iso.datetime(),
  outcome: z.enum(['migrated', 'failed']),
  /** The file to which the tenant was brought, or should have been. */
  target: z.string(),
  seconds: z.number().nonnegative().optional(),
  /** Of a failure: file and SQL state. */
  reason: z.string().max(REASON_MAX_LENGTH).optional(),
});

/** The last time whose data the tenant's database was given back: when, how many rows, and of which restored instance. */
const RestorationSchema = z.object({
  to: z.iso.datetime(),
  at: z.iso.datetime(),
  rows: z.number().int().nonnegative(),
  /** Its `DbiResourceId`: the data of an instance is copied once. */
  from: z.string(),
});

/** A restore is under way: whose data, and since when. */
const RestoringSchema = z.object({ to: z.iso.datetime(), at: z.iso.datetime() });

/** `slot` is absent once it has been given back; `activatedAt` is set once and never removed. */
export const TenantRecordSchema = TenantSchema.omit({ slot: true }).extend({
  slot: SlotSchema.optional(),
  companyName: z.string(),
  contactEmail: z.string(),
  status: TenantStatusSchema,
  /** The execution that owns the tenant now. */
  executionArn: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /**
   * Set right before CreateTenantKey creates the key, removed when RetireTenantKey has retired
   * every key.
   */
  keyRequestedAt: z.iso.datetime().optional(),
  /** Until then a RetireTenantKey that has begun may still retire keys; epoch milliseconds. */
  keyRetiringUntil: z.number().optional(),
  keyArn: z.string().optional(),
  roleArn: z.string().optional(),
  bucketName: z.string().optional(),
  ruleArn: z.string().optional(),
  templateVersions: z.partialRecord(StackKindSchema, z.string()).optional(),
  /** Roles, schema and migrations of the tenant's database are there. */
  database: PreparedDatabaseSchema.optional(),
  migration: TenantMigrationSchema.optional(),
  restoration: RestorationSchema.optional(),
  restoring: RestoringSchema.optional(),
  /**
   * The last verification. `digest` is the SHA-256 of the object `report` in the evidence bucket.
   * `failed` lists the failed checks, if there are any.
   */
  verification: z
    .object({
      verifiedAt: z.iso.datetime(),
      checks: z.number(),
      digest: z.string(),
      report: z.string().optional(),
      failed: z.array(z.string()).optional(),
    })
    .optional(),
  /** What the last audit has found. */
  audit: AuditFindingSchema.optional(),
  activatedAt: z.iso.datetime().optional(),
  /** When an equal event announced the tenant, whose own run had ended before it did so for certain. */
  announcedAt: z.iso.datetime().optional(),
  /**
   * Where a release has moved the tenant, and when. It counts only as long as the cell's item LIVE
   * names the same attempt of the release; afterwards the tenant is where LIVE says.
   */
  placement: z.object({ colour: ColourSchema, release: z.string(), at: z.iso.datetime() }).optional(),
  /** For a SUSPENDED tenant: since when, by which execution or person, and why. */
  suspension: z.object({ at: z.iso.datetime(), by: z.string(), reason: z.string() }).optional(),
  failure: TenantFailureSchema.optional(),
});
export type TenantRecord = z.infer<typeof TenantRecordSchema>;

/** Revision of the roles in a tenant's database; 0 when no release has prepared it. The first that did recorded none. */
export const rolesRevisionOf = ({ database }: Pick<TenantRecord, 'database'>): number =>
  database ? (database.roles ?? 1) : 0;

/**
 * A signup that was refused before anything was reserved, with the fields that could be read. The
 * item has the key of the tenant that the signup would have become, so an operator finds the reason
 * there. Actions treat it as if the tenant had no record.
 */
export const RefusedSignupSchema = z.object({
  refused: z.literal(true),
  tenantId: z.string(),
  signupId: z.string(),
  status: z.literal('FAILED'),
  executionArn: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  companyName: z.string().optional(),
  subdomain: z.string().optional(),
  contactEmail: z.string().optional(),
  plan: z.string().optional(),
  failure: TenantFailureSchema,
});
export type RefusedSignup = z.infer<typeof RefusedSignupSchema>;

/** Whose a route or a claim on a subdomain is. */
export const HolderSchema = z.object({ tenantId: z.string() });

export const RouteRecordSchema = z.object({
  host: z.string(),
  tenantId: z.string(),
  companyName: z.string(),
  status: z.enum(['SETTING_UP', 'ACTIVE', 'SUSPENDED']),
  roleArn: z.string(),
  externalId: z.string(),
  bucketName: z.string(),
  keyArn: z.string(),
  /**
   * Where the tenant's database answers, and its last migration. Routes of earlier releases lack it, or
   * the migration.
   */
  database: DatabaseAddressSchema.extend({
    /** Where its read replica answers, if the plan has one. Routes of earlier releases lack it. */
    replica: DatabaseAddressSchema.optional(),
    version: z.string().optional(),
  }).optional(),
});
export type RouteRecord = z.infer<typeof RouteRecordSchema>;

/**
 * Run-time state of a cell: the colour whose target group new and resumed tenants get. The other
 * fields are there only where a release has written them.
 */
export const LiveColourSchema = z.object({
  colour: ColourSchema,
  since: z.iso.datetime(),
  /** The release that made the colour live, and the digest of its image. */
  releaseId: z.string().optional(),
  digest: z.string().optional(),
  /** Digest of the image that was live before. */
  formerDigest: z.string().optional(),
  /** The attempt of a release that is moving tenants now: only placements that name it count. */
  releasing: z.string().optional(),
  /** The other colour still runs, until then, and why. */
  idle: z
    .object({ colour: ColourSchema, since: z.iso.datetime(), keepUntil: z.iso.datetime(), why: z.string() })
    .optional(),
});
export type LiveColour = z.infer<typeof LiveColourSchema>;

/**
 * A task that waits for a stack. `operation` says which end of the stack answers the task:
 * - `launch`: the stack is created, or has failed
 * - `replace`: the failed stack of an earlier launch is deleted, before a new launch
 * - `delete`: the deletion has ended
 */
export const WaitingTaskSchema = z.object({
  stackName: z.string(),
  operation: z.enum(['launch', 'replace', 'delete']),
  taskToken: z.string(),
  executionArn: z.string(),
  tenantId: z.string(),
  stack: StackKindSchema,
  templateVersion: z.string(),
  /**
   * Of a deletion that has not begun, because CloudFormation is rolling the stack back: the end of the
   * rollback answers the task, and the deletion is called again.
   */
  rollingBack: z.boolean().optional(),
  /** Absent until CloudFormation has answered the request. */
  stackId: z.string().optional(),
  since: z.iso.datetime(),
  /**
   * Lease of a launch, epoch milliseconds: until then the launching function may still create the
   * stack.
   */
  launchingUntil: z.number().optional(),
});
export type WaitingTask = z.infer<typeof WaitingTaskSchema>;

/** What an operator has asked of a release that is under way. */
const IntentSchema = z.enum(['go', 'hold', 'back']);

/** The claim of a release on a cell. It is open as long as it has no `endedAt`. */
export const ReleaseClaimSchema = z.object({
  cell: z.string(),
  releaseId: z.string(),
  executionArn: z.string(),
  digest: z.string(),
  from: ColourSchema,
  to: ColourSchema,
  /** Whether its version may be slower than the live one. */
  slower: z.boolean().optional(),
  /** The state that began last. */
  phase: z.string(),
  intent: IntentSchema,
  taskDefinition: z.string().optional(),
  /** The task that waits: for the end of a deployment, or for the end of a bake. */
  waiting: z
    .object({ for: z.enum(['fill', 'bake']), taskToken: z.string(), deploymentId: z.string().optional() })
    .optional(),
  /** The rings that were moved, in order. */
  rings: z.array(z.object({ ring: z.number(), tenants: z.number(), at: z.iso.datetime() })),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  outcome: z.enum(['completed', 'returned']).optional(),
  /** Why it was returned, or where its run was stopped. */
  failure: z.object({ step: z.string(), error: z.string(), reason: z.string(), at: z.iso.datetime() }).optional(),
});
export type ReleaseClaim = z.infer<typeof ReleaseClaimSchema>;
