import { DATABASE_MASTER, functionRoleName } from '../../../functions/contract/naming';
import { IDENTITY_CHECKS } from '../../../functions/isolation/checks/identity';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { ACCOUNT_ID, aCell, aTenant } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

const { decoy, taskRoleArn } = aCell();

testBreaches(IDENTITY_CHECKS, [
  [
    'identity.path',
    'elsewhere',
    ({ facts }) => (facts.identity.role.arn = 'arn:aws:iam::1:role/x'),
    'the role’s ARN is',
  ],
  [
    'identity.path',
    'with long sessions',
    ({ facts }) => (facts.identity.role.maxSessionSeconds = 43200),
    'sessions last up to 43200 s',
  ],
  ['identity.tag', 'another’s', ({ facts }) => (facts.identity.role.tags.tenantId = decoy.tenantId), decoy.tenantId],
  [
    'identity.trust',
    'widened to the account',
    ({ facts }) => facts.identity.role.trust[0].principals.push(`AWS:arn:aws:iam::${ACCOUNT_ID}:root`),
    'root is unexpected',
  ],
  [
    'identity.release',
    'withdrawn from the shared service',
    ({ facts }) => {
      for (const { principals } of facts.identity.role.trust) principals.shift();
    },
    `${taskRoleArn} is missing: the access stack is of an earlier release`,
  ],
  [
    'identity.release',
    'asking the shared service for more than the release does',
    ({ facts }) =>
      facts.identity.role.trust[0].conditions.push({ operator: 'IpAddress', key: 'aws:SourceIp', values: ['::1/128'] }),
    'does not allow sts:AssumeRole as the release does',
  ],
  [
    'identity.release',
    'denying the shared service',
    ({ facts }) =>
      facts.identity.role.trust.push(
        ...policyOf({ Sid: 'Not', Effect: 'Deny', Principal: { AWS: taskRoleArn }, Action: 'sts:AssumeRole' }),
      ),
    'has the statement Deny Not',
  ],
  [
    'identity.external-id',
    'not asked for',
    ({ facts }) => {
      const [trust] = facts.identity.role.trust;
      trust.conditions = trust.conditions.filter((each: { key: string }) => each.key !== 'sts:ExternalId');
    },
    'does not require this tenant’s sts:ExternalId',
  ],
  [
    'identity.external-id',
    'one of two',
    ({ facts }) => facts.identity.role.trust[0].conditions[0].values.push(decoy.externalId),
    'sts:ExternalId',
  ],
  [
    'identity.external-id',
    'tag not asked for',
    ({ facts }) => facts.identity.role.trust[0].conditions.pop(),
    'aws:RequestTag/tenantId',
  ],
  [
    'identity.external-id',
    'K3: tag not asked for by the statement for the tags alone',
    ({ facts }) => facts.identity.role.trust[1].conditions.pop(),
    'aws:RequestTag/tenantId',
  ],
  [
    'identity.trust',
    'K3: the shared service may not tag its session',
    ({ facts }) => facts.identity.role.trust[1].principals.shift(),
    `${taskRoleArn} may not call sts:TagSession`,
  ],
  [
    'identity.boundary',
    'detached',
    ({ facts }) => delete facts.identity.role.boundaryArn,
    'the role’s boundary is absent',
  ],
  [
    'identity.boundary-unchanged',
    'widened',
    ({ facts }) => facts.identity.boundary.push(...policyOf({ Sid: 'Added', Action: 's3:GetObject', Resource: '*' })),
    'statement Allow Added reaches beyond the tenant: *',
  ],
  [
    'identity.boundary-unchanged',
    'allowing more',
    ({ facts }) => facts.identity.boundary[0].actions.push('s3:PutBucketPolicy'),
    's3:PutBucketPolicy is not needed by',
  ],
  [
    'identity.policy',
    'reaching the decoy’s bucket',
    ({ facts }) => facts.identity.inline[0].resources.push(`arn:aws:s3:::${decoy.bucketName}/*`),
    decoy.bucketName,
  ],
  [
    'identity.policy',
    'allowing every action',
    ({ facts }) => (facts.identity.inline[0].actions = ['s3:*']),
    'allows s3:*',
  ],
  [
    'identity.attached-policies',
    'administrator',
    ({ facts }) => facts.identity.attached.push('arn:aws:iam::aws:policy/AdministratorAccess'),
    'AdministratorAccess is attached',
  ],
  [
    'identity.service-roles',
    'without a boundary',
    ({ facts }) => delete facts.identity.serviceRoles[0].boundaryArn,
    'flow-logs is absent',
  ],
  [
    'identity.service-roles',
    'trusted to anybody',
    ({ facts }) => (facts.identity.serviceRoles[1].trust[0].principals = ['*']),
    'monitoring trusts *',
  ],
  ['identity.service-roles', 'gone', ({ facts }) => facts.identity.serviceRoles.pop(), 'monitoring is missing'],
  [
    'identity.service-roles',
    'let in for another service too',
    ({ facts }) => facts.identity.serviceRoles[1].trust[0].principals.push('Service:lambda.amazonaws.com'),
    'principal Service:lambda.amazonaws.com is not in the release’s statement',
  ],
  [
    'identity.service-roles',
    'for any flow log of the account',
    ({ facts }) => facts.identity.serviceRoles[0].trust[0].conditions.pop(),
    'asks for ArnLike aws:SourceArn',
  ],
  [
    'identity.service-roles',
    'reading the OS metrics of every database',
    ({ facts }) =>
      facts.identity.serviceRoles[1].inline.push(...policyOf({ Action: 'logs:GetLogEvents', Resource: '*' })),
    'resource * is not in the release’s statement',
  ],
  [
    'identity.service-roles',
    'with a policy of AWS',
    ({ facts }) => facts.identity.serviceRoles[0].attached.push('arn:aws:iam::aws:policy/ReadOnlyAccess'),
    'ReadOnlyAccess is attached',
  ],
  [
    'identity.trust',
    'with free tags and a source identity',
    ({ facts }) => facts.identity.role.trust[1].actions.push('sts:SetSourceIdentity'),
    'action sts:setsourceidentity is not in the release’s statement TagTheSession',
  ],
  [
    'identity.policy',
    'that changes its bucket’s policy',
    ({ facts }) => facts.identity.inline[0].actions.push('s3:PutBucketPolicy'),
    'action s3:putbucketpolicy is not in the release’s statement ListOwnBucket',
  ],
  [
    'identity.policy',
    'that uploads under any key',
    ({ facts }) => (facts.identity.inline[2].conditions = []),
    'asks for ArnEqualsIfExists',
  ],
  [
    'identity.boundary-unchanged',
    'with a folder of every bucket',
    ({ facts }) => (facts.identity.boundary[1].resources = [`arn:aws:s3:::*/\${aws:PrincipalTag/tenantId}/*`]),
    'is not in the release’s statement OwnObjects',
  ],
  [
    'identity.only-roles',
    'a third role',
    ({ facts }) =>
      facts.account.principals.push({ ...facts.account.principals[0], name: `tenant-${aTenant().tenantId}-support` }),
    'role tenant-t',
  ],
  [
    'identity.only-roles',
    'a user with its tag',
    ({ facts }) => facts.account.principals.push({ ...facts.account.principals[0], kind: 'user', name: 'support' }),
    'user support has the tenant’s name or tag',
  ],
  [
    'identity.logins',
    'the shared service by itself',
    ({ facts }) => {
      facts.account.principals[3].managed = policyOf({ Action: 'rds-db:*', Resource: '*' });
    },
    'may log in to the tenant’s database',
  ],
  [
    'identity.logins',
    'whoever may do everything with users of databases',
    ({ facts }) => {
      facts.account.principals[3].managed = policyOf({ Action: '*', Resource: 'arn:aws:rds-db:*:*:dbuser:*/*' });
    },
    'may log in to the tenant’s database',
  ],
  [
    'identity.logins',
    'whoever may do all but one thing with everything of RDS',
    ({ facts }) => {
      facts.account.principals[3].inline = policyOf({ NotAction: 'iam:*', Resource: 'arn:aws:rds*' });
    },
    'may log in to the tenant’s database',
  ],
]);

