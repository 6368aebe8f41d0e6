import * as z from 'zod';

/** A login that is tried and ended at once. */
const LoginSchema = z.object({
  name: z.string(),
  user: z.string(),
  /** A password or a token. */
  password: z.string(),
  database: z.string(),
  encrypted: z.boolean(),
});
export type Login = z.output<typeof LoginSchema>;

/**
 * What the verifying functions ask of AskDatabase. It holds tokens and a password, and is therefore no
 * part of the contract, as SetUpDatabase's input.
 *
 * The caller chooses the logins, and not the statements: AskDatabase has its own.
 */
export const AskDatabaseInput = z.object({
  tenantId: z.string(),
  host: z.string(),
  port: z.number().int(),
  /** The login with which the questions are asked. Without it none is: a rotation only tries its new password. */
  own: LoginSchema.optional(),
  others: z.array(LoginSchema).max(20),
  /** The read replica's door, where there is one. Callers of earlier releases name none. */
  replica: z
    .object({ host: z.string(), port: z.number().int(), own: LoginSchema, others: z.array(LoginSchema).max(20) })
    .optional(),
});

/** How a login ended. `unreached`: the server has neither accepted nor refused it. */
export const LoginOutcome = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('accepted') }),
  z.object({ outcome: z.literal('refused'), code: z.string(), message: z.string() }),
  z.object({ outcome: z.literal('unreached'), reason: z.string() }),
]);
export type LoginOutcome = z.output<typeof LoginOutcome>;

/**
 * What the server has of roles, rights and objects, a line each. The lines of a fact that could not
 * be read are absent, with the reason.
 */
const FactSchema = z.union([z.array(z.string()), z.object({ unread: z.string() })]);
export type Fact = z.output<typeof FactSchema>;

export const FACT_NAMES = [
  'roles',
  'members',
  'reach',
  'owners',
  'grants',
  'defaults',
  'code',
  'foreign',
  'replication',
  'settings',
] as const;
export type FactName = (typeof FACT_NAMES)[number];

/** What one server answers. */
const ServerAnswers = z.object({
  own: LoginOutcome,
  others: z.record(z.string(), LoginOutcome),
  /** By what was tried: the SQL state of the refusal, or `done`. Empty when the own login was not accepted. */
  powers: z.record(z.string(), z.string()),
});

export const AskDatabaseOutput = ServerAnswers.extend({
  /** `takesWrites`: whether a transaction may write there at all. Cells of earlier releases ask no replica. */
  replica: ServerAnswers.extend({ takesWrites: z.boolean().optional() }).optional(),
  facts: z.partialRecord(z.enum(FACT_NAMES), FactSchema),
});
export type DoorAnswers = z.output<typeof AskDatabaseOutput>;
