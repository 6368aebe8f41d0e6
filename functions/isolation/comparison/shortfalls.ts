import { nameOf, type Statement, whatOf } from '../policy-document';
import { endsMore, harmlessBeside, type Own } from './further-denials';
import { type Asker, meetsAll, requestOfRole } from './known-requests';
import { areDisjoint, coversPattern } from './patterns';
import { denialsLacking, grantsLacking } from './policy-difference';

/**
 * Denials that the release does not make, and that keep somebody from what it allows. Sessions that somebody has ended, and
 * denials of strangers, are none.
 *
 * @param what the policy, as the sentences name it
 */
export function furtherDenials(
  what: string,
  actual: readonly Statement[],
  expected: readonly Statement[],
  own: Own,
): string[] {
  const isHarmless = harmlessBeside(own, []);
  const further = actual.filter((each) => each.effect === 'Deny' && endsMore(each) && !isHarmless(each, expected));
  return denialsLacking(expected, further).map(({ statement }) => `${what} has the statement ${nameOf(statement)}`);
}

/** How a policy falls short of the release's: what it does not allow, or denies. */
export const shortfalls = (
  what: string,
  actual: readonly Statement[],
  expected: readonly Statement[],
  own: Own,
): string[] => [
  ...grantsLacking(actual, expected).map((actions) => `${what} does not allow ${actions} as the release does`),
  ...furtherDenials(what, actual, expected, own),
];

const lowerCase = (texts: readonly string[]) => texts.map((each) => each.toLowerCase());
const meets = (patterns: readonly string[], not: readonly string[] | undefined, needed: readonly string[]) =>
  not
    ? needed.some((each) => !not.some((pattern) => coversPattern(pattern, each)))
    : needed.some((each) => patterns.some((pattern) => !areDisjoint(pattern, each)));

/** Whether a statement is about some of these actions, which may be patterns as well. */
export const isAboutSome = ({ actions, not }: Statement, needed: readonly string[]): boolean =>
  meets(lowerCase(actions), not?.actions && lowerCase(not.actions), lowerCase(needed));

function isFor({ principals, not }: Statement, roleArn: string): boolean {
  const account = roleArn.split(':')[4] ?? '';
  const names = ['*', `AWS:${roleArn}`, `AWS:${account}`, `AWS:arn:aws:iam::${account}:root`];
  const among = (listed: readonly string[]) => names.some((name) => listed.includes(name));
  return not?.principals ? !among(not.principals) : among(principals);
}

/**
 * What the policy of a resource certainly denies a role, although the role is allowed it: some objects of a bucket, for example. A
 * condition on anything but who asks may spare the role's requests, and a probe tells whether it does.
 *
 * @param allowed what the role's own policy allows
 */
export function denialsOf(policy: readonly Statement[], asker: Asker, allowed: readonly Statement[]): string[] {
  const request = requestOfRole(asker);
  return policy
    .filter((each) => each.effect === 'Deny' && isFor(each, asker.roleArn) && meetsAll(each.conditions, request))
    .filter((statement) =>
      allowed.some(
        (each) =>
          each.effect === 'Allow' &&
          isAboutSome(statement, each.actions) &&
          meets(statement.resources, statement.not?.resources, each.resources),
      ),
    )
    .map((each) => `statement ${nameOf(each)} denies the tenant’s role ${whatOf(each)}`);
}
