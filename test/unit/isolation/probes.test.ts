import { PROBE_PREFIX } from '../../../functions/contract/naming';
import { PROBE_CHECKS } from '../../../functions/isolation/checks/probes';
import { termsOf } from '../../../functions/isolation/probes/terms';
import { roleOf } from '../../../functions/isolation/subject';
import { ask, type Breach, type Scene, testBreaches } from '../../support/breaches';
import { aCell, aKey, aTenant, theStacks } from '../../support/builders';
import { assuming } from '../../support/fake-probes';
import { aSubject, policyOf, type Told } from '../../support/isolated-tenant';

const { host, tenantId } = aTenant();
const { decoy } = aCell();
const bucket = theStacks().storage.outputs.BucketName;
const secret = theStacks().database.outputs.SecretArn;
type OwnTerms = ReturnType<typeof termsOf>;

const denial = (statement: Told) => policyOf({ Sid: 'Support', Effect: 'Deny', Action: 's3:GetObject', ...statement });
const denying =
  (...probes: string[]) =>
  ({ probes: fake }: Scene) => {
    for (const probe of probes) fake.allowed.delete(probe);
  };
const allowing =
  (...probes: string[]) =>
  ({ probes: fake }: Scene) => {
    for (const probe of probes) fake.allowed.add(probe);
  };
const allowingTerms = (change: (terms: OwnTerms) => object) =>
  allowing(`platform ${assuming(change(termsOf(aSubject())) as OwnTerms)}`);

