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

/** Host-header rules of an ALB take up to 128 characters and a DNS label 63; 40 leaves room for any domain we serve. */
const SUBDOMAIN_MAX_LENGTH = 40;

/** Control characters, breaks of lines and paragraphs, and what turns the direction of the text around it. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** A character that can be seen: no space, no format character, none that is drawn as nothing. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** A name that people read on pages, in terminals and in logs, in any script. */
const nameOfAnyScript = (max: number) =>
  z
    .string('expected a text')
    .max(max, `expected at most ${max} characters`)
    .refine((text) => text.isWellFormed(), 'expected well-formed Unicode text')
    .refine((text) => !CONTROLS.test(text), 'expected one line without control characters')
    .refine((text) => VISIBLE.test(text), 'expected a text that is not empty');

/**
 * zod's `unicodeEmail`: its other patterns refuse addresses that are in use (`billing&ops@`, `x=y@`, internationalized
 * ones). It says little of the domain, so Node's IDNA is asked whether there can be such a domain.
 */
const emailAddress = z
  .email({ pattern: z.regexes.unicodeEmail, error: 'expected an e-mail address' })
  .max(254, 'expected at most 254 characters')
  .refine((address) => {
    const domain = domainToASCII(address.slice(address.lastIndexOf('@') + 1));
    return !CONTROLS.test(address) && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain);
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
 * Unknown further fields are dropped: a producer may add fields without a new version.
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

/** What a person or the event rule starts the machine with: the whole EventBridge event, or its detail alone. */
export const SIGNUP_SOURCE = 'billing';
export const SIGNUP_DETAIL_TYPE = 'TenantSignedUp';

const EnvelopeSchema = z.looseObject({ 'detail-type': z.string(), detail: z.unknown() });

/**
 * Finds the signup's detail in an execution's input: an EventBridge event carries it under `detail`, a start from the
 * console may pass it bare.
 */
export function signupDetail(input: unknown): unknown {
  const envelope = EnvelopeSchema.safeParse(input);
  return envelope.success ? envelope.data.detail : input;
}

/** The signup id as far as it can be read from an input that may be malformed in every other respect. */
export function readableSignupId(input: unknown): string | undefined {
  const found = z.looseObject({ signupId: SignupSchema.shape.signupId }).safeParse(signupDetail(input));
  return found.success ? found.data.signupId : undefined;
}
