import { functionRoleName } from '../../../functions/contract/naming';
import { KEY_CHECKS } from '../../../functions/isolation/checks/key';
import { ask, type Breach, type Scene, testBreaches } from '../../support/breaches';
import { ACCOUNT_ID, aCell, aKey, REGION } from '../../support/builders';
import { policyOf, type Told } from '../../support/isolated-tenant';

const { decoy } = aCell();
const ACCOUNT = `arn:aws:iam::${ACCOUNT_ID}:root`;
const MAKER = `arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName('CreateTenantKey')}`;
const OTHER_ACCOUNT = 'arn:aws:iam::999999999999:root';
const OTHER_KEY = aKey().keyArn.replace('1234abcd', 'ffffffff');
const anyOf = (Action: string, Principal: string | Record<string, string> = '*') =>
  policyOf({ Sid: 'Added', Principal, Action, Resource: '*' });

const LOGS = { Service: `logs.${REGION}.amazonaws.com` };
const denial = (statement: Told) => policyOf({ Sid: 'Not', Effect: 'Deny', Resource: '*', ...statement });
const groups = (name: string) => `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:${name}`;
const contextOf = (name: string) => ({ ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups(name) } });
const isGiven = (key: string) => ({ Null: { [key]: 'false' } });

testBreaches(KEY_CHECKS, [
  ['key.usable', 'disabled', ({ facts }) => (facts.key.metadata.KeyState = 'Disabled'), 'the key’s state is Disabled'],
  ['key.usable', 'imported', ({ facts }) => (facts.key.metadata.Origin = 'EXTERNAL'), 'the key’s origin is EXTERNAL'],
  [
    'key.usable',
    'of several Regions',
    ({ facts }) => (facts.key.metadata.MultiRegion = true),
    'the key’s multi-Region property is true',
  ],
  ['key.tag', 'another tenant’s', ({ facts }) => (facts.key.tags.tenantId = decoy.tenantId), decoy.tenantId],
  [
    'key.usable',
    'that the account has lost',
    ({ facts }) => facts.key.policy.shift(),
    'does not let the account kms:PutKeyPolicy',
  ],
  ...(
    [
      ['CloudWatch Logs', 'kms:*', { Principal: LOGS }],
      ['CloudWatch Logs, one action of a pattern', 'kms:GenerateDataKey', { Principal: LOGS }],
      ['CloudWatch Logs, another one', 'kms:generatedatakeywithoutplaintext', { Principal: LOGS }],
      ['CloudWatch Logs, by another pattern', 'kms:Gen*Key', { Principal: LOGS }],
      [
        'CloudWatch Logs for the groups of the release',
        'kms:*',
        { Principal: LOGS, Condition: contextOf('/tenants/*') },
      ],
      ['everybody for these groups', 'kms:*', { Principal: '*', Condition: contextOf('/aws/rds/instance/*') }],
      [
        'everybody with such a context',
        'kms:*',
        { Principal: '*', Condition: isGiven('kms:EncryptionContext:aws:logs:arn') },
      ],
      [
        'CloudWatch Logs for this account',
        'kms:*',
        { Principal: LOGS, Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT_ID } } },
      ],
      [
        'CloudWatch Logs for its groups as a source',
        'kms:*',
        { Principal: LOGS, Condition: { ArnLike: { 'aws:SourceArn': groups('*') } } },
      ],
      [
        'CloudWatch Logs on a condition that nobody knows here',
        'kms:*',
        { Principal: LOGS, Condition: { StringNotEquals: { 'kms:CallerAccount': '999999999999' } } },
      ],
      ['all services', 'kms:*', { Principal: '*', Condition: { Bool: { 'aws:PrincipalIsAWSService': 'true' } } }],
      [
        'a service of this name',
        'kms:*',
        { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalServiceName': LOGS.Service } } },
      ],
      [
        'a service with this name among others',
        'kms:*',
        { Principal: '*', Condition: { 'ForAnyValue:StringLike': { 'aws:PrincipalServiceNamesList': 'logs.*' } } },
      ],
      ['all but the account', 'kms:*', { NotPrincipal: { AWS: ACCOUNT } }],
      [
        'whoever is in no organization, services among them',
        'kms:*',
        { Principal: '*', Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-acme' } } },
      ],
    ] as const
  ).map(
    ([whom, Action, statement]): Breach => [
      'key.logs',
      `denied to ${whom}`,
      ({ facts }) => facts.key.policy.push(...denial({ Action, ...statement })),
      `statement Deny Not denies CloudWatch Logs ${Action}`,
    ],
  ),
  [
    'key.logs',
    'denied to CloudWatch Logs but for one action',
    ({ facts }) => facts.key.policy.push(...denial({ NotAction: 'kms:Encrypt', Principal: LOGS })),
    'statement Deny Not denies CloudWatch Logs all actions except those listed',
  ],
  ['key.rotation', 'off', ({ facts }) => (facts.key.rotation.enabled = false), 'automatic rotation is false'],
  ['key.rotation', 'rare', ({ facts }) => (facts.key.rotation.periodDays = 2560), 'rotates every 2560 days, not every'],
  ['key.logs', 'soon gone', ({ facts }) => (facts.logs.groups[0].retentionInDays = 1), 'after 1 days, not 365'],
  ...(
    [
      ['kms:PutKeyPolicy', aKey().keyArn],
      ['kms:*', aKey().keyArn.replace(/[^/]{4}$/, '*')],
      ['*', aKey().keyArn],
      ['kms:Decrypt', aKey().keyArn.replace(/key\/./, 'key/?')],
      ['kms:Decrypt', aKey().keyArn.replace(/key\/.*(?=.{4}$)/, 'key/*')],
      ['kms:Decrypt', aKey().keyArn.replace('aws:kms', '*:*')],
    ] as const
  ).map(
    ([Action, Resource]): Breach => [
      'key.principals',
      `${Action} on ${Resource}, by a policy of a role`,
      ({ facts }) => (facts.account.principals[3].managed = policyOf({ Action, Resource })),
      'has a policy that names the key',
    ],
  ),
  [
    'key.policy',
    'usable by the account, as KMS’s own default is',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:*', { AWS: ACCOUNT })),
    `statement Allow Added grants AWS:${ACCOUNT} kms:*`,
  ],
  [
    'key.policy',
    'usable by the decoy',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:Decrypt', { AWS: decoy.roleArn })),
    decoy.roleArn,
  ],
  [
    'key.policy',
    'changeable by the decoy',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:PutKeyPolicy', { AWS: decoy.roleArn })),
    `grants AWS:${decoy.roleArn} kms:PutKeyPolicy`,
  ],
  [
    'key.policy',
    'usable by who makes it',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:Decrypt', { AWS: MAKER })),
    `statement Allow Added grants AWS:${MAKER} kms:Decrypt`,
  ],
  [
    'key.policy',
    'usable by every role of the account',
    ({ facts }) => {
      const own = facts.key.policy.find((each: { sid: string }) => each.sid === 'TenantsRoleUses');
      own.conditions = [];
    },
    'statement Allow TenantsRoleUses grants',
  ],
  [
    'key.policy',
    'usable for the logs of any tenant',
    ({ facts }) => {
      const logs = facts.key.policy.find((each: { sid: string }) => each.sid === 'LogsOfThisTenant');
      logs.conditions[0].values = ['arn:aws:logs:*:*:*'];
    },
    'LogsOfThisTenant',
  ],
  [
    'key.policy',
    'usable through a store by anybody',
    ({ facts }) => {
      const through = facts.key.policy.find((each: { sid: string }) => each.sid === 'StacksUseThroughServices');
      through.principals.push(`AWS:${decoy.roleArn}`);
    },
    'statement Allow StacksUseThroughServices grants',
  ],
  [
    'key.policy',
    'K4: usable by the break-glass role without RDS',
    ({ facts }) => {
      const glass = facts.key.policy.find((each: { sid: string }) => each.sid === 'BreakGlassUsesThroughRds');
      glass.conditions = glass.conditions.filter((each: { key: string }) => each.key !== 'kms:ViaService');
    },
    'statement Allow BreakGlassUsesThroughRds grants',
  ],
  [
    'key.policy',
    'K4: usable through RDS by the whole account',
    ({ facts }) => {
      const glass = facts.key.policy.find((each: { sid: string }) => each.sid === 'BreakGlassUsesThroughRds');
      glass.conditions = glass.conditions.filter((each: { key: string }) => each.key === 'kms:ViaService');
    },
    'statement Allow BreakGlassUsesThroughRds grants',
  ],
  [
    'key.grant-makers',
    'K4: grants by the break-glass role for others than AWS’s resources',
    ({ facts }) => {
      const glass = facts.key.policy.find((each: { sid: string }) => each.sid === 'BreakGlassLetsRdsHoldGrants');
      glass.conditions = glass.conditions.filter((each: { operator: string }) => each.operator !== 'Bool');
    },
    'statement Allow BreakGlassLetsRdsHoldGrants lets',
  ],
  [
    'key.policy-account',
    'open to another account',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:DescribeKey', { AWS: OTHER_ACCOUNT })),
    `the key’s policy allows AWS:${OTHER_ACCOUNT}`,
  ],
  [
    'key.policy-account',
    'open to everybody',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:*')),
    'the key’s policy allows *',
  ],
  [
    'key.grant-makers',
    'grants by anybody of the account',
    ({ facts }) => facts.key.policy.push(...anyOf('kms:CreateGrant', { AWS: ACCOUNT })),
    'create grants',
  ],
  [
    'key.grant-makers',
    'grants for others than AWS’s resources',
    ({ facts }) => {
      const making = facts.key.policy.find((each: { sid: string }) => each.sid === 'StacksLetServicesHoldGrants');
      making.conditions = making.conditions.filter((each: { operator: string }) => each.operator !== 'Bool');
    },
    'statement Allow StacksLetServicesHoldGrants lets',
  ],
  [
    'key.grants',
    'held by another tenant’s role',
    ({ facts }) => facts.key.grants.push({ GrantId: 'g-1', GranteePrincipal: decoy.roleArn, Operations: ['Decrypt'] }),
    `grant g-1 gives ${decoy.roleArn} the operations Decrypt`,
  ],
  ['key.alias', 'moved away', ({ facts }) => (facts.key.aliases = []), 'is missing'],
  [
    'key.alias',
    'with a second one',
    ({ facts }) => facts.key.aliases.push('alias/shared'),
    'alias/shared is unexpected',
  ],
  ['key.logs', 'without a key', ({ facts }) => delete facts.logs.groups[0].kmsKeyId, 'is encrypted under no KMS key'],
  ['key.logs', 'under another key', ({ facts }) => (facts.logs.groups[1].kmsKeyId = OTHER_KEY), OTHER_KEY],
  [
    'key.logs',
    'without a right to the key',
    ({ facts }) =>
      (facts.key.policy = facts.key.policy.filter((each: { sid: string }) => each.sid !== 'LogsOfThisTenant')),
    'no event is kept: the key’s policy does not let CloudWatch Logs kms:Encrypt',
  ],
  [
    'key.logs',
    'of a class that forgets',
    ({ facts }) => (facts.logs.groups[0].logGroupClass = 'DELIVERY'),
    'is of the class DELIVERY',
  ],
  ['key.logs', 'missing', ({ facts }) => facts.logs.groups.pop(), 'upgrade is missing'],
  [
    'key.organization',
    'without its denial',
    ({ facts }) => facts.key.policy.pop(),
    'does not deny every principal outside o-acme: the policy has no such statement',
  ],
  [
    'key.organization',
    'of another organization',
    ({ facts }) => (facts.key.organization = 'o-other'),
    'denies only if StringNotEquals aws:PrincipalOrgID o-acme',
  ],
  [
    'key.policy',
    'that lets the tenant’s role change it',
    ({ facts }) => facts.key.policy[3].actions.push('kms:PutKeyPolicy'),
    'action kms:putkeypolicy is not in the release’s statement TenantsRoleUses',
  ],
]);