test('only PrepareDatabase may log in to the database as the master user, and as no other user', async () => {
  const logins = IDENTITY_CHECKS.find(({ id }) => id === 'identity.logins');
  if (!logins) throw new Error('there is no such check');
  const granted = (name: string, user: string) => (scene: Scene) => {
    const arn = `arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName(name)}`;
    scene.subject.trustedRoleArns = [...scene.subject.trustedRoleArns, arn];
    const managed = policyOf({ Action: 'rds-db:connect', Resource: `arn:aws:rds-db:*:*:dbuser:*/${user}` });
    scene.facts.account.principals.push({ ...scene.facts.account.principals[0], arn, inline: [], managed });
  };
  expect(await ask(logins, granted('PrepareDatabase', DATABASE_MASTER))).toMatchObject({ passed: true });
  expect(await ask(logins, granted('PrepareDatabase', '*'))).toMatchObject({ passed: false });
  expect(await ask(logins, granted('ActivateTenant', DATABASE_MASTER))).toMatchObject({ passed: false });
});

test('a tenant launched before a function was added may trust one function fewer', async () => {
  const trusts = IDENTITY_CHECKS.find(({ id }) => id === 'identity.trust');
  if (!trusts) throw new Error('there is no such check');
  const further = `arn:aws:iam::${ACCOUNT_ID}:role/FurtherFunction`;
  const spoil = ({ subject }: Scene) => {
    subject.trustedRoleArns = [...subject.trustedRoleArns, further];
  };
  expect(await ask(trusts, spoil)).toMatchObject({ passed: true });
});

test('a function’s role that was made anew leaves the id of nobody in the trust, which is no stranger', async () => {
  const check = (id: string) => {
    const found = IDENTITY_CHECKS.find((each) => each.id === id);
    if (!found) throw new Error(`no check ${id}`);
    return found;
  };
  const spoil = ({ facts, subject }: Scene) => {
    const [first] = subject.trustedRoleArns;
    for (const statement of facts.identity.role.trust)
      statement.principals = statement.principals.map((each: string) =>
        each === `AWS:${first}` ? 'AWS:AROA1234567890ABCDEFG' : each,
      );
  };
  expect(await ask(check('identity.trust'), spoil)).toMatchObject({ passed: true });
  expect(await ask(check('identity.release'), spoil)).toMatchObject({ passed: false });
});
