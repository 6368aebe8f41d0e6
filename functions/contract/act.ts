import * as z from 'zod';
import { MigrationRequestSchema } from './migration';
import { ReasonSchema } from './reason';
import { REASON_MAX_LENGTH, TYPED_NAME_MAX_LENGTH } from './tenant';

const text = (max: number) =>
  z
    .string('expected a text')
    .min(1, 'expected a text that is not empty')
    .max(max, `expected at most ${max} characters`);
const tenant = text(TYPED_NAME_MAX_LENGTH);
const cell = text(64);
const reason = ReasonSchema;

/**
 * What an operator can ask for. Each kind is a row here, an effect in `functions/acts` and a command.
 * `tenant` is a tenant id, a subdomain (a lost one too) or a signup id.
 */
export const ActSchema = z.discriminatedUnion('kind', [
  /** The signup is passed on as it is: the onboarding refuses a malformed one and says why. */
  z.object({ kind: z.literal('signup'), signup: z.unknown(), reason: reason.optional() }),
  z.object({
    kind: z.literal('redrive'),
    target: z.union([z.object({ tenant }), z.object({ executionArn: text(2048) })]),
    /** Starts an equal new execution, with the present definition, although AWS can redrive the old one. */
    anew: z.boolean().default(false),
    reason: reason.optional(),
  }),
  z.object({ kind: z.literal('abandon'), tenant, reason }),
  z.object({
    kind: z.literal('replay'),
    /** Ids of unreadable messages that the operator has kept elsewhere: they leave the queue. */
    setAside: z.array(z.string()).max(1000).default([]),
    /** Only messages with these ids, as a preview has told them. */
    only: z.array(z.string()).max(1000).optional(),
    reason: reason.optional(),
  }),
  /** Which signups a replay would start. Nothing is changed. */
  z.object({ kind: z.literal('preview-replay'), reason: reason.optional() }),
  z.object({ kind: z.literal('verify'), tenant, reason: reason.optional() }),
  z.object({ kind: z.literal('suspend'), tenant, reason }),
  z.object({ kind: z.literal('resume'), tenant, reason: reason.optional() }),
  /** One step of a restore of the tenant's database; RestoreDatabase refuses a malformed time. */
  z.object({ kind: z.literal('restore'), tenant, to: text(64), reason }),
  /** Deletes the restored instance of a restore that is not wanted any more. */
  z.object({ kind: z.literal('discard-restore'), tenant, reason: reason.optional() }),
  /** The machine refuses a malformed digest, an unknown cell and an image that cannot run. */
  z.object({
    ...{ kind: z.literal('release'), cell, digest: text(100) },
    ...{ releaseId: text(100).optional(), slower: z.boolean().optional(), reason: reason.optional() },
  }),
  /** `hold` after the ring under way, `go` on at once, or bring all tenants `back`. */
  z.object({
    kind: z.literal('steer-release'),
    cell,
    intent: z.enum(['go', 'hold', 'back']),
    reason: reason.optional(),
  }),
  /** Migrates the databases of a cell's tenants. The machine refuses an unknown cell and an unknown file. */
  z.object({ kind: z.literal('migrate'), ...MigrationRequestSchema.shape, cell, reason: reason.optional() }),
  /** Who is behind, and by which files. Nothing is changed. */
  z.object({ kind: z.literal('preview-migration'), ...MigrationRequestSchema.shape, cell, reason: reason.optional() }),
  /** Tells that a stage is about to be taken down. The command does it: PerformAct and the record go with the stage. */
  z.object({ kind: z.literal('teardown'), reason: reason.optional() }),
  /** Moves one tenant again, to the colour where it belongs. */
  z.object({ kind: z.literal('retry-move'), tenant, reason: reason.optional() }),
]);
export type Act = z.output<typeof ActSchema>;

/** An act as it is signed. `id` is new for each act, `at` the caller's clock: no request counts twice. */
export const ActRequestSchema = z.object({ id: z.uuid(), at: z.iso.datetime(), act: ActSchema });
export type ActRequest = z.output<typeof ActRequestSchema>;

/** Header of the caller's signed request to STS; its value is the SHA-256 of the request, in hex. */
export const ACT_DIGEST_HEADER = 'x-onboarding-act';

/**
 * `request` is the JSON of an ActRequest: a text, because its digest is signed. `identity` holds the
 * signed headers of a GetCallerIdentity request that the caller has not sent.
 */