test.each<[string, Told]>([
  ['requests without TLS', { Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
  ['CloudWatch Logs without TLS', { Principal: LOGS, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
  [
    'principals of other organizations that are no services',
    {
      Principal: '*',
      Condition: {
        StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-acme' },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      },
    },
  ],
  [
    'services for other accounts',
    {
      Principal: '*',
      Condition: {
        StringNotEquals: { 'aws:SourceAccount': ACCOUNT_ID },
        Bool: { 'aws:PrincipalIsAWSService': 'true' },
      },
    },
  ],
  [
    'services for other organizations',
    {
      Principal: '*',
      Condition: {
        StringNotEquals: { 'aws:SourceOrgID': 'o-acme' },
        ...isGiven('aws:SourceAccount'),
        Bool: { 'aws:PrincipalIsAWSService': 'true' },
      },
    },
  ],
  ['another service', { Principal: { Service: 'sns.amazonaws.com' } }],
  ['CloudWatch Logs of another Region', { Principal: { Service: 'logs.ap-south-2.amazonaws.com' } }],
  ['a service of another name', { Principal: '*', Condition: { StringLike: { 'aws:PrincipalServiceName': 'sns.*' } } }],
  ['use through another service', { Principal: '*', Condition: { StringLike: { 'kms:ViaService': 'sqs.*' } } }],
  ['another context', { Principal: '*', Condition: isGiven('kms:EncryptionContext:aws:sqs:arn') }],
  ['groups of others', { Principal: LOGS, Condition: contextOf('/tenants/other/*') }],
  [
    'CloudWatch Logs for another account',
    { Principal: LOGS, Condition: { StringNotEquals: { 'aws:SourceAccount': ACCOUNT_ID } } },
  ],
  ['all but CloudWatch Logs', { NotPrincipal: LOGS }],
  ['what CloudWatch Logs does not do', { Principal: '*', Action: ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'] }],
])('a denial of the key to %s leaves CloudWatch Logs the key', async (_, statement) => {
  const logs = KEY_CHECKS.find(({ id }) => id === 'key.logs');
  if (!logs) throw new Error('there is no such check');
  const given = ({ facts }: Scene) => facts.key.policy.push(...denial({ Action: 'kms:*', ...statement }));
  expect(await ask(logs, given)).toMatchObject({ passed: true });
});

test('key.policy-account passes when the account is named by its number', async () => {
  const check = KEY_CHECKS.find((each) => each.id === 'key.policy-account');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ facts, subject }: Scene) => {
    for (const statement of facts.key.policy)
      statement.principals = statement.principals.map((each: string) =>
        each.endsWith(':root') ? `AWS:${subject.accountId}` : each,
      );
  };
  expect(await ask(check, spoil)).toMatchObject({ passed: true });
});

test.each(['key.policy', 'key.policy-account', 'key.grant-makers'])(
  '%s passes when the stacks’ role was made anew: the policy then names nobody',
  async (id) => {
    const check = KEY_CHECKS.find((each) => each.id === id);
    if (!check) throw new Error(`no check ${id}`);
    const spoil = ({ facts, subject }: Scene) => {
      for (const statement of facts.key.policy)
        statement.principals = statement.principals.map((each: string) =>
          each === `AWS:${subject.stackRoleArn}` ? 'AWS:AROA1234567890ABCDEFG' : each,
        );
    };
    expect(await ask(check, spoil)).toMatchObject({ passed: true });
  },
);

test.each([
  ['every key', 'kms:*', aKey().keyArn.replace(/[^/]*$/, '*')],
  ['another key', 'kms:*', OTHER_KEY],
  ['every key by the form of its id', 'kms:*', aKey().keyArn.replace(/[^/]*$/, '*-*-*-*-*')],
  ['settings of the key', ['kms:Describe*', 'kms:GetKeyPolicy', 'kms:ListGrants'], aKey().keyArn],
])('a policy of the account about %s names nothing of the tenant', async (_, Action, Resource) => {
  const principals = KEY_CHECKS.find(({ id }) => id === 'key.principals');
  if (!principals) throw new Error('there is no such check');
  const given = ({ facts }: Scene) => (facts.account.principals[3].managed = policyOf({ Action, Resource }));
  expect(await ask(principals, given)).toMatchObject({ passed: true });
});

test('a permission set of single sign-on that names the key is its organization’s', async () => {
  const principals = KEY_CHECKS.find(({ id }) => id === 'key.principals');
  if (!principals) throw new Error('there is no such check');
  const arn = `arn:aws:iam::${ACCOUNT_ID}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Keys_0123456789abcdef`;
  const given = ({ facts }: Scene) =>
    Object.assign(facts.account.principals[3], {
      ...{ arn, managed: policyOf({ Action: 'kms:*', Resource: aKey().keyArn }) },
    });
  expect(await ask(principals, given)).toMatchObject({ passed: true });
});
