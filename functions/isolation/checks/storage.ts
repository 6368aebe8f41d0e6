import { TENANT_TAG } from '../../contract/naming';
import { type Check, checksOf, expectEqual, finding, isKeyOf } from '../check';
import { denialsLacking, exceptsServices, type Fine } from '../comparison/policy-difference';
import type { Facts } from '../facts/facts';
import { STORAGE_METADATA } from '../metadata/storage';
import { type Condition, nameOf, type Statement, whatOf, whoOf } from '../policy-document';
import { policyIn, propertiesOf } from '../release/expected';
import { bucketOf, roleOf, type Subject, tenantIdOf } from '../subject';

const ENCRYPTION = 's3:x-amz-server-side-encryption';
const KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const CUSTOMER_KEY = 's3:x-amz-server-side-encryption-customer-algorithm';
const DATA_ACTIONS = ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject'];

const test = (operator: string, key: string, ...values: string[]): Condition => ({ operator, key, values });
const given = (key: string) => test('Null', key, 'false');

interface Denial {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly when: readonly Condition[];
}

/**
 * A violation for each denial that the policy lacks: of what must be denied whatever the release
 * says, and of the release's own statement. Each names the requests that S3 then allows.
 *
 * @param denials by the name of the release's statement
 */
async function lacking(
  { storage, release }: Facts,
  denials: Readonly<Record<string, Denial & { readonly what: string }>>,
  fine?: Fine,
): Promise<string[]> {
  const policy = await storage.policy();
  const least = Object.entries(denials).map(
    ([sid, { actions, resources, when }]): Statement => ({
      ...{ sid, effect: 'Deny', principals: ['*'], actions, resources, conditions: when, inverted: false },
    }),
  );
  const violationsOf = (expected: readonly Statement[]) =>
    denialsLacking(policy, expected, fine).map(
      ({ statement, why }) => `no statement of the bucket’s policy denies ${denials[statement.sid]?.what}: ${why}`,
    );
  const open = violationsOf(least);
  if (open.length > 0) return open;
  const expected = policyIn(propertiesOf(await release.storage(), 'AWS::S3::BucketPolicy'), 'PolicyDocument');
  const own = expected.filter(({ sid }) => sid in denials);
  return [
    ...Object.keys(denials)
      .filter((sid) => !own.some((each) => each.sid === sid))
      .map((sid) => `the tenant’s release has no statement ${sid} in the bucket’s policy`),
    ...violationsOf(own),
  ];
}

const bucketArn = (subject: Subject) => `arn:aws:s3:::${bucketOf(subject)}`;
const objects = (subject: Subject) => `${bucketArn(subject)}/*`;

