import type * as z from 'zod';
import { PlatformError } from '../contract/errors';

/** Each violation once, in one line: `tenant.slot.cidr: Invalid input; tenant.url: Invalid URL`. */
export function describeIssues(error: z.ZodError): string {
  const violations = error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  return [...new Set(violations)].join('; ');
}

/**
 * Parses a value at a border.
 *
 * @throws PlatformError `InvalidRequest`; the message names the border and each bad field
 */
export function parseAt<S extends z.ZodType>(border: string, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PlatformError('InvalidRequest', `${border}: ${describeIssues(parsed.error)}`);
}
