import { harmlessBeside, harmlessSparing, harmlessTo } from '../../../functions/isolation/comparison/further-denials';
import { policyDifferences } from '../../../functions/isolation/comparison/policy-difference';
import { ACCOUNT_ID } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

const ORGANIZATION = 'o-acme123456';
const BILLING = '123412341234';
const own = { accounts: [ACCOUNT_ID, BILLING], organizationId: ORGANIZATION };
const TABLE = 'arn:aws:dynamodb:r:1:table/tenants';
const allow = { Principal: { AWS: `arn:aws:iam::${BILLING}:root` }, Action: 'dynamodb:PutItem', Resource: '*' };
const served = { Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish', Resource: '*' };
const deny = (statement: object) =>
  ({ Effect: 'Deny', Principal: '*', Action: 'dynamodb:*', Resource: '*', ...statement }) as const;
const when = (Condition: object) => deny({ Condition });
const NO_SERVICE = { BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } };
const SERVICE = { Bool: { 'aws:PrincipalIsAWSService': 'true' } };

describe('a further denial', () => {
  const differs = (further: object, expected: object = allow) =>
    policyDifferences(
      'the policy',
      policyOf(expected as never, further as never),
      policyOf(expected as never),
      harmlessTo(own),
    ).length > 0;

  test.each<[string, object]>([
    ['of requests without TLS', when({ Bool: { 'aws:SecureTransport': 'false' } })],
    ['of other organizations', when({ StringNotEquals: { 'aws:PrincipalOrgID': ORGANIZATION } })],
    ['of other organizations, in other letters', when({ stringnotequals: { 'AWS:PrincipalOrgId': ORGANIZATION } })],
    [
      'of other organizations and accounts',
      when({
        StringNotEqualsIfExists: { 'aws:PrincipalOrgID': ORGANIZATION, 'aws:PrincipalAccount': '5' },
        ...NO_SERVICE,
      }),
    ],
    ['of other accounts', when({ StringNotEquals: { 'aws:PrincipalAccount': [BILLING, ACCOUNT_ID] } })],
    ['of other accounts’ resources', when({ StringNotEqualsIfExists: { 'aws:ResourceOrgID': ORGANIZATION } })],
    [
      'of services that act for others',
      when({
        ...{ StringNotEqualsIfExists: { 'aws:SourceOrgID': ORGANIZATION }, Null: { 'aws:SourceAccount': 'false' } },
        ...SERVICE,
      }),
    ],
    ['of another account', deny({ Principal: { AWS: 'arn:aws:iam::999999999999:root' } })],
    ['of a user who was deleted', deny({ Principal: { AWS: 'AIDAJQABLZS4A3QDU576Q' } })],
    ['of a user', deny({ Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:user/stolen` } })],
  ])('%s is no difference', (_, further) => expect(differs(further)).toBe(false));

  test.each<[string, object]>([
    ['of everything', deny({})],
    ['of requests with TLS', when({ Bool: { 'aws:SecureTransport': 'true' } })],
    ['of all but another organization', when({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-theirs12345' } })],
    ['of the own organization', when({ StringEquals: { 'aws:PrincipalOrgID': ORGANIZATION } })],
    [
      'of all accounts but this, where another one comes',
      when({ StringNotEquals: { 'aws:PrincipalAccount': ACCOUNT_ID } }),
    ],
    ['of all networks but one', when({ NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } })],
    ['of all services', when(SERVICE)],
    [
      'of whoever no service acts for',
      when({ StringNotEqualsIfExists: { 'aws:SourceAccount': [ACCOUNT_ID, BILLING] } }),
    ],
    ['of an account that comes', deny({ Principal: { AWS: BILLING } })],
    ['of a role of this account', deny({ Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:role/x` } })],
    ['of all but a user', { Effect: 'Deny', NotPrincipal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:user/x` }, Action: '*' }],
  ])('%s is a difference', (_, further) => expect(differs(further)).toBe(true));

  test.each([
    [{}, true],
    [NO_SERVICE, false],
    [{ Null: { 'aws:PrincipalOrgID': 'false' } }, false],
  ])('of other organizations must pass the services that the policy lets in (%#)', (more, isDifferent) => {
    const further = when({ StringNotEquals: { 'aws:PrincipalOrgID': ORGANIZATION }, ...more });
    expect(differs(further, served)).toBe(isDifferent);
  });

  test('must pass services at a key whose policy names none, too', () => {
    const theirs = { StringNotEquals: { 'aws:PrincipalAccount': [ACCOUNT_ID, BILLING] } };
    const [bare, passing] = policyOf(when(theirs) as never, when({ ...theirs, ...NO_SERVICE }) as never);
    const isHarmless = harmlessTo({ ...own, served: true });
    expect([bare, passing].map((each) => each && isHarmless(each, []))).toEqual([false, true]);
  });

  test.each<[boolean, object]>([
    [true, { Action: 's3:*', NotResource: 'arn:aws:s3:::layers/*' }],
    [true, { Action: 's3:*', NotResource: ['arn:aws:s3:::logs/*', 'arn:aws:s3:::layers*'] }],
    [true, { Action: 's3:PutObject', Resource: '*' }],
    [true, { Action: 's3:*', Resource: 'arn:aws:s3:::other/*' }],
    [true, { NotAction: 'S3:Get*', Resource: '*' }],
    [false, { NotAction: 's3:PutObject', Resource: '*' }],
    [false, { Action: 'S3:Get*', Resource: '*' }],
    [false, { Action: '*', NotResource: 'arn:aws:s3:::layers/one' }],
  ])('of others’ resources may have to spare one: %s for %j', (spares, about) => {
    const condition = { StringNotEquals: { 'aws:ResourceOrgID': ORGANIZATION } };
    const [statement] = policyOf({ Effect: 'Deny', Principal: '*', ...about, Condition: condition } as never);
    const isHarmless = harmlessSparing(own, { action: 's3:GetObject', resource: 'arn:aws:s3:::layers/*' });
    expect(statement && isHarmless(statement, [])).toBe(spares);
  });

  test('may name any organization where the stage names none, and nothing that is none', () => {
    const further = (id: string) => when({ StringNotEquals: { 'aws:PrincipalOrgID': id } });
    const seen = ['o-theirs12345', 'theirs'].map((id) => {
      const [statement] = policyOf(further(id) as never);
      return statement && harmlessTo({ accounts: [ACCOUNT_ID] })(statement, []);
    });
    expect(seen).toEqual([true, false]);
  });

  test.each<[string, boolean, object]>([
    ['the deletion of the table', true, deny({ Action: ['dynamodb:DeleteTable', 'dynamodb:Disable*'] })],
    ['what a role needs', false, deny({ Action: 'dynamodb:Get*' })],
    ['what a role needs, in other letters', false, deny({ Action: 'DynamoDB:getitem' })],
    ['what the policy allows', false, deny({ Action: 'dynamodb:PutItem' })],
    [
      'another table’s reading',
      true,
      deny({ Action: 'dynamodb:GetItem', Resource: 'arn:aws:dynamodb:r:1:table/other' }),
    ],
    ['all but some actions', false, { Effect: 'Deny', Principal: '*', NotAction: 'dynamodb:GetItem', Resource: '*' }],
  ])('of %s is none: %s', (_, isNone, further) => {
    const needed = policyOf({ Action: 'dynamodb:GetItem', Resource: TABLE });
    const isHarmless = harmlessBeside(own, needed, TABLE);
    const actual = policyOf(allow as never, further as never);
    expect(policyDifferences('the policy', actual, policyOf(allow as never), isHarmless).length === 0).toBe(isNone);
  });
});
