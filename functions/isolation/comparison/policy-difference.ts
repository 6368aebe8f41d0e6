import { type Condition, forSomebody, nameOf, type Statement, whatOf, whoOf } from '../policy-document';
import { missingFrom, wordsOf } from './conditions';
import { refusesOnlyPlain } from './further-denials';
import { coversElement, type Element } from './patterns';

/** The three elements of a statement that say who does what to which resource. */
interface Scope {
  readonly principals: Element;
  readonly actions: Element;
  readonly resources: Element;
}

const ALL: Element = { inverted: false, patterns: ['*'] };
const element = (patterns: readonly string[], not: readonly string[] | undefined): Element =>
  not === undefined ? { inverted: false, patterns } : { inverted: true, patterns: not };

/** `123456789012` is short for the account's root ("AWS JSON policy elements: Principal"). */
const accountInFull = (principal: string) => principal.replace(/^AWS:(\d{12})$/, 'AWS:arn:aws:iam::$1:root');
const lowerCase = (text: string) => text.toLowerCase();

/** Policies of a role name no principal, and trust policies no resource: both mean the one that has the policy. */
function scopeOf({ principals, actions, resources, not = {} }: Statement): Scope {
  const who = element(principals.map(accountInFull), not.principals?.map(accountInFull));
  const where = element(resources, not.resources);
  return {
    principals: who.inverted || who.patterns.length > 0 ? who : ALL,
    actions: element(actions.map(lowerCase), not.actions?.map(lowerCase)),
    resources: where.inverted || where.patterns.length > 0 ? where : ALL,
  };
}

const single = ({ inverted, patterns }: Element): Element[] =>
  inverted ? [{ inverted, patterns }] : patterns.map((pattern) => ({ inverted, patterns: [pattern] }));

/**
 * A statement in its smallest parts. One statement with two actions says what two statements with one
 * action each say, so policies are compared part by part: order and merging change nothing.
 */
const smallestParts = (statement: Statement): Scope[] => {
  const { principals, actions, resources } = scopeOf(statement);
  return single(principals).flatMap((who) =>
    single(actions).flatMap((what) =>
      single(resources).map((where) => ({ principals: who, actions: what, resources: where })),
    ),
  );
};

const SCOPE = ['principals', 'actions', 'resources'] as const;
const coversScope = (outer: Scope, inner: Scope) => SCOPE.every((part) => coversElement(outer[part], inner[part]));

const list = ({ inverted, patterns }: Element) => `${inverted ? 'all but ' : ''}${patterns.join(', ')}`;
const unique = (texts: readonly string[]) => [...new Set(texts)];

/** The statement that was probably meant: of the same name or, where none has a name, the most alike. */
function nearest(statement: Statement, among: readonly Statement[]): Statement | undefined {
  const scope = scopeOf(statement);
  const likeness = (other: Statement) => {
    const theirs = scopeOf(other);
    if (statement.sid !== other.sid) return 0;
    return 1 + SCOPE.filter((part) => coversElement(theirs[part], scope[part])).length;
  };
  const [best] = among
    .map((other) => ({ other, likeness: likeness(other) }))
    .filter((each) => each.likeness > (statement.sid === '' ? 2 : 0))
    .sort((one, other) => other.likeness - one.likeness);
  return best?.other;
}

const WORDS = { principals: 'principal', actions: 'action', resources: 'resource' } as const;

/** What of the scopes the statement does not cover, in words. */
const outside = (scopes: readonly Scope[], statement: Statement) =>
  unique(
    scopes.flatMap((scope) =>
      SCOPE.filter((part) => !coversElement(scopeOf(statement)[part], scope[part])).map(
        (part) => `${WORDS[part]} ${list(scope[part])}`,
      ),
    ),
  );

function whyGranted(parts: readonly Scope[], statement: Statement, expected: readonly Statement[]): string {
  const meant = nearest(statement, expected);
  if (!meant) return 'the release has no such statement';
  const name = meant.sid || nameOf(meant);
  return [
    ...outside(parts, meant).map((each) => `${each} is not in the release’s statement ${name}`),
    ...missingFrom(statement.conditions, meant.conditions).map(
      (test) => `the release’s statement ${name} asks for ${wordsOf(test)}`,
    ),
  ].join(', ');
}

interface Beyond {
  readonly statement: Statement;
  /** The parts of the statement that no other statement covers. */
  readonly parts: readonly Scope[];
}

/** What one policy allows, and no statement of the other allows under the same conditions or fewer. */
function allowedBeyond(actual: readonly Statement[], expected: readonly Statement[]): Beyond[] {
  const allowing = expected.filter(({ effect }) => effect === 'Allow');
  return actual
    .filter(({ effect }) => effect === 'Allow')
    .map((statement) => {
      const asLoose = allowing.filter(({ conditions }) => missingFrom(statement.conditions, conditions).length === 0);
      const isCovered = (part: Scope) => asLoose.some((each) => coversScope(scopeOf(each), part));
      return { statement, parts: smallestParts(statement).filter((part) => !isCovered(part)) };
    })
    .filter(({ parts }) => parts.length > 0);
}

