import type { Fact, FactName } from '../../database/door-call';
import type { ExpectedFact } from '../../database/release-facts';
import { Unanswered } from '../check';

/**
 * A violation for each line that is not expected, and for each required line that is missing.
 *
 * @throws Unanswered when the fact could not be read
 */
export function factDifference(name: FactName, fact: Fact | undefined, expected: ExpectedFact): string[] {
  if (!Array.isArray(fact)) throw new Unanswered(`the ${name} could not be read: ${fact?.unread ?? 'no answer'}`);
  const { required, allowed } = expected;
  const extra = fact.filter((line) => !required.includes(line) && !allowed.some((pattern) => pattern.test(line)));
  const missing = required.filter((line) => !fact.includes(line));
  return [...extra.map((line) => `${line}: no release makes this`), ...missing.map((line) => `${line}: missing`)];
}
