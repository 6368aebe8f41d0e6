import * as z from 'zod';
import { codeOf } from '../../functions/shared/error-code';

/**
 * SQL states of a server that has ended the session, takes none yet, or is the primary no more ("PostgreSQL Error Codes"):
 * class 08, admin_shutdown, crash_shutdown, cannot_connect_now, read_only_sql_transaction.
 */
const STATE = /^(?:08...|57P0[123]|25006)$/;
/** Class 28: the login is refused. */
const REFUSED = /^28...$/;
const SOCKET = /^(?:ECONNRESET|ECONNREFUSED|EPIPE)$/;
/** pg's own errors have no code. A connection that has timed out is not among them: its time is used up. */
const MESSAGE = /^(?:Connection terminated unexpectedly|Client has encountered a connection error)/;

const ErrorSchema = z.looseObject({ message: z.string() });

/** Whether a connection was lost, so that the same statement may succeed with another one. What became of it is not known. */
export function isLost(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return STATE.test(code) || SOCKET.test(code) || MESSAGE.test(ErrorSchema.safeParse(thrown).data?.message ?? '');
}

/** Whether the server has refused the login. */
export const isRefused = (thrown: unknown): boolean => REFUSED.test(codeOf(thrown));