export const PerformActInput = z.object({
  request: z.string().max(200_000),
  identity: z.record(z.string().regex(/^[a-z0-9-]{1,64}$/), z.string().max(8192)),
});

/**
 * - done: the platform did it
 * - nothing: there was nothing to do; `message` says why
 * - not-found: no tenant has that name
 * - refused: the platform must not do it; `error` and `message` say why
 * - failed: it was tried, and failed
 */
const ActOutcomeSchema = z.enum(['done', 'nothing', 'not-found', 'refused', 'failed']);
export type ActOutcome = z.infer<typeof ActOutcomeSchema>;

const ActResultSchema = z.object({
  outcome: ActOutcomeSchema,
  error: z.string().optional(),
  message: z.string().max(REASON_MAX_LENGTH).optional(),
  /** What came of it, in short: the ARN of an execution, a verdict and its report. */
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ActResult = z.infer<typeof ActResultSchema>;

/** `answer`: the whole answer, whose schema follows from the act's kind; absent without an effect. */
export const PerformActOutput = ActResultSchema.extend({
  id: z.string(),
  by: z.string(),
  tenantId: z.string().optional(),
  answer: z.unknown().optional(),
});

/** Index of the acts table: acts of a day. */
export const DAY_INDEX = 'byDay';

/**
 * An act on record. `result` is absent while the act is under way, and for ever when its function was
 * killed in the middle.
 */
export const ActEntrySchema = z.object({
  id: z.string(),
  /** When it was asked for. */
  at: z.iso.datetime(),
  /** ARN of the caller, as STS named it. */
  by: z.string(),
  kind: z.string(),
  /** Absent where the act is on no tenant, or no tenant has the name. */
  tenantId: z.string().optional(),
  /** The name that was typed, the ARN of the execution, or the cell of a release. */
  target: z.string().optional(),
  reason: z.string().optional(),
  endedAt: z.iso.datetime().optional(),
  result: ActResultSchema.optional(),
});
export type ActEntry = z.infer<typeof ActEntrySchema>;

/** Answer of a redrive: the same execution goes on, or a new one with the same input has started. */
export const RedriveAnswer = z.discriminatedUnion('how', [
  z.object({ how: z.literal('redriven'), executionArn: z.string() }),
  z.object({ how: z.literal('started'), executionArn: z.string(), because: z.string() }),
  z.object({ how: z.literal('nothing'), because: z.string() }),
]);

export const AbandonAnswer = z.discriminatedUnion('how', [
  z.object({ how: z.literal('started'), executionArn: z.string() }),
  z.object({ how: z.literal('nothing'), because: z.string() }),
]);

/** Answer of the start of a release or a migration. `nothing`: one is under way, or has just been started. */
export const StartInCellAnswer = z.discriminatedUnion('how', [
  z.object({ how: z.literal('started'), executionArn: z.string() }),
  z.object({ how: z.literal('nothing'), because: z.string(), executionArn: z.string() }),
]);

/** `steered`: the release under way has the order. `started`: a release of the image before. */
export const SteerReleaseAnswer = z.discriminatedUnion('how', [
  z.object({ how: z.literal('steered'), releaseId: z.string(), executionArn: z.string() }),
  z.object({ how: z.literal('started'), releaseId: z.string(), digest: z.string(), executionArn: z.string() }),
  z.object({ how: z.literal('nothing'), because: z.string() }),
]);

export const TeardownAnswer = z.object({ recordedAt: z.iso.datetime() });

export const SignupAnswer = z.object({ executionArn: z.string() });

const ReplayedSchema = z.union([
  z.object({ executionArn: z.string(), because: z.string() }),
  z.object({
    unreadable: z.object({
      messageId: z.string(),
      why: z.string(),
      body: z.string(),
      attributes: z.record(z.string(), z.string()),
    }),
  }),
]);
const UndeliveredSignupSchema = z.object({
  messageId: z.string(),
  because: z.string(),
  /** As far as the signup can be read: the onboarding says what is wrong with the others. */
  companyName: z.string().optional(),
  subdomain: z.string().optional(),
});
export type UndeliveredSignup = z.infer<typeof UndeliveredSignupSchema>;

/** `more`: messages may be left that are not shown. */
export const PreviewReplayAnswer = z.object({
  signups: z.array(UndeliveredSignupSchema),
  unreadable: z.array(z.object({ messageId: z.string(), why: z.string() })),
  more: z.boolean(),
});

/** `more`: the act has ended at its limit, and messages may be left. */
export const ReplayAnswer = z.object({ messages: z.array(ReplayedSchema), more: z.boolean() });
