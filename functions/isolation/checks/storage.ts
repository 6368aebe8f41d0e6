import { TENANT_TAG } from '../../contract/naming';
import { type Check, checksOf, expectEqual, finding } from '../check';
import { STORAGE_METADATA } from '../metadata/storage';
import {
  type Condition,
  covers,
  isCondition,
  nameOf,
  type Statement,
  speaksOf,
  whatOf,
  whoOf,
} from '../policy-document';
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
  /** The statement's only conditions. With one more condition it would deny less. */
  readonly when: readonly Condition[];
}

function denies(statement: Statement, { actions, resources, when }: Denial): boolean {
  return (
    statement.effect === 'Deny' &&
    !statement.inverted &&
    statement.principals.includes('*') &&
    actions.every((action) => speaksOf(statement, action)) &&
    resources.every((resource) => statement.resources.some((pattern) => covers(pattern, resource))) &&
    statement.conditions.length === when.length &&
    when.every(({ operator, key, values }) =>
      statement.conditions.some((condition) => isCondition(condition, [operator], key, values)),
    )
  );
}

/** A violation for each denial that the policy lacks. It names the requests that S3 then allows. */
const lacking = (policy: readonly Statement[], denials: Readonly<Record<string, Denial>>) =>
  Object.entries(denials)
    .filter(([, denial]) => !policy.some((statement) => denies(statement, denial)))
    .map(([what]) => `no statement of the bucket’s policy denies ${what}`);

const bucketArn = (subject: Subject) => `arn:aws:s3:::${bucketOf(subject)}`;
const objects = (subject: Subject) => `${bucketArn(subject)}/object`;

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
        ...expectEqual('the default key', byDefault?.KMSMasterKeyID, subject.key.keyArn),
        ...expectEqual('the bucket key', rules[0]?.BucketKeyEnabled, true),
      ],
      'default encryption is SSE-KMS under the tenant’s key, with a bucket key',
    );
  },
  'storage.other-keys': async (subject, { facts }) => {
    const puts = (...when: Condition[]) => ({ actions: ['s3:PutObject'], resources: [objects(subject)], when });
    const denials = {
      'uploads under another key': puts(given(KEY), test('ArnNotEquals', KEY, subject.key.keyArn)),
      'uploads without KMS': puts(given(ENCRYPTION), test('StringNotEquals', ENCRYPTION, 'aws:kms')),
      'uploads under the account’s key': puts(test('Null', KEY, 'true'), test('StringEquals', ENCRYPTION, 'aws:kms')),
      'uploads under a customer-provided key (SSE-C)': puts(given(CUSTOMER_KEY)),
    };
    return finding(lacking(await facts.storage.policy(), denials), 'the policy denies uploads under all other keys');
  },
  'storage.tls': async (subject, { facts }) => {
    const requests = {
      actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:GetBucketPolicy'],
      resources: [bucketArn(subject), objects(subject)],
      when: [test('Bool', 'aws:SecureTransport', 'false')],
    };
    return finding(
      lacking(await facts.storage.policy(), { 'requests without TLS': requests }),
      'the policy denies requests without TLS',
    );
  },
  'storage.role-only': async (subject, { facts }) => {
    const others = {
      actions: DATA_ACTIONS,
      resources: [objects(subject)],
      when: [test('ArnNotEquals', 'aws:PrincipalArn', roleOf(subject))],
    };
    return finding(
      lacking(await facts.storage.policy(), { 'other principals’ access to objects': others }),
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
      actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
      resources: [bucketArn(subject), objects(subject)],
      when: [given('s3:DataAccessPointArn')],
    };
    return finding(
      lacking(await facts.storage.policy(), { 'requests through an access point': requests }),
      'the policy denies requests through access points',
    );
  },
  'storage.access-logs': async ({ cell }, { facts }) => {
    const logs = await facts.storage.accessLogs();
    return finding(
      expectEqual('the target bucket of access logs', logs?.TargetBucket, cell.accessLogBucketName),
      `logged to ${cell.accessLogBucketName}`,
    );
  },
});
