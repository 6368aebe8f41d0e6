import type { Fact, FactName } from '../../database/door-call';
import type { ExpectedFact } from '../../database/release-facts';
import { Unanswered } from '../check';

/**
 * Facts whose lines shut something: without its line of `defaults`, everybody may call a role's functions ("ALTER DEFAULT
 * PRIVILEGES"), and who has left `rds_iam` logs in with a password.
 */
const SHUTTING: readonly FactName[] = ['defaults', 'members'];

interface FactDifference {
  /** A sentence for each line that is not expected, and for each missing one that shuts something. */
  readonly beyond: readonly string[];
  /** A sentence for each other line that is missing: that keeps somebody out, and lets nobody in. */
  readonly lacking: readonly string[];
}

/**
 * How the lines of a fact differ from those expected.
 *
 * @throws Unanswered when the fact could not be read
 */
export function factDifference(name: FactName, fact: Fact | undefined, expected: ExpectedFact): FactDifference {
  if (!Array.isArray(fact)) throw new Unanswered(`the ${name} could not be read: ${fact?.unread ?? 'no answer'}`);
  const { required, allowed } = expected;
  const extra = fact.filter((line) => !required.includes(line) && !allowed.some((pattern) => pattern.test(line)));
  const unknown = extra.map((line) => `${line}: no release makes this`);
  const missing = required.filter((line) => !fact.includes(line)).map((line) => `${line}: missing`);
  return SHUTTING.includes(name)
    ? { beyond: [...unknown, ...missing], lacking: [] }
    : { beyond: unknown, lacking: missing };
}
