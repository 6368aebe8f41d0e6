import { covers, isCondition, nameOf, parsePolicy, speaksOf } from '../../../functions/isolation/policy-document';

const one = (statement: object) => {
  const [parsed] = parsePolicy(JSON.stringify({ Statement: statement }));
  if (!parsed) throw new Error('there is no statement');
  return parsed;
};

test('a single value and a list with this value parse to the same statement', () => {
  const single = one({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', Principal: { AWS: 'arn:a' } });
  const listed = one([{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'], Principal: { AWS: ['arn:a'] } }]);
  expect(single).toEqual(listed);
  expect(single).toMatchObject({ principals: ['AWS:arn:a'], actions: ['s3:GetObject'], inverted: false });
});

test.each([['*'], [{ AWS: '*' }]])('principal %j means everybody', (Principal) => {
  expect(one({ Effect: 'Allow', Action: '*', Resource: '*', Principal }).principals).toEqual(['*']);
});

test('each condition is parsed apart, with numbers and booleans as text', () => {
  const { conditions } = one({
    Effect: 'Deny',
    Action: '*',
    Condition: { Bool: { 'aws:SecureTransport': false }, NumericLessThan: { 's3:TlsVersion': 1.2 } },
  });
  expect(conditions).toEqual([
    { operator: 'Bool', key: 'aws:SecureTransport', values: ['false'] },
    { operator: 'NumericLessThan', key: 's3:TlsVersion', values: ['1.2'] },
  ]);
});

test.each(['NotAction', 'NotPrincipal', 'NotResource'])('a statement with %s is marked as inverted', (element) => {
  expect(one({ Effect: 'Allow', [element]: '*' }).inverted).toBe(true);
});

test('IAM’s URL-encoded policies parse, too', () => {
  const text = JSON.stringify({ Statement: { Sid: 'A b', Effect: 'Allow', Action: 'sts:AssumeRole' } });
  expect(parsePolicy(encodeURIComponent(text))).toEqual(parsePolicy(text));
});

test.each(['', 'no json', '{}', '{"Statement":{"Effect":"Maybe","Action":"*"}}'])(
  '%j is rejected as a policy',
  (text) => {
    expect(() => parsePolicy(text)).toThrow();
  },
);

test.each([
  ['s3:*', 's3:GetObject', true],
  ['s3:getobject', 's3:GetObject', true],
  ['s3:Get?bject', 's3:GetObject', true],
  ['s3:GetObject', 's3:GetObjectVersion', false],
  ['arn:aws:s3:::a.b/*', 'arn:aws:s3:::a.b/c/d', true],
  ['arn:aws:s3:::a.b/*', 'arn:aws:s3:::axb/c', false],
  ['*.funnels.example', 'acme.funnels.example', true],
  ['*.funnels.example', 'funnels.example', false],
])('pattern %s covers %s: %s', (pattern, name, expected) => {
  expect(covers(pattern, name)).toBe(expected);
});

test('a statement applies to the actions that its patterns cover', () => {
  const statement = one({ Effect: 'Deny', Action: ['s3:Get*', 's3:PutObject'] });
  expect(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'].map((action) => speaksOf(statement, action))).toEqual([
    true,
    true,
    false,
  ]);
});

test.each([
  [{ operator: 'StringEquals', key: 'sts:ExternalId', values: ['x'] }, true],
  [{ operator: 'StringEquals', key: 'STS:externalid', values: ['x'] }, true],
  [{ operator: 'StringLike', key: 'sts:ExternalId', values: ['x'] }, false],
  [{ operator: 'StringEquals', key: 'sts:ExternalId', values: ['x', 'y'] }, false],
  [{ operator: 'StringEquals', key: 'sts:ExternalId', values: ['X'] }, false],
  [{ operator: 'StringEqualsIfExists', key: 'sts:ExternalId', values: ['x'] }, false],
])('%j is the required condition: %s', (condition, expected) => {
  expect(isCondition(condition, ['StringEquals'], 'sts:ExternalId', ['x'])).toBe(expected);
});

test('a statement is named by its Sid, or by its actions', () => {
  expect(nameOf(one({ Sid: 'TlsOnly', Effect: 'Deny', Action: 's3:*' }))).toBe('Deny TlsOnly');
  expect(nameOf(one({ Effect: 'Allow', Action: ['a:B', 'c:D'] }))).toBe('Allow a:B,c:D');
});
