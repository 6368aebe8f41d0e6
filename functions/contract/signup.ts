import { domainToASCII } from 'node:url';
import * as z from 'zod';
import { PlanSchema } from './plans';

/** Subdomains that the platform keeps for itself. */
export const RESERVED_SUBDOMAINS: readonly string[] = [
  'admin',
  'api',
  'app',
  'assets',
  'auth',
  'billing',
  'blog',
  'cdn',
  'console',
  'dashboard',
  'docs',
  'ftp',
  'help',
  'imap',
  'internal',
  'login',
  'mail',
  'ns1',
  'ns2',
  'pop',
  'root',
  'smtp',
  'sso',
  'static',
  'status',
  'support',
  'webmail',
  'www',
];

/**
 * A host-header rule of an ALB has at most 128 characters, a DNS label 63. 40 leaves room for the
 * domain.
 */
const SUBDOMAIN_MAX_LENGTH = 40;

/**
 * Control characters, line and paragraph separators, and characters that change the direction of
 * text.
 */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** A visible character: no space, no format character, no mark without its letter, no character without a glyph or a dot. */
const VISIBLE = /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;
/**
 * Characters that nobody sees, by which two addresses look like one. Some scripts need the two joiners (U+200C, U+200D).
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/**
 * Characters that have a meaning around an address, and none in it without quotes ("Internet Message Format", RFC 5322, 3.2.3:
 * specials). Two dots in a row are in use.
 */
const SPECIALS = /[()<>[\]:;,\\"]/;
const HOST_LABEL = '(?!-)[a-z0-9-]{1,63}(?<!-)';
const DOMAIN = new RegExp(`^${HOST_LABEL}(?:\\.${HOST_LABEL})+$`);

/** Whether a person sees anything of the text. */
export const isVisible = (text: string) => VISIBLE.test(text);

/** A name that people read on pages, in terminals and in logs, in any script. */
const nameOfAnyScript = (max: number) =>
  z
    .string('expected a text')
    .max(max, `expected at most ${max} characters`)
    .refine((text) => text.isWellFormed(), 'expected well-formed Unicode text')
    .refine((text) => !CONTROLS.test(text), 'expected one line without control characters')
    .refine(isVisible, 'expected a text that is not empty');

/**
 * zod's `unicodeEmail`: zod's other patterns refuse addresses that are in use (`billing&ops@`,
 * `x=y@`, internationalized ones). The pattern hardly restricts the domain, so Node's IDNA checks
 * the domain.
 */
export const emailAddress = z
  .email({ pattern: z.regexes.unicodeEmail, error: 'expected an e-mail address' })
  .max(254, 'expected at most 254 characters')
  .refine((address) => {
    const domain = domainToASCII(address.slice(address.lastIndexOf('@') + 1));
    return !CONTROLS.test(address) && !UNSEEN.test(address) && !SPECIALS.test(address) && DOMAIN.test(domain);
  }, 'expected an e-mail address');

const subdomain = z
  .string('expected a DNS label')
  .min(1, 'expected a DNS label, it is empty')
  .max(SUBDOMAIN_MAX_LENGTH, `expected at most ${SUBDOMAIN_MAX_LENGTH} characters`)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
    'expected a DNS label: lower-case letters, digits and hyphens, no hyphen at either end',
  )
  .refine((label) => !label.startsWith('xn--'), 'expected a plain label, not an internationalized (xn--) one')
  .refine((label) => !RESERVED_SUBDOMAINS.includes(label), 'expected a subdomain that the platform has not reserved');

/**
 * Version 1 of the detail of a `TenantSignedUp` event.
 *
 * Unknown fields are dropped: a producer may add fields without a new version.
 */
export const SignupSchema = z.object({
  version: z.literal(1, 'expected version 1'),
  signupId: z
    .string('expected the signup id of the billing system')
    .regex(/^[A-Za-z0-9_-]{1,128}$/, 'expected 1 to 128 letters, digits, hyphens or underscores'),
  companyName: nameOfAnyScript(200),
  subdomain,
  contactEmail: emailAddress,
  plan: z.enum(PlanSchema.options, `expected one of ${PlanSchema.options.join(', ')}`),
});
export type Signup = z.infer<typeof SignupSchema>;

/**
 * Source and detail-type of a signup on the bus. An execution's input is the whole event or its
 * detail.
 */
export const SIGNUP_SOURCE = 'billing';
export const SIGNUP_DETAIL_TYPE = 'TenantSignedUp';

const EnvelopeSchema = z.looseObject({ 'detail-type': z.string(), detail: z.unknown() });

/**
 * Finds the signup's detail in an execution's input. An EventBridge event has it under `detail`. An
 * operator may start an execution with the detail alone.
 */
export function signupDetail(input: unknown): unknown {
  const envelope = EnvelopeSchema.safeParse(input);
  return envelope.success ? envelope.data.detail : input;
}

/** What the envelope of a signup says. An event without a source is written by hand. */
export const SignupEventSchema = z.looseObject({
  'detail-type': z.literal(SIGNUP_DETAIL_TYPE, `expected ${SIGNUP_DETAIL_TYPE}`),
  source: z.literal(SIGNUP_SOURCE, `expected ${SIGNUP_SOURCE}`).optional(),
});

/**
 * An event of another type or source is no signup, although its detail may look like one: a
 * cancellation has the fields of the signup, too. The rule lets none pass, but an operator may start an
 * execution with any event. An event without a source is written by hand.
 *
 * @returns why; undefined for the event of a signup, and for an input that is no event
 */
export function otherEvent(input: unknown): z.ZodError | undefined {
  return EnvelopeSchema.safeParse(input).success ? SignupEventSchema.safeParse(input).error : undefined;
}

/**
 * The signup id, if the input has a valid one. The other fields of the input may be malformed. The
 * event of something else has none.
 */
export function readableSignupId(input: unknown): string | undefined {
  if (otherEvent(input)) return undefined;
  const found = z.looseObject({ signupId: SignupSchema.shape.signupId }).safeParse(signupDetail(input));
  return found.success ? found.data.signupId : undefined;
}
