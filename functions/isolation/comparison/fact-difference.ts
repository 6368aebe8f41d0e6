import type { Fact, FactName } from '../../database/door-call';
import type { ExpectedFact } from '../../database/release-facts';
import { Unanswered } from '../check';

/** What keeps a role from some logins ("CREATE ROLE"). */
const LIMITS = /(?: CONNECTION LIMIT \d+)?(?: VALID UNTIL .*)?$/;

interface FactDifference {
  /** A sentence for each line that is not expected. */
  readonly beyond: readonly string[];
  /** A sentence for each required line that is missing, or has limits: it keeps somebody out, and lets nobody in. */
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
  const isLimited = (line: string) => name === 'roles' && required.includes(line.replace(LIMITS, ''));
  const unknown = (line: string) => `${line}: no release makes this`;
  return {
    beyond: extra.filter((line) => !isLimited(line)).map(unknown),
    lacking: [
      ...extra.filter(isLimited).map(unknown),
      ...required.filter((line) => !fact.includes(line)).map((line) => `${line}: missing`),
    ],
  };
}
