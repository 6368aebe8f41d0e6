import { isTransient } from '../contract/errors';
import { translateError } from '../shared/error-translation';
import { type Check, type Finding, type NewResource, NotAsked, Unanswered } from './check';

/** Names of AWS's errors about a resource that does not exist, or that AWS does not show yet. */
const isAbsence = ({ name }: Error) => /^NoSuch|NotFound/.test(name);

/** What a thrown answer rests on: IAM may not show a new role to every reader. */
function restsOn(thrown: unknown): NewResource | undefined {
  if (thrown instanceof Unanswered) return thrown.restsOn;
  return thrown instanceof Error && isAbsence(thrown) ? 'role' : undefined;
}

/**
 * Fails closed: a check that cannot be answered does not pass. A transient fault of AWS is no
 * answer; it is thrown, and the state machine retries the verification.
 */
export async function find<S, F>(check: Pick<Check<S, F>, 'run'>, subject: S, sources: F): Promise<Finding | NotAsked> {
  try {
    return await check.run(subject, sources);
  } catch (thrown) {
    if (thrown instanceof NotAsked) return thrown;
    const error = translateError(thrown);
    if (isTransient(error.name)) throw error;
    const reason = thrown instanceof Unanswered ? thrown.message : error.message;
    const resource = restsOn(thrown);
    const evidence = `could not be answered: ${reason}`;
    return { passed: false, unanswered: true, evidence, ...(resource && { restsOn: resource }) };
  }
}