testBreaches(PROBE_CHECKS, [
  ['probes.own-bucket', 'not writable', denying(`tenant put ${bucket}`), 'writing to its own bucket was denied'],
  ['probes.own-bucket', 'not readable', denying(`tenant read ${bucket}`), 'reading from its own bucket was denied'],
  ['probes.own-key', 'denied', denying(`tenant key round trip ${aKey().keyArn}`), 'use of its own key was denied'],
  ['probes.own-secret', 'denied', denying(`tenant read secret ${secret}`), 'reading its own secret was denied'],
  [
    'probes.own-bucket',
    'nothing but what a probe writes',
    ({ facts }) => (facts.identity.inline[2].resources = [`arn:aws:s3:::${bucket}/${PROBE_PREFIX}*`]),
    'does not allow s3:PutObject, s3:AbortMultipartUpload as the release does',
  ],
  [
    'probes.own-bucket',
    'denied the home page by the role itself',
    ({ facts }) => facts.identity.inline.push(...denial({ Resource: `arn:aws:s3:::${bucket}/index.html` })),
    'has the statement Deny Support',
  ],
  [
    'probes.own-bucket',
    'denied the home page by the bucket',
    ({ facts }) =>
      facts.storage.policy.push(...denial({ Principal: '*', Resource: `arn:aws:s3:::${bucket}/index.html` })),
    'statement Deny Support denies the tenant’s role s3:GetObject',
  ],
  [
    'probes.own-bucket',
    'denied all but one folder, by its name',
    ({ facts, subject }) =>
      facts.storage.policy.push(
        ...denial({
          ...{ Principal: { AWS: `arn:aws:iam::${subject.accountId}:root` } },
          NotResource: `arn:aws:s3:::${bucket}/${PROBE_PREFIX}*`,
          Condition: { ArnLike: { 'aws:PrincipalArn': `*/${roleOf(subject).split('/').at(-1)}` } },
        }),
      ),
    'statement Deny Support denies the tenant’s role s3:GetObject',
  ],
  ...(
    [
      ['no AWS service', { Bool: { 'aws:PrincipalIsAWSService': 'false' } }],
      ['no AWS service, if the key is there', { BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } }],
      ['no AWS service by its name', { StringNotLike: { 'aws:PrincipalServiceName': '*.amazonaws.com' } }],
      ['a session of a role', { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } }],
      ['no user', { 'ForAnyValue:StringNotEquals': { 'aws:PrincipalType': ['User', 'Account'] } }],
      ['tagged with a tenant', { StringLike: { 'aws:PrincipalTag/tenantId': '*' } }],
      ['tagged with this tenant', { StringEqualsIfExists: { 'aws:PrincipalTag/TenantId': tenantId } }],
      ['not tagged with another tenant', { StringNotEquals: { 'aws:PrincipalTag/tenantId': decoy.tenantId } }],
      ['of another organization than a stranger’s', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-stranger00' } }],
      ['of this organization', { 'ForAllValues:StringLike': { 'aws:PrincipalOrgID': 'o-ac*' } }],
      ['somebody', { Null: { 'aws:PrincipalArn': 'false' } }],
      ['with temporary credentials', { Null: { 'aws:TokenIssueTime': 'false' } }],
      ['no IAM user', { Null: { 'aws:username': 'true' } }],
      ['no source', { Null: { 'aws:SourceArn': 'true' } }],
      [
        'any of these at once',
        { StringEquals: { 'aws:PrincipalType': 'AssumedRole' }, Bool: { 'aws:SecureTransport': 'true' } },
      ],
    ] as const
  ).map(
    ([who, Condition]): Breach => [
      'probes.own-bucket',
      `denied the home page to who is ${who}`,
      ({ facts }) => {
        const Resource = `arn:aws:s3:::${bucket}/index.html`;
        facts.storage.policy.push(...denial({ Principal: '*', Resource, Condition }));
      },
      'statement Deny Support denies the tenant’s role s3:GetObject',
    ],
  ),
  [
    'probes.own-key',
    'no description of it',
    ({ facts }) => (facts.identity.inline[3].actions = ['kms:Decrypt', 'kms:GenerateDataKey']),
    'does not allow kms:Decrypt, kms:GenerateDataKey, kms:DescribeKey as the release does',
  ],
  [
    'probes.own-secret',
    'denied its description',
    ({ facts }) => facts.identity.inline.push(...denial({ Action: 'secretsmanager:DescribeSecret', Resource: '*' })),
    'has the statement Deny Support',
  ],
  [
    'probes.own-login',
    'not for the reader',
    ({ facts }) => facts.identity.inline.pop(),
    'does not allow rds-db:connect as the release does',
  ],
  ['probes.own-login', 'not allowed', ({ facts }) => facts.identity.inline.splice(-2, 1), 'the role does not allow'],
  [
    'probes.own-login',
    'out of bounds',
    ({ facts }) => facts.identity.boundary.splice(4, 1),
    'the boundary does not allow',
  ],
  ['probes.own-login', 'for another database', ({ probes }) => (probes.token = 'other:5432/'), 'another database'],
  ['probes.no-external-id', 'allowed', allowingTerms(({ externalId: _, ...terms }) => terms), 'was allowed'],
  [
    'probes.foreign-external-id',
    'let in',
    allowingTerms((terms) => ({ ...terms, externalId: decoy.externalId })),
    'a session with the decoy’s external ID was allowed',
  ],
  [
    'probes.no-session-tag',
    'allowed',
    allowingTerms(({ tenantId: _, ...terms }) => terms),
    'a session without the session tag',
  ],
  [
    'probes.foreign-session-tag',
    'let in',
    allowingTerms((terms) => ({ ...terms, tenantId: decoy.tenantId })),
    'a session with the decoy’s session tag was allowed',
  ],
  [
    'probes.decoy-works',
    'not writable',
    denying(`decoy put ${decoy.bucketName}`),
    'the decoy’s write to its own bucket was denied',
  ],
  [
    'probes.decoy-works',
    'not readable',
    denying(`decoy read ${decoy.bucketName}`),
    'the decoy’s read from its own bucket was denied',
  ],
  [
    'probes.decoy-works',
    'without key',
    denying(`decoy use key ${decoy.keyArn}`),
    'the decoy’s use of its own key was denied',
  ],
  [
    'probes.decoy-works',
    'locked',
    denying(`decoy read secret ${decoy.secretArn}`),
    'the decoy’s read of its own secret was denied',
  ],
  [
    'probes.decoy-bucket',
    'read',
    allowing(`tenant read ${decoy.bucketName}`),
    'reading from the decoy’s bucket was allowed',
  ],
  [
    'probes.decoy-bucket',
    'written',
    allowing(`tenant write ${decoy.bucketName}`),
    'writing to the decoy’s bucket was allowed',
  ],
  ['probes.decoy-key', 'used', allowing(`tenant use key ${decoy.keyArn}`), 'use of the decoy’s key was allowed'],
  [
    'probes.decoy-secret',
    'read',
    allowing(`tenant read secret ${decoy.secretArn}`),
    'reading the decoy’s secret was allowed',
  ],
  [
    'probes.decoy-role',
    'assumed',
    allowing(`tenant ${assuming({ roleArn: decoy.roleArn, externalId: decoy.externalId, tenantId: decoy.tenantId })}`),
    'assuming the decoy’s role was allowed',
  ],
  [
    'probes.bucket-from-decoy',
    'read',
    allowing(`decoy read ${bucket}`),
    'the decoy’s read from this bucket was allowed',
  ],
  [
    'probes.bucket-from-decoy',
    'listed',
    allowing(`decoy list ${bucket}`),
    'the decoy’s listing of this bucket was allowed',
  ],
  [
    'probes.key-from-decoy',
    'used',
    allowing(`decoy use key ${aKey().keyArn}`),
    'the decoy’s use of this key was allowed',
  ],
  [
    'probes.secret-from-decoy',
    'read',
    allowing(`decoy read secret ${secret}`),
    'the decoy’s read of this secret was allowed',
  ],
  [
    'probes.role-from-decoy',
    'assumed',
    allowing(`decoy ${assuming(termsOf(aSubject()))}`),
    'the decoy’s session in this role was allowed',
  ],
  [
    'probes.foreign-key-upload',
    'taken',
    allowing(`tenant write ${bucket} aws:kms ${decoy.keyArn}`),
    'an upload under the decoy’s key was allowed',
  ],
  ['probes.unkeyed-upload', 'taken', allowing(`tenant write ${bucket} AES256`), 'an upload without KMS was allowed'],
  ['probes.host', 'served already', ({ probes }) => (probes.answers[host] = 200), `${host} answers 200`],
  [
    'probes.other-host',
    'a neighbour’s name served',
    ({ probes }) => (probes.answers[`${decoy.tenantId}.${host}`] = 503),
    `${decoy.tenantId}.${host} answers 503, not 404`,
  ],
]);

