import { DatabaseError } from 'pg';
import * as z from 'zod';
import { PlatformError, type PlatformErrorName } from '../contract/errors';
import { codeOf } from '../shared/error-code';
import { isNamed } from '../shared/is-named';

/** By SQL state, or its class ("PostgreSQL Error Codes"). */
const BY_STATE: Readonly<Record<string, PlatformErrorName>> = {
  '08': 'TransientServiceFault',
  '53': 'TransientServiceFault',
  '57': 'TransientServiceFault',
  '58': 'TransientServiceFault',
  '28': 'AccessDenied',
  '40': 'TransientConflict',
  '55P03': 'TransientConflict',
};

/** Errors of a connection that could not be made, or broke. pg's own have no code. */
const CONNECTION = /^(?:ECONN|EHOST|ENET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/;
const BROKEN =
  /^(?:Connection terminated|timeout expired|Query read timeout|Client (?:has encountered a connection error|was closed))/;

const ErrorSchema = z.looseObject({ message: z.string() });

/**
 * Translates what `pg` throws. The message has the server's words and the SQL state, and not its detail, in
 * which rows may be.
 *
 * @param otherwise the name of what the server refuses for any other reason
 */
export function databaseError(thrown: unknown, what: string, otherwise: PlatformErrorName): unknown {
  const error = ErrorSchema.safeParse(thrown).data;
  if (!error || thrown instanceof PlatformError) return thrown;
  const code = codeOf(thrown);
  const message = `${what}: ${error.message}${code && ` (${code})`}`;
  if (thrown instanceof DatabaseError) {
    const name = BY_STATE[code] ?? BY_STATE[code.slice(0, 2)] ?? otherwise;
    return new PlatformError(name, message, { cause: thrown });
  }
  const connection = CONNECTION.test(code) || BROKEN.test(error.message) || isNamed(thrown, 'AggregateError');
  return connection ? new PlatformError('TransientServiceFault', message, { cause: thrown }) : thrown;
}
