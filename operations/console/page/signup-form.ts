import { SignupRequestSchema } from '../api/acts';

/** The form's fields as they are typed. */
export type TypedSignup = Readonly<Record<'companyName' | 'subdomain' | 'contactEmail' | 'plan' | 'reason', string>>;

export const EMPTY_SIGNUP: TypedSignup = { companyName: '', subdomain: '', contactEmail: '', plan: '', reason: '' };

/** Fields as the console takes them. An e-mail address may be pasted with spaces around it. */
export function signupOf({ reason, ...typed }: TypedSignup): Readonly<Record<string, string>> {
  const trimmed = Object.fromEntries(Object.entries(typed).map(([name, text]) => [name, text.trim()]));
  return { ...trimmed, ...(reason.trim() && { reason: reason.trim() }) };
}

/** What is wrong with each field, by the platform's own schema; the first fault of a field. */
export function signupErrors(typed: TypedSignup): Readonly<Record<string, string>> {
  const { error } = SignupRequestSchema.safeParse(signupOf(typed));
  const faults = (error?.issues ?? []).map(({ path, message }) => [String(path[0]), message] as const);
  return Object.fromEntries(faults.reverse());
}