test.each([
  [200, 'a page', { passed: true }],
  [304, '', { passed: true }],
  // The customer has removed its page.
  [404, 'There is nothing under this name.\n', { passed: true }],
  // The listener has no rule for the host.
  [404, 'answer 404', { passed: false, evidence: expect.stringContaining('the listener’s own answer') }],
  // The shared service restarts.
  [503, '', { passed: false, unanswered: true }],
  [502, '', { passed: false, unanswered: true }],
  // A web ACL refuses an address with too many requests.
  [403, '', { passed: false, unanswered: true }],
  [429, '', { passed: false, unanswered: true }],
])('a routed tenant whose host answers %i (%j)', async (status, body, expected) => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.host');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ probes }: Scene) => {
    probes.answers[host] = status;
    probes.bodies[host] = body;
  };
  const found = await ask(check, spoil, { routed: true });
  expect(found).toMatchObject(expected);
  if (!('unanswered' in expected)) expect(found).not.toHaveProperty('unanswered');
});

/** The object of the probes is under a lock: it cannot be removed again. */
const lock = ({ probes }: Scene) =>
  Object.assign(probes.tenantsObject, { readByOther: () => Promise.reject(new Error('object protected by lock')) });

test('a door that is open is found although another one cannot be tried', async () => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.bucket-from-decoy');
  if (!check) throw new Error('there is no such check');
  await expect(ask(check, lock)).rejects.toThrow('protected by lock');
  const spoil = (scene: Scene) => {
    lock(scene);
    scene.probes.allowed.add(`decoy list ${bucket}`);
  };
  const found = await ask(check, spoil);
  expect(found).toEqual({ passed: false, evidence: 'the decoy’s listing of this bucket was allowed' });
});

test('a part of a door that is shut is found although the door cannot be tried', async () => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.own-bucket');
  if (!check) throw new Error('there is no such check');
  const locked = ({ probes }: Scene) =>
    Object.assign(probes.tenantsObject, { readBack: () => Promise.reject(new Error('object protected by lock')) });
  await expect(ask(check, locked)).rejects.toThrow('protected by lock');
  const spoil = (scene: Scene) => {
    locked(scene);
    scene.facts.storage.policy.push(...denial({ Principal: '*', Resource: `arn:aws:s3:::${bucket}/index.html` }));
  };
  expect(await ask(check, spoil)).toEqual({
    passed: false,
    restsOn: 'role',
    evidence: 'statement Deny Support denies the tenant’s role s3:GetObject',
  });
});

