import { functionRoleName, tenantNames } from '../../../functions/contract/naming';
import { tenantKeyPolicy } from '../../../functions/key/key-policy';
import { ACCOUNT_ID, aTenant, REGION } from '../../support/builders';
import { STACK_ROLE_ARN } from '../../support/key-scene';

const { tenantId } = aTenant();
const policy = (organizationId?: string) =>
  tenantKeyPolicy({ tenantId, accountId: ACCOUNT_ID, region: REGION, stackRoleArn: STACK_ROLE_ARN, organizationId });
const ROOT = { AWS: `arn:aws:iam::${ACCOUNT_ID}:root` };

const allowing = (action: string) =>
  policy().Statement.filter(
    ({ Effect, Action }) =>
      Effect === 'Allow' &&
      [Action].flat().some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(action)),
  );

const roleOf = (name: string) => ({ AWS: `arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName(name)}` });

test('names only principals that exist: the account, roles of the platform and a service', () => {
  const principals = policy().Statement.map(({ Principal }) => Principal);
  expect(new Set(principals.map((principal) => JSON.stringify(principal)))).toEqual(
    new Set(
      [
        ROOT,
        roleOf('CreateTenantKey'),
        roleOf('RetireTenantKey'),
        { AWS: STACK_ROLE_ARN },
        { Service: `logs.${REGION}.amazonaws.com` },
      ].map((principal) => JSON.stringify(principal)),
    ),
  );
});

test.each([
  ['CreateTenantKey', ['kms:PutKeyPolicy', 'kms:EnableKeyRotation', 'kms:CreateAlias', 'kms:DescribeKey']],
  ['RetireTenantKey', ['kms:DisableKey', 'kms:ScheduleKeyDeletion', 'kms:DeleteAlias', 'kms:DescribeKey']],
])('%s does not depend on the key’s tag: the policy names its role', (name, actions) => {
  for (const action of actions)
    expect([action, allowing(action)]).toEqual([
      action,
      expect.arrayContaining([expect.objectContaining({ Principal: roleOf(name), Resource: '*' })]),
    ]);
  const own = policy().Statement.filter(({ Principal }) => JSON.stringify(Principal) === JSON.stringify(roleOf(name)));
  expect(own.map(({ Condition }) => Condition)).toEqual([undefined]);
});

test('always lets the account change the policy and cancel a deletion', () => {
  for (const action of ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion', 'kms:EnableKey']) {
    const unconditional = allowing(action).filter(({ Condition }) => !Condition);
    expect([action, unconditional.map(({ Principal }) => Principal)]).toEqual([action, expect.arrayContaining([ROOT])]);
  }
});

test.each(['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:CreateGrant'])(
  '%s is never allowed without a condition',
  (action) => {
    for (const { Sid, Condition } of allowing(action)) expect([Sid, Condition]).not.toEqual([Sid, undefined]);
  },
);

test('lets only the tenant’s own role decrypt, of all principals of the account', () => {
  const forAccount = allowing('kms:Decrypt').filter(
    ({ Principal }) => JSON.stringify(Principal) === JSON.stringify(ROOT),
  );
  const role = `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${tenantNames.role(tenantId)}`;
  const unlessThroughServices = forAccount.filter(({ Condition }) => !Condition?.StringEquals?.['kms:ViaService']);
  expect(unlessThroughServices.map(({ Condition }) => Condition)).toEqual([
    { ArnEquals: { 'aws:PrincipalArn': role } },
  ]);
});

test('K4: the break-glass role works through RDS only, and lets nobody but AWS hold grants', () => {
  const breakGlass = `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-break-glass`;
  const own = policy().Statement.filter(({ Condition }) => JSON.stringify(Condition)?.includes(breakGlass));
  expect(own.map(({ Action }) => Action)).toEqual([
    ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
    'kms:CreateGrant',
  ]);
  for (const { Principal, Condition } of own) {
    expect(Principal).toEqual(ROOT);
    expect(Condition).toMatchObject({
      ArnEquals: { 'aws:PrincipalArn': breakGlass },
      StringEquals: { 'kms:ViaService': `rds.${REGION}.amazonaws.com` },
    });
  }
  expect(own[1]?.Condition).toMatchObject({ Bool: { 'kms:GrantIsForAWSResource': 'true' } });
});

test('K2: CloudFormation’s role, made anew, has the same use of the key: by its ARN, not by its unique id', () => {
  const alike = (principal: object, more: object) =>
    policy()
      .Statement.filter(({ Principal }) => JSON.stringify(Principal) === JSON.stringify(principal))
      .filter(({ Condition }) => JSON.stringify(Condition?.ArnEquals) === JSON.stringify(more))
      .map(({ Action, Condition }) => ({ Action, ...Condition?.StringEquals, ...Condition?.Bool }));
  const named = alike({ AWS: STACK_ROLE_ARN }, undefined as never);
  expect(named).toHaveLength(2);
  expect(alike(ROOT, { 'aws:PrincipalArn': STACK_ROLE_ARN })).toEqual(named);
});

test('lets CloudFormation’s role use the key only through the tenant’s data services, with grants for AWS alone', () => {
  const ofStacks = policy().Statement.filter(({ Principal }) => JSON.stringify(Principal).includes(STACK_ROLE_ARN));
  const services = ['rds', 's3', 'secretsmanager'].map((service) => `${service}.${REGION}.amazonaws.com`);
  expect(ofStacks).toHaveLength(2);
  for (const { Condition } of ofStacks)
    expect(Condition).toMatchObject({ StringEquals: { 'kms:ViaService': services } });
  const grants = allowing('kms:CreateGrant').map(({ Condition }) => Condition);
  expect(grants).toHaveLength(3);
  for (const condition of grants) expect(condition?.Bool).toEqual({ 'kms:GrantIsForAWSResource': 'true' });
});

test('lets CloudWatch Logs encrypt the log groups of this tenant and no others', () => {
  const [logs] = allowing('kms:Encrypt').filter(({ Principal }) => JSON.stringify(Principal).includes('logs.'));
  const arns = [logs?.Condition?.ArnLike?.['kms:EncryptionContext:aws:logs:arn'] ?? []].flat();
  expect(arns.length).toBeGreaterThan(0);
  for (const arn of arns) expect(arn).toContain(tenantId);
});

describe('in an organization', () => {
  const perimeter = policy('o-acme').Statement.filter(({ Effect }) => Effect === 'Deny');

  test('K5: denies everybody outside it, except the account itself and AWS’s own services', () => {
    expect(perimeter).toEqual([
      expect.objectContaining({
        Principal: '*',
        Action: 'kms:*',
        Condition: {
          StringNotEquals: { 'aws:PrincipalOrgID': 'o-acme', 'aws:PrincipalAccount': ACCOUNT_ID },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
        },
      }),
    ]);
  });

  test('has the same statements that allow', () => {
    expect(policy('o-acme').Statement.filter(({ Effect }) => Effect === 'Allow')).toEqual(policy().Statement);
  });
});

test('stays below the size limit of a key policy, 32 KB', () => {
  expect(JSON.stringify(policy('o-exampleorgid')).length).toBeLessThan(32_768);
});
