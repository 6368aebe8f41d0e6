import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { CreateGrantCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { bucketOf, roleOf, type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { accountOf } from '../key-changes';
import { adding, bucketPolicy, changed, type Edit, keyPolicy, type Statement, trustPolicy, without } from '../policies';
import { arnOf } from '../storage-changes';
import { type AttackTechnique, type Scene, STRANGER } from '../technique';

/** An edit of the bucket's policy. */
const ofBucket = (
  name: string,
  check: string,
  edit: (subject: Subject) => Edit,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await bucketPolicy(root, bucketOf(subject), edit(subject)),
  }),
});

/** An edit of the key's policy. */
const ofKey = (
  name: string,
  check: string,
  edit: (subject: Subject) => Edit,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await keyPolicy(root, subject.key.keyArn, edit(subject)),
  }),
});

const withCondition = (sid: string, operator: string, test: Readonly<Record<string, string | string[]>>): Edit =>
  changed(sid, (each) => ({
    ...each,
    Condition: { ...each.Condition, [operator]: { ...each.Condition?.[operator], ...test } },
  }));
const onlyAt =
  (sid: string, ...keys: string[]) =>
  (subject: Subject) =>
    changed(sid, (each) => ({ ...each, Resource: keys.map((key) => `${arnOf(subject)}/${key}`) }));
const GUARD = 'DataForTheTenantsRoleOnly';
const PERIMETER = 'NobodyOutsideTheOrganization';

/** A principal that is called like a service of AWS, and is none. */
const grantTo = (
  name: string,
  principal: (scene: Scene) => Promise<{ arn: string; remove: () => Promise<unknown> }>,
): AttackTechnique => ({
  name,
  check: 'key.grants',
  detonate: async (scene) => {
    const { kms } = scene.root;
    const KeyId = scene.subject.key.keyArn;
    const { arn, remove } = await principal(scene);
    const { GrantId } = await kms.send(
      new CreateGrantCommand({ KeyId, GranteePrincipal: arn, Operations: ['Decrypt'] }),
    );
    return {
      expectedEvidence: `grant ${GrantId} gives ${arn} the operations Decrypt`,
      revert: async () => {
        await kms.send(new RevokeGrantCommand({ KeyId, GrantId }));
        await remove();
      },
    };
  },
});

