import { TENANT_TAG } from '../../contract/naming';
import { type Check, expectEqual, finding } from '../check';
import { type Condition, covers, isCondition, nameOf, type Statement, speaksOf, whoOf } from '../policy-document';
import { bucketOf, roleOf, type Subject, tenantIdOf } from '../subject';

const ENCRYPTION = 's3:x-amz-server-side-encryption';
const KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const CUSTOMER_KEY = 's3:x-amz-server-side-encryption-customer-algorithm';
const DATA_ACTIONS = ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject'];

const test = (operator: string, key: string, ...values: string[]): Condition => ({ operator, key, values });
const given = (key: string) => test('Null', key, 'false');

interface Refusal {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** All that the statement may be conditional on: one more condition, and it refuses less. */
  readonly when: readonly Condition[];
}

function refuses(statement: Statement, { actions, resources, when }: Refusal): boolean {
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

/** Objections where the policy lacks a denial, by what then goes through. */
const lacking = (policy: readonly Statement[], refusals: Readonly<Record<string, Refusal>>) =>
  Object.entries(refusals)
    .filter(([, refusal]) => !policy.some((statement) => refuses(statement, refusal)))
    .map(([what]) => `no statement of the bucket’s policy refuses ${what}`);

const bucketArn = (subject: Subject) => `arn:aws:s3:::${bucketOf(subject)}`;
const objects = (subject: Subject) => `${bucketArn(subject)}/object`;

export const STORAGE_CHECKS: readonly Check[] = [
  {
    id: 'storage.tag',
    title: 'The bucket is tagged with its tenant',
    question: 'Does the bucket carry this tenant’s tag?',
    severity: 'medium',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) =>
      finding(
        expectEqual(`tag ${TENANT_TAG}`, (await facts.storage.tags())[TENANT_TAG], tenantIdOf(subject)),
        'tagged',
      ),
  },
  {
    id: 'storage.encryption',
    title: 'Objects are encrypted under the tenant’s key',
    question: 'Does an upload that names no key get the tenant’s key?',
    severity: 'critical',
    control: 'FSBP S3.17, SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const rules = await facts.storage.encryption();
      const byDefault = rules[0]?.ApplyServerSideEncryptionByDefault;
      return finding(
        [
          ...expectEqual('the number of rules', rules.length, 1),
          ...expectEqual('the default encryption', byDefault?.SSEAlgorithm, 'aws:kms'),
          ...expectEqual('the default key', byDefault?.KMSMasterKeyID, subject.key.keyArn),
          ...expectEqual('the bucket key', rules[0]?.BucketKeyEnabled, true),
        ],
        'SSE-KMS with the tenant’s key by default, with a bucket key',
      );
    },
  },
  {
    id: 'storage.other-keys',
    title: 'Uploads under any other key are refused',
    question: 'Does the bucket’s policy refuse uploads under a foreign key, the account’s key, or no KMS key at all?',
    severity: 'critical',
    control: 'FSBP S3.17, SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const puts = (...when: Condition[]) => ({ actions: ['s3:PutObject'], resources: [objects(subject)], when });
      const refusals = {
        'uploads under another key': puts(given(KEY), test('ArnNotEquals', KEY, subject.key.keyArn)),
        'uploads without KMS': puts(given(ENCRYPTION), test('StringNotEquals', ENCRYPTION, 'aws:kms')),
        'uploads under the account’s key': puts(test('Null', KEY, 'true'), test('StringEquals', ENCRYPTION, 'aws:kms')),
        'uploads under a key that the caller brings': puts(given(CUSTOMER_KEY)),
      };
      return finding(lacking(await facts.storage.policy(), refusals), 'refused by policy, each of four ways');
    },
  },
  {
    id: 'storage.tls',
    title: 'The bucket answers over TLS alone',
    question: 'Does the bucket’s policy refuse every request that was not sent over TLS?',
    severity: 'high',
    control: 'FSBP S3.5, CIS AWS Foundations 2.1.1',
    run: async (subject, { facts }) => {
      const requests = {
        actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:GetBucketPolicy'],
        resources: [bucketArn(subject), objects(subject)],
        when: [test('Bool', 'aws:SecureTransport', 'false')],
      };
      return finding(
        lacking(await facts.storage.policy(), { 'requests without TLS': requests }),
        'refused without TLS',
      );
    },
  },
  {
    id: 'storage.role-only',
    title: 'Data is for the tenant’s role alone',
    question: 'Does the bucket’s policy refuse reading, writing and deleting to everybody but the tenant’s role?',
    severity: 'critical',
    control: 'FSBP S3.6, SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const others = {
        actions: DATA_ACTIONS,
        resources: [objects(subject)],
        when: [test('ArnNotEquals', 'aws:PrincipalArn', roleOf(subject))],
      };
      return finding(
        lacking(await facts.storage.policy(), { 'other principals’ access to objects': others }),
        'denied to all but the tenant’s role',
      );
    },
  },
  {
    id: 'storage.no-grants',
    title: 'The bucket’s policy allows nothing',
    question: 'Is the bucket’s policy made of denials alone, so that it lets nobody in?',
    severity: 'critical',
    control: 'FSBP S3.6, SOC 2 CC6.3',
    run: async (_, { facts }) => {
      const policy = await facts.storage.policy();
      return finding(
        policy
          .filter(({ effect }) => effect === 'Allow')
          .map((each) => `statement ${nameOf(each)} lets ${whoOf(each)} in`),
        `${policy.length} denials, no allowance`,
      );
    },
  },
  {
    id: 'storage.public-access',
    title: 'Public access is blocked',
    question: 'Are all four settings of Block Public Access on?',
    severity: 'critical',
    control: 'FSBP S3.8, CIS AWS Foundations 2.1.4',
    run: async (_, { facts }) => {
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
  },
  {
    id: 'storage.ownership',
    title: 'ACLs are off',
    question: 'Does the bucket’s owner own every object, so that no ACL can let anybody in?',
    severity: 'high',
    control: 'FSBP S3.12',
    run: async (_, { facts }) =>
      finding(
        expectEqual('object ownership', await facts.storage.objectOwnership(), 'BucketOwnerEnforced'),
        'BucketOwnerEnforced',
      ),
  },
  {
    id: 'storage.versioning',
    title: 'Versions are kept',
    question: 'Does the bucket keep the earlier versions of what is overwritten or deleted?',
    severity: 'medium',
    control: 'FSBP S3.14, SOC 2 A1.2',
    run: async (_, { facts }) =>
      finding(expectEqual('versioning', await facts.storage.versioning(), 'Enabled'), 'versioning is on'),
  },
  {
    id: 'storage.replication',
    title: 'Nothing is replicated out',
    question: 'Is the bucket without any replication rule?',
    severity: 'critical',
    control: 'SOC 2 CC6.7',
    run: async (_, { facts }) =>
      finding(
        (await facts.storage.replication()).map(
          ({ ID, Destination }) => `rule ${ID ?? 'without a name'} copies objects to ${Destination?.Bucket}`,
        ),
        'no replication',
      ),
  },
  {
    id: 'storage.access-points',
    title: 'No access point leads to the bucket',
    question: 'Does the bucket’s policy refuse every request that comes by way of an access point, whoever made one?',
    severity: 'high',
    control: 'FSBP S3.19, SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const requests = {
        actions: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
        resources: [bucketArn(subject), objects(subject)],
        when: [given('s3:DataAccessPointArn')],
      };
      return finding(
        lacking(await facts.storage.policy(), { 'requests by way of an access point': requests }),
        'refused by way of an access point',
      );
    },
  },
  {
    id: 'storage.access-logs',
    title: 'Access is logged to the cell’s bucket',
    question: 'Are the bucket’s access logs on, and do they go to the log bucket of the cell and nowhere else?',
    severity: 'medium',
    control: 'FSBP S3.9, CIS AWS Foundations 3.4',
    run: async ({ cell }, { facts }) => {
      const logs = await facts.storage.accessLogs();
      return finding(expectEqual('the bucket of access logs', logs?.TargetBucket, cell.accessLogBucketName), 'logged');
    },
  },
];