export const STORAGE_CHECKS: readonly Check[] = checksOf(STORAGE_METADATA, {
  'storage.tag': async (subject, { facts }) =>
    finding(
      expectEqual(`the bucket’s tag ${TENANT_TAG}`, (await facts.storage.tags())[TENANT_TAG], tenantIdOf(subject)),
      `tagged with ${tenantIdOf(subject)}`,
    ),
  'storage.encryption': async (subject, { facts }) => {
    const rules = await facts.storage.encryption();
    const byDefault = rules[0]?.ApplyServerSideEncryptionByDefault;
    return finding(
      [
        ...expectEqual('the number of encryption rules', rules.length, 1),
        ...expectEqual('the default encryption', byDefault?.SSEAlgorithm, 'aws:kms'),
        ...(isKeyOf(byDefault?.KMSMasterKeyID, subject.key.keyArn)
          ? []
          : expectEqual('the default key', byDefault?.KMSMasterKeyID, subject.key.keyArn)),
      ],
      'default encryption is SSE-KMS under the tenant’s key, with a bucket key',
      // "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys": without one KMS is asked about each object.
      expectEqual('the bucket key', rules[0]?.BucketKeyEnabled, true),
    );
  },
  'storage.other-keys': async (subject, { facts }) => {
    const puts = (what: string, ...when: Condition[]) => ({
      ...{ what, actions: ['s3:PutObject'], resources: [objects(subject)], when },
    });
    const denials = {
      NoOtherKey: puts('uploads under another key', given(KEY), test('ArnNotEquals', KEY, subject.key.keyArn)),
      NoOtherEncryption: puts('uploads without KMS', given(ENCRYPTION), test('StringNotEquals', ENCRYPTION, 'aws:kms')),
      NoUnnamedKey: puts(
        'uploads under the account’s key',
        test('Null', KEY, 'true'),
        test('StringEquals', ENCRYPTION, 'aws:kms'),
      ),
      NoCustomerKey: puts('uploads under a customer-provided key (SSE-C)', given(CUSTOMER_KEY)),
    };
    return finding(await lacking(facts, denials), 'the policy denies uploads under all other keys');
  },
  'storage.tls': async (subject, { facts }) => {
    const requests = {
      what: 'requests without TLS',
      actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:GetBucketPolicy'],
      resources: [bucketArn(subject), objects(subject)],
      when: [test('Bool', 'aws:SecureTransport', 'false')],
    };
    return finding(
      await lacking(facts, { TlsOnly: requests }, exceptsServices),
      'the policy denies requests without TLS',
    );
  },
  'storage.role-only': async (subject, { facts }) => {
    const others = {
      what: 'other principals’ access to objects',
      actions: DATA_ACTIONS,
      resources: [objects(subject)],
      when: [test('ArnNotEquals', 'aws:PrincipalArn', roleOf(subject))],
    };
    return finding(
      await lacking(facts, { DataForTheTenantsRoleOnly: others }),
      'the policy denies access to objects to all but the tenant’s role',
    );
  },
  'storage.no-grants': async (_, { facts }) => {
    const policy = await facts.storage.policy();
    return finding(
      policy
        .filter(({ effect }) => effect === 'Allow')
        .map((each) => `statement ${nameOf(each)} grants ${whoOf(each)} ${whatOf(each)}`),
      `${policy.length} Deny statements, no Allow statement`,
    );
  },
  'storage.public-access': async (_, { facts }) => {
    const block = await facts.storage.publicAccessBlock();
    return finding(
      [
        ...expectEqual('BlockPublicAcls', block?.BlockPublicAcls, true),
        ...expectEqual('IgnorePublicAcls', block?.IgnorePublicAcls, true),
        ...expectEqual('BlockPublicPolicy', block?.BlockPublicPolicy, true),
        ...expectEqual('RestrictPublicBuckets', block?.RestrictPublicBuckets, true),
      ],
      'all four settings are on',
    );
  },
  'storage.ownership': async (_, { facts }) =>
    finding(
      expectEqual('object ownership', await facts.storage.objectOwnership(), 'BucketOwnerEnforced'),
      'object ownership is BucketOwnerEnforced',
    ),
  'storage.versioning': async (_, { facts }) =>
    finding(expectEqual('versioning', await facts.storage.versioning(), 'Enabled'), 'versioning is enabled'),
  'storage.replication': async (_, { facts }) =>
    finding(
      (await facts.storage.replication()).map(
        ({ ID, Destination }) => `replication rule ${ID ?? 'without a name'} copies objects to ${Destination?.Bucket}`,
      ),
      'the bucket has no replication rule',
    ),
  'storage.access-points': async (subject, { facts }) => {
    const requests = {
      what: 'requests through an access point',
      actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
      resources: [bucketArn(subject), objects(subject)],
      when: [given('s3:DataAccessPointArn')],
    };
    return finding(
      await lacking(facts, { NoAccessPoint: requests }),
      'the policy denies requests through access points',
    );
  },
  'storage.access-logs': async (subject, { facts }) => {
    const { cell } = subject;
    const logs = await facts.storage.accessLogs();
    return finding(
      [
        ...expectEqual('the target bucket of access logs', logs?.TargetBucket, cell.accessLogBucketName),
        ...expectEqual('the prefix of access logs', logs?.TargetPrefix, `${tenantIdOf(subject)}/`),
        ...(logs?.TargetGrants ?? []).map(
          ({ Grantee, Permission }) =>
            `access logs are opened to ${Grantee?.ID ?? Grantee?.URI ?? Grantee?.EmailAddress} (${Permission})`,
        ),
      ],
      `logged to ${cell.accessLogBucketName}`,
    );
  },
});