test('an operator who refuses everybody for a while has not led anybody to a tenant in service', async () => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.other-host');
  if (!check) throw new Error('there is no such check');
  const [beside, below] = [`${decoy.tenantId}.funnels.example`, `${decoy.tenantId}.${host}`];
  const answering = (one: number, other: number) => (scene: Scene) =>
    void Object.assign(scene.probes.answers, { [beside]: one, [below]: other });
  const asked = (one: number, other: number, routed = true) => ask(check, answering(one, other), { routed });
  expect(await asked(503, 503)).toMatchObject({ passed: false, unanswered: true });
  expect(await asked(503, 404)).toMatchObject({ passed: false, unanswered: true });
  for (const breach of [asked(503, 200), asked(200, 404), asked(503, 503, false)])
    expect(await breach).toEqual({ passed: false, evidence: expect.stringContaining('not 404') });
});

test('a web ACL that refuses the request for a neighbour’s name is no breach', async () => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.other-host');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ probes }: Scene) => {
    probes.answers[`${decoy.tenantId}.${host}`] = 403;
  };
  expect(await ask(check, spoil)).toMatchObject({ passed: false, unanswered: true });
});

test.each<[string, (scene: Scene) => unknown]>([
  [
    'sessions that an operator has ended',
    ({ facts }) =>
      facts.identity.inline.push(
        ...denial({ Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-01-01' } } }),
      ),
  ],
  [
    'requests without TLS',
    ({ facts }) =>
      facts.storage.policy.push(
        ...denial({
          ...{ Principal: '*', Action: 's3:*', Resource: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ),
  ],
  [
    'requests from outside a network, of which only a probe knows whether the role’s come from there',
    ({ facts }) =>
      facts.storage.policy.push(
        ...denial({
          ...{ Principal: '*', Action: 's3:*', Resource: '*' },
          Condition: { StringNotEqualsIfExists: { 'aws:SourceVpc': 'vpc-0cell' } },
        }),
      ),
  ],
  ...(
    [
      [
        'the organization’s data perimeter',
        {
          StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-acme', 'aws:PrincipalTag/exempt': 'true' },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
          ArnNotLikeIfExists: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/aws-service-role/*' },
        },
      ],
      [
        'its network perimeter',
        {
          NotIpAddressIfExists: { 'aws:SourceIp': '203.0.113.0/24' },
          StringNotEqualsIfExists: { 'aws:SourceVpc': 'vpc-0cell' },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false', 'aws:ViaAWSService': 'false' },
        },
      ],
      [
        'services for other organizations',
        {
          StringNotEqualsIfExists: { 'aws:SourceOrgID': 'o-acme' },
          Null: { 'aws:SourceAccount': 'false' },
          Bool: { 'aws:PrincipalIsAWSService': 'true' },
        },
      ],
      ['users', { StringEquals: { 'aws:PrincipalType': ['User', 'Account'] } }],
      ['another tenant', { StringEquals: { 'aws:PrincipalTag/tenantId': decoy.tenantId } }],
      ['whoever has no tenant', { Null: { 'aws:PrincipalTag/tenantId': 'true' } }],
      ['all but this tenant', { StringNotLike: { 'aws:PrincipalTag/tenantId': tenantId } }],
      [
        'a tenant with an object of another tag',
        {
          StringNotEquals: { 'aws:PrincipalTag/tenantId': ['nobody', '$' + '{s3:ExistingObjectTag/tenantId}'] },
        },
      ],
      ['another tag', { StringNotEquals: { 'aws:PrincipalTag/team': 'tenants' } }],
      ['anonymous requests', { Null: { 'aws:PrincipalArn': 'true' } }],
      ['no role, by its name', { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/tenants/*' } }],
    ] as const
  ).map(([whom, Condition]): [string, (scene: Scene) => unknown] => [
    whom,
    ({ facts }) => facts.storage.policy.push(...denial({ Principal: '*', Action: 's3:*', Resource: '*', Condition })),
  ]),
  [
    'another principal',
    ({ facts }) =>
      facts.storage.policy.push(
        ...denial({ Principal: { AWS: `arn:aws:iam::${aSubject().accountId}:role/other` }, Resource: '*' }),
      ),
  ],
  [
    'the deletion of the bucket',
    ({ facts }) => facts.storage.policy.push(...denial({ Principal: '*', Action: 's3:DeleteBucket', Resource: '*' })),
  ],
])('a denial of %s shuts no door of the tenant', async (_, spoil) => {
  for (const id of ['probes.own-bucket', 'probes.own-key', 'probes.own-secret', 'probes.own-login']) {
    const check = PROBE_CHECKS.find((each) => each.id === id);
    expect(check && (await ask(check, spoil))).toMatchObject({ passed: true });
  }
});