export const EXACT_RESOURCE_POLICY_TECHNIQUES: readonly AttackTechnique[] = [
  ofBucket(
    'guard keys that begin with `object` and the probes’ own prefix, and nothing else',
    'storage.role-only',
    onlyAt(GUARD, 'object*', '.isolation-probe/*'),
    'is not in statement DataForTheTenantsRoleOnly',
  ),
  ofBucket(
    'leave what is archived to every principal',
    'storage.role-only',
    () => changed(GUARD, (each) => ({ ...each, Action: ['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject'] })),
    'action s3:restoreobject is not in statement DataForTheTenantsRoleOnly',
  ),
  ofBucket(
    'except every role whose name begins like the tenant’s',
    'storage.role-only',
    (subject) =>
      changed(GUARD, (each) => ({ ...each, Condition: { ArnNotLike: { 'aws:PrincipalArn': `${roleOf(subject)}*` } } })),
    'denies only if ArnNotLike aws:PrincipalArn',
  ),
  ofBucket(
    'except who comes from one address',
    'storage.role-only',
    () => withCondition(GUARD, 'NotIpAddress', { 'aws:SourceIp': '198.51.100.7/32' }),
    'denies only if NotIpAddress aws:SourceIp 198.51.100.7/32',
  ),
  ofBucket(
    'deny principals of the account alone the data',
    'storage.role-only',
    (subject) => changed(GUARD, (each) => ({ ...each, Principal: { AWS: accountOf(subject) } })),
    'principal * is not in statement DataForTheTenantsRoleOnly',
  ),
  ofBucket(
    'refuse access points at keys that begin with `object`, for three actions alone',
    'storage.access-points',
    (subject) =>
      changed('NoAccessPoint', (each) => ({
        ...each,
        Action: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
        Resource: [arnOf(subject), `${arnOf(subject)}/object*`],
      })),
    'is not in statement NoAccessPoint',
  ),
  ofBucket(
    'ask for TLS only of who reads objects',
    'storage.tls',
    () =>
      changed('TlsOnly', (each) => ({
        ...each,
        Action: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:GetBucketPolicy'],
      })),
    'action s3:* is not in statement TlsOnly',
  ),
  ofBucket(
    'ask for TLS only where a request says how it came',
    'storage.tls',
    () => withCondition('TlsOnly', 'Null', { 'aws:SourceIp': 'false' }),
    'denies only if Null aws:SourceIp false',
  ),
  ofBucket(
    'refuse other keys under one prefix alone',
    'storage.other-keys',
    onlyAt('NoOtherKey', 'uploads/*'),
    'is not in statement NoOtherKey',
  ),
  ofKey(
    'take the organization’s denial out of the key’s policy',
    'key.organization',
    () => without(PERIMETER),
    'the policy has no such statement',
  ),
  ofKey(
    'put another organization into the key’s denial and let it refuse next to nothing',
    'key.organization',
    () =>
      changed(PERIMETER, (each) => ({
        ...each,
        Action: 'kms:DescribeCustomKeyStores',
        Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-strangers00' } },
      })),
    'denies only if StringNotEquals aws:PrincipalOrgID o-strangers00',
  ),
  ofKey(
    'except a partner’s account from the key’s denial',
    'key.organization',
    (subject) =>
      changed(PERIMETER, (each) => ({
        ...each,
        Condition: {
          ...each.Condition,
          StringNotEquals: {
            ...each.Condition?.StringNotEquals,
            'aws:PrincipalAccount': [subject.accountId, STRANGER],
          },
        },
      })),
    `denies only if StringNotEquals aws:PrincipalAccount`,
  ),
  ofKey(
    'let the tenant’s role change its key’s policy',
    'key.policy',
    () =>
      changed('TenantsRoleUses', (each) => ({
        ...each,
        Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey', 'kms:PutKeyPolicy'],
      })),
    'action kms:putkeypolicy is not in the release’s statement TenantsRoleUses',
  ),
  ofKey(
    'let all of the key’s administrators do everything but one action (NotAction)',
    'key.policy',
    () => changed('AccountAdministers', ({ Action: _, ...each }) => ({ ...each, NotAction: 'kms:Decrypt' })),
    'action all but kms:decrypt is not in the release’s statement AccountAdministers',
  ),
  ofKey(
    'let the log service use the key where it names no log group (IfExists)',
    'key.policy',
    () =>
      changed('LogsOfThisTenant', (each) => ({
        ...each,
        Condition: { ArnLikeIfExists: { ...each.Condition?.ArnLike } },
      })),
    'asks for ArnLike kms:EncryptionContext:aws:logs:arn',
  ),
  grantTo(
    'grant decryption to a role of the account that is called backup.amazonaws.com',
    async ({ root: { iam } }) => {
      const RoleName = 'backup.amazonaws.com';
      const statement = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      return { arn: Role?.Arn ?? '', remove: () => iam.send(new DeleteRoleCommand({ RoleName })) };
    },
  ),
  grantTo('grant decryption to another account’s role that is called backup.amazonaws.com', async () => ({
    arn: `arn:aws:iam::${STRANGER}:role/backup.amazonaws.com`,
    remove: async () => {},
  })),
];

/** An edit of the trust of the tenant's role. */
const ofTrust = (
  name: string,
  check: string,
  edit: (subject: Subject) => Edit,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await trustPolicy(root, subject.stacks.access.outputs.RoleName, edit(subject)),
  }),
});

const trustedWith =
  (operator: string) =>
  (subject: Subject): Edit =>
    changed('AssumeForThisTenant', (each) => ({
      ...each,
      Condition: {
        StringEquals: { [`aws:RequestTag/${TENANT_TAG}`]: tenantIdOf(subject) },
        [operator]: { 'sts:ExternalId': subject.tenant.externalId },
      },
    }));

const federated = ({ accountId }: Subject): Statement => ({
  Sid: 'SingleSignOn',
  Effect: 'Allow',
  Principal: { Federated: `arn:aws:iam::${accountId}:saml-provider/corporate` },
  Action: 'sts:AssumeRoleWithSAML',
  Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
});

export const EXACT_TRUST_TECHNIQUES: readonly AttackTechnique[] = [
  ofTrust(
    'let sessions bear free tags and a source identity',
    'identity.trust',
    () => changed('TagTheSession', (each) => ({ ...each, Action: ['sts:TagSession', 'sts:SetSourceIdentity'] })),
    'action sts:setsourceidentity is not in the release’s statement TagTheSession',
  ),
  ofTrust(
    'ask for the external id only where there is one',
    'identity.external-id',
    trustedWith('StringEqualsIfExists'),
    'sts:ExternalId',
  ),
  ofTrust(
    'ask for the external id only of several (ForAllValues)',
    'identity.external-id',
    trustedWith('ForAllValues:StringEquals'),
    'sts:ExternalId',
  ),
  ofTrust(
    'trust the company’s single sign-on',
    'identity.trust',
    (subject) => adding(federated(subject)),
    'Federated:arn:aws:iam::',
  ),
];
