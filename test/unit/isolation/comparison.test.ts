import fc from 'fast-check';
import {
  denialsLacking,
  exceptsServices,
  grantsBeyond,
  grantsLacking,
} from '../../../functions/isolation/comparison/policy-difference';
import { type Statement, statementsOf } from '../../../functions/isolation/policy-document';

/**
 * The comparison against IAM's own evaluation, by a small evaluator of requests: "Policy evaluation
 * logic", "IAM JSON policy elements: Condition operators", "Set operators for multivalued context
 * keys" (IAM User Guide).
 */
type Values = readonly string[] | undefined;
interface Request {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, Values>>;
}

const glob = (pattern: string, text: string, flags = '') =>
  new RegExp(
    `^${[...pattern].map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[^\w]/g, '\\$&'))).join('')}$`,
    flags,
  ).test(text);

const COMPARES: Readonly<Record<string, (value: string, by: string) => boolean>> = {
  StringEquals: (value, by) => value === by,
  StringLike: (value, by) => glob(by, value),
  ArnEquals: (value, by) => byParts(value, by),
  ArnLike: (value, by) => byParts(value, by),
  Bool: (value, by) => value === by.toLowerCase(),
};
function byParts(value: string, by: string): boolean {
  const [have, want] = [value.split(':'), by.split(':')];
  const rest = (parts: string[]) => [...parts.slice(0, 5), parts.slice(5).join(':')];
  return rest(want).every((part, index) => glob(part, rest(have)[index] ?? ''));
}

