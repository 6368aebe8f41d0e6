import * as z from 'zod';
import { ActEntrySchema } from '../../functions/contract/act';
import { AuditFindingSchema } from '../../functions/contract/audit';
import { ColourSchema } from '../../functions/contract/cell';
import { PlanSchema } from '../../functions/contract/plans';
import { LiveColourSchema, PreparedDatabaseSchema, ReleaseClaimSchema } from '../../functions/contract/records';
import { isVisible, SignupSchema } from '../../functions/contract/signup';
import {
  FailureReportSchema,
  REASON_MAX_LENGTH,
  SlotSchema,
  TenantStatusSchema,
} from '../../functions/contract/tenant';

/**
 * The console's HTTP API: requests and answers. The page imports the types only. All paths need
 * `Authorization: Bearer TOKEN`; answers are JSON, and times are ISO 8601 in UTC.
 *
 * | request | query or body | answer |
 * |---|---|---|
 * | GET /api/stage | | Stage |
 * | GET /api/tenants | TenantsQuery | TenantsPage |
 * | GET /api/tenants/NAME | | TenantDetail; NAME is any name of the tenant |
 * | GET /api/tenants/NAME/reports | | Reports |
 * | GET /api/tenants/NAME/report | ReportQuery | Report, with the address of its page |
 * | GET /api/run | RunQuery | Run |
 * | GET /api/signup-schema | | docs/events/TenantSignedUp.v1.schema.json |
 * | POST /api/signups | SignupRequest | SignupStarted |
 * | POST /api/acts/preview | PreviewRequest | Preview |
 * | POST /api/acts | ActsRequest | ActResults |
 * | GET /api/acts | ActsQuery | ActsPage |
 * | GET /api/cells | | Cells |
 * | GET /api/releases | | Releases |
 * | GET /api/audits | | Audits |
 * | GET /api/queues | | Queues |
 * | GET /api/events | EventsQuery | a stream (`text/event-stream`) of ServerEvent |
 *
 * Every error has the body ApiError. Status: 400 bad input (`field` names it), 401 token, 403 and 421
 * foreign origin or host, 404 not found, 409 refused, 413 body too large, 415 not JSON, 502 AWS or the
 * platform failed.
 */
export const ApiErrorSchema = z.object({
  /** Error name of the platform or of AWS, or InvalidRequest, Unauthorized, ... of the console. */
  error: z.string(),
  message: z.string(),
  /** The parameter or the field of the body that is wrong, as a path: `signup.subdomain`. */
  field: z.string().optional(),
  /** The runbook's advice on the error. */
  advice: z.string().optional(),
});
export type ApiError = z.infer<typeof ApiErrorSchema>;

export const StageSchema = z.object({
  stage: z.string(),
  region: z.string(),
  account: z.string(),
  /** ARN under which the acts of this console are recorded. */
  caller: z.string(),
  domain: z.string(),
  /** A tenant's URL with the word SUBDOMAIN in place of its subdomain. */
  tenantUrl: z.string(),
  plans: z.array(PlanSchema),
  statuses: z.array(TenantStatusSchema),
  /** Name and page in the AWS console; the local stage has no such pages, and the list is empty. */
  links: z.array(z.object({ name: z.string(), url: z.string() })),
});
export type Stage = z.infer<typeof StageSchema>;

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

/**
 * A task state in the present attempt of a run.
 * - waiting: not reached yet (and never, once the run has ended)
 * - running: entered; with errors, it is being retried
 * - done, failed
 * - stopped: entered, and ended with its run or with the failure of a parallel state
 */
export const RunStateSchema = z.object({
  state: z.string(),
  /** Name of the function that it calls: several states can be one step. */
  step: z.string(),
  part: z.enum(['forward', 'undo', 'failure']),
  status: z.enum(['waiting', 'running', 'done', 'failed', 'stopped']),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** How often the run has entered it: a state of a loop has many visits. */
  visits: z.number(),
  /** Error names of its failed attempts, in order. */
  errors: z.array(z.string()),
});
export type RunState = z.infer<typeof RunStateSchema>;

export const RunQuerySchema = z.strictObject({ execution: z.string().min(1).max(2048) });

