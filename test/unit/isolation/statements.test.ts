import { policyDifferences } from '../../../functions/isolation/comparison/policy-difference';
import { strangersIn } from '../../../functions/isolation/surroundings/statements';
import { ACCOUNT_ID } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

describe('the comparison of statements', () => {
  const one = policyOf({ Sid: 'A', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] });

  test('ignores order, names and letter case of actions', () => {
    const other = policyOf({ Sid: 'B', Action: ['s3:putobject', 's3:GetObject'], Resource: ['b', 'a'] });
    expect(policyDifferences('the policy', one, other)).toEqual([]);
  });

  test('sees what is allowed to nobody any more, and what a role that was made anew lacks', () => {
    const [gone, role] = ['AROAJQABLZS4A3QDU576Q', `arn:aws:iam::${ACCOUNT_ID}:role/x`];
    const allow = (AWS: string) => ({ Sid: 'A', Principal: { AWS }, Action: 'kms:Decrypt', Resource: '*' });
    expect(policyDifferences('the policy', policyOf(allow(role), allow(gone)), policyOf(allow(role)))).toEqual([]);
    expect(policyDifferences('the policy', policyOf(allow(gone)), policyOf(allow(role)))).toEqual([
      `the policy lacks the statement Allow A for AWS:${role} on *`,
    ]);
  });

  test.each<[string, object]>([
    ['a resource more', { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b', 'c'] }],
    [
      'a condition more',
      { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'], Condition: { Bool: { x: 'true' } } },
    ],
    ['the other effect', { Effect: 'Deny', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] }],
  ])('reports %s as a difference', (_, statement) => {
    expect(policyDifferences('the policy', one, policyOf(statement as never))).not.toEqual([]);
  });

  test.each<[string, boolean, object]>([
    ['this account', true, { Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:role/x` }, Action: 'a' }],
    ['another account', false, { Principal: { AWS: '999999999999' }, Action: 'a' }],
    ['a service without a bound', false, { Principal: { Service: 's3.amazonaws.com' }, Action: 'a' }],
    ['everybody', false, { Principal: '*', Action: 'a' }],
    ['a user who was deleted', true, { Principal: { AWS: 'AIDAJQABLZS4A3QDU576Q' }, Action: 'a' }],
    [
      'a role that looks like one',
      false,
      { Principal: { AWS: 'arn:aws:iam::999999999999:role/AROAJQABLZS4A3QDU576Q' }, Action: 'a' },
    ],
    [
      'everybody of another account',
      false,
      { Principal: '*', Action: 'a', Condition: { StringEquals: { 'aws:PrincipalAccount': '999999999999' } } },
    ],
    ['a denial', true, { Effect: 'Deny', Principal: '*', Action: 'a' }],
  ])('accepts a principal of %s: %s', (_, passes, statement) => {
    expect(strangersIn(policyOf(statement as never), [ACCOUNT_ID])).toHaveLength(passes ? 0 : 1);
  });
});

test.each([
  ['of requests without TLS', { Bool: { 'aws:SecureTransport': 'false' } }, true],
  ['of requests with an old TLS', { NumericLessThan: { 's3:TlsVersion': '1.2' } }, true],
  ['of requests with TLS', { Bool: { 'aws:SecureTransport': 'true' } }, false],
  ['of requests of which nobody knows', { BoolIfExists: { 'aws:SecureTransport': 'false' } }, false],
  ['of everything', {}, false],
])('a further denial %s', (_, Condition, isNone) => {
  const allow = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::1:root' }, Action: 'kms:*', Resource: '*' } as const;
  const deny = { Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*', Condition } as const;
  const differences = policyDifferences('the policy', policyOf(allow, deny), policyOf(allow));
  expect(differences.length === 0).toBe(isNone);
  expect(policyDifferences('the policy', policyOf(allow), policyOf(allow, deny))).toHaveLength(1);
});