function passes(operator: string, wanted: readonly string[], given: Values): boolean {
  if (operator === 'Null') return wanted.includes(given === undefined ? 'true' : 'false');
  const [, quantifier, name = '', ifExists] = /^(?:(ForA\w+):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const negated = name.includes('Not');
  const compare = COMPARES[name.replace('Not', '')];
  if (!compare) throw new Error(`no evaluator of ${operator}`);
  const matches = (value: string) => wanted.some((by) => compare(value, by)) !== negated;
  if (given === undefined)
    return quantifier === 'ForAnyValue' ? false : quantifier === 'ForAllValues' || negated || !!ifExists;
  return quantifier === 'ForAnyValue' ? given.some(matches) : given.every(matches);
}

function applies(statement: Statement, { principal, action, resource, context }: Request): boolean {
  const { not = {} } = statement;
  const named = (patterns: readonly string[]) => patterns.some((each) => each === '*' || each === principal);
  const does = (patterns: readonly string[]) => patterns.some((each) => glob(each, action, 'i'));
  const at = (patterns: readonly string[]) => patterns.some((each) => glob(each, resource));
  return (
    (not.principals ? !named(not.principals) : named(statement.principals)) &&
    (not.actions ? !does(not.actions) : does(statement.actions)) &&
    (not.resources ? !at(not.resources) : at(statement.resources)) &&
    statement.conditions.every(({ operator, key, values }) => passes(operator, values, context[key.toLowerCase()]))
  );
}

const speaks = (effect: 'Allow' | 'Deny', policy: readonly Statement[], request: Request) =>
  policy.some((statement) => statement.effect === effect && applies(statement, request));

const cross = <A, B>(as: readonly A[], bs: readonly B[]) => as.flatMap((a) => bs.map((b) => [a, b] as const));
const VALUES: Values[] = [undefined, ['a'], ['b'], ['ab'], ['a', 'b']];
const ARNS: Values[] = [undefined, ['arn:aws:iam::1:role/one'], ['arn:aws:iam::1:role/two']];
const REQUESTS: readonly Request[] = cross(
  cross(['AWS:one', 'AWS:two', 'Service:logs'], ['s3:GetObject', 's3:GetObjectAcl', 's3:PutObject', 'kms:Decrypt']),
  cross(['arn:aws:s3:::b/x', 'arn:aws:s3:::b/object', 'arn:aws:s3:::c'], cross(VALUES, ARNS)),
).map(([[principal, action], [resource, [text, arn]]]) => ({
  principal,
  action,
  resource,
  context: { 'k:text': text, 'k:arn': arn },
}));

const some = (values: readonly string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const OPERATORS = ['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIfExists'].concat([
  'ForAllValues:StringEquals',
  'ForAnyValue:StringLike',
  'ForAllValues:StringNotLike',
  'ForAnyValue:StringNotEquals',
]);
const textTest = fc.tuple(
  fc.constantFrom(...OPERATORS),
  fc.constantFrom('k:text', 'K:Text'),
  some(['a', 'b', 'a*', '?b', '*']),
);
const arnTest = fc.tuple(
  fc.constantFrom('ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike', 'ArnEqualsIfExists'),
  fc.constant('k:arn'),
  some(['arn:aws:iam::1:role/one', 'arn:aws:iam::1:role/*', 'arn:aws:iam::*:role/two']),
);
const absence = fc.tuple(fc.constant('Null'), fc.constantFrom('k:text', 'k:arn'), some(['true', 'false']));

/** One element, or its inverse. */
const either = (name: string, values: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.constantFrom(name, name, name, `Not${name}`), values).map(([key, value]) => ({ [key]: value }));
const statement = fc
  .tuple(
    fc.constantFrom('Allow', 'Deny'),
    either(
      'Principal',
      fc.oneof(
        fc.constant('*'),
        some(['one', 'two']).map((AWS) => ({ AWS })),
        fc.constant({ Service: 'logs' }),
      ),
    ),
    either('Action', some(['s3:*', 's3:Get*', 'S3:GETOBJECT', 's3:?etObject', 's3:PutObject', 'kms:Decrypt', '*'])),
    either('Resource', some(['*', 'arn:aws:s3:::b/*', 'arn:aws:s3:::b/object', 'arn:aws:s3:::c'])),
    fc.array(fc.oneof(textTest, arnTest, absence), { maxLength: 2 }),
  )
  .map(([Effect, who, what, where, tests]) => ({
    Effect,
    ...who,
    ...what,
    ...where,
    Condition: Object.fromEntries(tests.map(([operator, key, values]) => [operator, { [key]: values }])),
  }));
const policy = fc.array(statement, { minLength: 1, maxLength: 3 }).map((Statement) => statementsOf({ Statement }));
const RUNS = { numRuns: 1_000 };

describe('the comparison of policies', () => {
  test('a policy without a grant beyond the expected ones allows no further request', () => {
    let silent = 0;
    fc.assert(
      fc.property(policy, policy, (actual, expected) => {
        if (grantsBeyond(actual, expected).length > 0) return;
        silent += 1;
        for (const request of REQUESTS)
          if (speaks('Allow', actual, request)) expect(speaks('Allow', expected, request)).toBe(true);
      }),
      RUNS,
    );
    expect(silent).toBeGreaterThan(30);
  });

  test('a policy that lacks no denial denies every request that the expected policy denies', () => {
    let silent = 0;
    fc.assert(
      fc.property(policy, policy, (actual, expected) => {
        if (denialsLacking(actual, expected).length > 0) return;
        silent += 1;
        for (const request of REQUESTS)
          if (speaks('Deny', expected, request)) expect(speaks('Deny', actual, request)).toBe(true);
      }),
      RUNS,
    );
    expect(silent).toBeGreaterThan(30);
  });

  test('ignores order, merged or split statements and letter case', () => {
    const split = (each: Statement): Statement[] =>
      each.not?.actions ? [each] : each.actions.map((action) => ({ ...each, sid: '', actions: [action] }));
    const inOtherCase = (each: Statement): Statement => ({
      ...each,
      actions: each.actions.map((action) => action.toUpperCase()),
      conditions: each.conditions.map((test) => ({ ...test, key: test.key.toUpperCase() })).reverse(),
    });
    fc.assert(
      fc.property(policy, (expected) => {
        const rewritten = expected.toReversed().flatMap(split).map(inOtherCase);
        for (const [one, other] of [
          [rewritten, expected],
          [expected, rewritten],
        ] as const) {
          expect(grantsBeyond(one, other)).toEqual([]);
          expect(grantsLacking(one, other)).toEqual([]);
          expect(denialsLacking(one, other)).toEqual([]);
        }
      }),
    );
  });

  test('finds each removed denial and each added grant', () => {
    fc.assert(
      fc.property(policy, policy, (one, other) => {
        for (const request of REQUESTS) {
          if (speaks('Allow', one, request) && !speaks('Allow', other, request))
            return grantsBeyond(one, other).length > 0;
          if (speaks('Deny', other, request) && !speaks('Deny', one, request))
            return denialsLacking(one, other).length > 0;
        }
        return true;
      }),
      RUNS,
    );
  });
});

const allow = (rest: object) =>
  statementsOf({
    Statement: { Sid: 'Own', Effect: 'Allow', Principal: { AWS: 'r' }, Action: 's3:Get*', Resource: 'a/*', ...rest },
  });
const when = (operator: string, key: string, ...values: string[]) => ({ Condition: { [operator]: { [key]: values } } });

describe('explains', () => {
  const expected = allow(when('StringEquals', 'sts:ExternalId', 'x1'));

  test.each([
    ['a condition is gone', {}, 'the release’s statement Own asks for StringEquals sts:ExternalId x1'],
    ['a second value', when('StringEquals', 'sts:ExternalId', 'x1', 'x2'), 'asks for StringEquals sts:ExternalId x1'],
    ['IfExists', when('StringEqualsIfExists', 'sts:ExternalId', 'x1'), 'asks for StringEquals'],
    ['ForAllValues, which an absent key passes', when('ForAllValues:StringEquals', 'sts:ExternalId', 'x1'), 'asks for'],
    [
      'NotAction',
      { ...when('StringEquals', 'sts:ExternalId', 'x1'), Action: undefined, NotAction: 's3:Put*' },
      'action all but s3:put*',
    ],
    [
      'NotPrincipal',
      { ...when('StringEquals', 'sts:ExternalId', 'x1'), Principal: undefined, NotPrincipal: { AWS: 'q' } },
      'principal all but AWS:q',
    ],
    [
      'a wider resource',
      { ...when('StringEquals', 'sts:ExternalId', 'x1'), Resource: 'a*' },
      'resource a* is not in the release’s statement Own',
    ],
  ])('the difference: %s', (_, rest, why) => {
    expect(grantsBeyond(allow(rest), expected)).toEqual([expect.stringContaining(why)]);
  });

  test.each([
    ['a narrower resource', { Resource: 'a/b' }],
    ['one more condition', { Condition: { StringEquals: { 'sts:ExternalId': 'x1', other: 'y' } } }],
    ['an account by its number', { Principal: { AWS: '123456789012' } }],
  ])('nothing where the policy is only stricter: %s', (_, rest) => {
    const terms = when('StringEquals', 'sts:ExternalId', 'x1');
    const roots = allow({ ...terms, Principal: { AWS: ['r', 'arn:aws:iam::123456789012:root'] } });
    expect(grantsBeyond(allow({ ...terms, ...rest }), roots)).toEqual([]);
  });

  test('no difference where a denial excepts AWS’s own services, and one for any other exception', () => {
    const deny = (rest: object) =>
      statementsOf({
        Statement: { Sid: 'Tls', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', ...rest },
      });
    const tls = { Bool: { 'aws:SecureTransport': 'false' } };
    const services = deny({ Condition: { ...tls, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } } });
    expect(denialsLacking(services, deny({ Condition: tls }), exceptsServices)).toEqual([]);
    const address = deny({ Condition: { ...tls, NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } });
    expect(denialsLacking(address, deny({ Condition: tls }), exceptsServices)).toMatchObject([
      { why: 'statement Tls denies only if NotIpAddress aws:SourceIp 10.0.0.0/8' },
    ]);
  });
});