/** An execution of one of the platform's state machines. */
export const RunSchema = z.object({
  executionArn: z.string(),
  /** Name of the state machine: TenantOnboarding, TenantIsolationAudit, TenantRelease. */
  workflow: z.string(),
  /** RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE; `deleted`: AWS has deleted it. */
  status: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  redriveCount: z.number(),
  /** 1 for the first; one more each time that the run started over. */
  attempt: z.number(),
  /** When the present attempt began. */
  attemptStartedAt: z.string().optional(),
  /** The task states in the order of the workflow: forward, undos, failure. */
  states: z.array(RunStateSchema),
  error: z.string().optional(),
  link: z.string(),
});
export type Run = z.infer<typeof RunSchema>;

const VerificationSchema = z.object({
  verifiedAt: z.string(),
  checks: z.number(),
  digest: z.string(),
  report: z.string().optional(),
  failed: z.array(z.string()).optional(),
});

export const ACT_KINDS = ['redrive', 'abandon', 'verify', 'suspend', 'resume'] as const;
export type ActKind = (typeof ACT_KINDS)[number];

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
  failure: FailureReportSchema.extend({ text: z.string(), advice: z.string().optional() }).optional(),
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

const reason = z.string().max(REASON_MAX_LENGTH).refine(isVisible, 'expected a reason that is not empty');

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

export const CellsSchema = z.object({
  cells: z.array(
    z.object({
      name: z.string(),
      capacity: z.number(),
      taken: z.number(),
      left: z.number(),
      liveColour: ColourSchema,
    }),
  ),
});
export type Cells = z.infer<typeof CellsSchema>;

/** `claim`: the release under way, or the last one (`endedAt`). Its run: GET /api/run with its execution. */
export const ReleasesSchema = z.object({
  releases: z.array(
    z.object({
      cell: z.string(),
      live: LiveColourSchema.optional(),
      claim: ReleaseClaimSchema.omit({ waiting: true }).optional(),
    }),
  ),
});
export type Releases = z.infer<typeof ReleasesSchema>;

export const AuditsSchema = z.object({
  /** The last executions of TenantIsolationAudit, newest first. */
  audits: z.array(
    z.object({
      executionArn: z.string(),
      name: z.string(),
      status: z.string(),
      startedAt: z.string(),
      endedAt: z.string().optional(),
      /** Number of tenants by verdict, once it has succeeded. */
      counts: z.record(z.string(), z.number()).optional(),
      link: z.string(),
    }),
  ),
});
export type Audits = z.infer<typeof AuditsSchema>;

export const QueuesSchema = z.object({
  queues: z.array(
    z.object({
      queue: z.string(),
      visible: z.number(),
      hidden: z.number(),
      /** What waits there, and what to do about it. */
      says: z.string(),
    }),
  ),
});
export type Queues = z.infer<typeof QueuesSchema>;

/**
 * What a page shows: it is told of changes to these only, and only these are asked of AWS.
 * The stream starts with an event without topics; what is read after it is never older than the
 * events that follow.
 * `tenants`, `cells`, `releases`, `audits`, `queues`, `acts`, `tenant:TENANTID`, `run:EXECUTIONARN`.
 */
const TopicSchema = z
  .string()
  .max(2100)
  .regex(/^(tenants|cells|releases|audits|queues|acts|tenant:[^\s]+|run:[^\s]+)$/);

/** Repeat `topic`. After a lost connection send `Last-Event-ID` with the id of the last event. */
export const EventsQuerySchema = z.strictObject({ topic: z.array(TopicSchema).max(20).default([]) });

/**
 * Events of the stream. Each has an `id`; a comment (`:`) arrives every 15 s as a heartbeat.
 * - `changed`: read again what is shown of these topics
 * - `reload`: events were missed (the console has started anew, or the pause was too long): read all again
 * - `problem`: AWS does not answer the console's questions (expired credentials); empty: it answers again
 */
export const ServerEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('changed'), data: z.object({ topics: z.array(z.string()) }) }),
  z.object({ event: z.literal('reload'), data: z.object({}) }),
  z.object({ event: z.literal('problem'), data: ApiErrorSchema.partial() }),
]);
export type ServerEvent = z.infer<typeof ServerEventSchema>;