/**
 * What a policy allows beyond the expected one. A policy that allows less is no difference.
 *
 * @returns a sentence for each statement
 */
export const grantsBeyond = (actual: readonly Statement[], expected: readonly Statement[]): string[] =>
  allowedBeyond(actual, expected).map(({ statement, parts }) => {
    const why = whyGranted(
      parts,
      statement,
      expected.filter(({ effect }) => effect === 'Allow'),
    );
    return `statement ${nameOf(statement)} grants ${whoOf(statement)} ${whatOf(statement)} (${why})`;
  });

/**
 * What a policy does not allow although it should: for a role that has to do its work.
 *
 * @returns the actions of each statement that is not allowed in full
 */
export const grantsLacking = (actual: readonly Statement[], expected: readonly Statement[]): string[] =>
  allowedBeyond(expected, actual).map(({ statement }) => whatOf(statement));

function whyNotDenied(parts: readonly Scope[], statement: Statement, actual: readonly Statement[], fine: Fine): string {
  const meant = nearest(statement, actual);
  if (!meant) return 'the policy has no such statement';
  const name = meant.sid || nameOf(meant);
  return [
    ...outside(parts, meant).map((each) => `${each} is not in statement ${name}`),
    ...missingFrom(
      statement.conditions,
      meant.conditions.filter((test) => !fine(test)),
    ).map((test) => `statement ${name} denies only if ${wordsOf(test)}`),
  ].join(', ');
}

const wholeOf = (statement: Statement) => {
  const { principals, resources } = statement;
  const who = principals.length > 0 ? ` for ${principals.join(', ')}` : '';
  const on = resources.length > 0 ? ` on ${resources.join(', ')}` : '';
  return `${nameOf(statement)}${who}${on}`;
};

/** Whether a denial that the expected policy does not have does no harm. */
export type Harmless = (further: Statement, expected: readonly Statement[]) => boolean;

/**
 * Both directions: what a policy allows or denies beyond the expected one, and what it does not allow
 * or deny although it should. What it allows a principal that was deleted it allows nobody.
 *
 * @param what the policy, as the sentences name it
 * @param isHarmless of further denials: those of requests without TLS, unless the caller knows more
 */
export function policyDifferences(
  what: string,
  actual: readonly Statement[],
  expected: readonly Statement[],
  isHarmless: Harmless = refusesOnlyPlain,
): string[] {
  const beyond = (one: readonly Statement[], other: readonly Statement[]) => [
    ...allowedBeyond(one, other).map(({ statement }) => wholeOf(statement)),
    ...denialsLacking(other, one).map(({ statement }) => wholeOf(statement)),
  ];
  const living = forSomebody(actual);
  return [
    ...beyond(
      living.filter((each) => each.effect === 'Allow' || !isHarmless(each, expected)),
      expected,
    ).map((each) => `${what} has the statement ${each}`),
    ...beyond(expected, living).map((each) => `${what} lacks the statement ${each}`),
  ];
}

/** A further condition that may weaken a denial. */
export type Fine = (condition: Condition) => boolean;

/**
 * AWS's own services are not the strangers that a denial keeps out, and they use TLS among themselves
 * ("Data perimeters on AWS"). A denial that excepts them is as good.
 */
export const exceptsServices: Fine = ({ operator, key, values }) =>
  ['bool', 'boolifexists'].includes(operator.toLowerCase()) &&
  key.toLowerCase() === 'aws:principalisawsservice' &&
  values.join() === 'false';

/**
 * What an expected denial denies, and the policy does not. A policy that denies more is no difference.
 *
 * @param fine conditions that a denial may have besides the expected ones
 * @returns why, for each expected statement that is not denied in full
 */
export function denialsLacking(
  actual: readonly Statement[],
  expected: readonly Statement[],
  fine: Fine = () => false,
): { readonly statement: Statement; readonly why: string }[] {
  const denying = actual.filter(({ effect }) => effect === 'Deny');
  return expected
    .filter(({ effect }) => effect === 'Deny')
    .flatMap((statement) => {
      const broadEnough = denying.filter(
        ({ conditions }) =>
          missingFrom(
            statement.conditions,
            conditions.filter((test) => !fine(test)),
          ).length === 0,
      );
      const lacking = smallestParts(statement).filter(
        (part) => !broadEnough.some((each) => coversScope(scopeOf(each), part)),
      );
      return lacking.length === 0 ? [] : [{ statement, why: whyNotDenied(lacking, statement, denying, fine) }];
    });
}
