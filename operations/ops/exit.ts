import { CommanderError } from 'commander';
import * as z from 'zod';
import { isNamed } from '../../functions/shared/is-named';
import { describeIssues } from '../../functions/shared/parse-at';
import { isNotFound } from '../../functions/tenants/tenant-lookup';
import { ActNotDone } from '../client/perform';
import { NotFound } from '../client/stage-client';
import { adviceFor } from '../runbook-advice';

/** Exit codes of `ops`, by which a script can decide what to do next. */
export const EXIT = { done: 0, failed: 1, usage: 2, notFound: 3, refused: 4, nothing: 5 } as const;

export interface Ending {
  readonly code: number;
  readonly error: string;
  readonly message: string;
  /** The runbook's advice on the error. */
  readonly advice: string | undefined;
}

const OF_OUTCOME = { 'not-found': EXIT.notFound, refused: EXIT.refused, failed: EXIT.failed } as const;

/** Whether nothing has the name that was asked for. A look-up refuses a request only for that reason. */
export const isMissing = (thrown: unknown): boolean =>
  thrown instanceof NotFound || (isNamed(thrown, 'InvalidRequest') && isNotFound(thrown));

/** Exit code and message for an error. Undefined for help that was requested and shown. */
export function endingOf(thrown: unknown): Ending | undefined {
  if (!(thrown instanceof CommanderError)) return failureOf(thrown);
  if (thrown.exitCode === 0) return undefined;
  return { code: EXIT.usage, error: thrown.code, message: thrown.message, advice: undefined };
}

/** Exit code and message for an error of the platform or of AWS. */
export function failureOf(thrown: unknown): Ending {
  if (thrown instanceof ActNotDone) {
    const { outcome, error, reason, act } = thrown;
    return { code: OF_OUTCOME[outcome], error, message: reason, advice: adviceFor(error, reason, { act }) };
  }
  // The text of zod's own error is JSON of many lines.
  if (thrown instanceof z.ZodError)
    return { code: EXIT.failed, error: 'UnexpectedFailure', message: describeIssues(thrown), advice: undefined };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const error = thrown instanceof Error ? thrown.name : 'Error';
  const missing = isMissing(thrown);
  const denied = error.startsWith('AccessDenied');
  const code = missing ? EXIT.notFound : denied ? EXIT.refused : EXIT.failed;
  return {
    code,
    error,
    message,
    advice: missing ? undefined : adviceFor(denied ? 'AccessDenied' : error, message, { act: undefined }),
  };
}
