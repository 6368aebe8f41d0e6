import {
  DeleteBucketEncryptionCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  DeleteBucketTaggingCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLoggingCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  PutBucketEncryptionCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { bucketOf, roleOf, type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { adding, bucketPolicy, conditioned, without } from '../policies';
import { type AttackTechnique, type Scene, STRANGERS_ROOT } from '../technique';

const arnOf = (subject: Subject) => `arn:aws:s3:::${bucketOf(subject)}`;

/** Takes one denial out of the bucket's policy. */
const withoutDenial = (name: string, check: string, sid: string, expectedEvidence: string): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await bucketPolicy(root, bucketOf(subject), without(sid)),
  }),
});

/** Gives the bucket another default encryption. */
const encryptedBy = (
  name: string,
  rule: (scene: Scene) => ServerSideEncryptionRule,
  expectedEvidence: (scene: Scene) => string,
): AttackTechnique => ({
  name,
  check: 'storage.encryption',
  detonate: async (scene) => {
    const { s3 } = scene.root;
    const Bucket = bucketOf(scene.subject);
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const Rules = [rule(scene)];
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    return {
      expectedEvidence: expectedEvidence(scene),
      revert: () => s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration })),
    };
  },
});

const SETTINGS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
const BLOCKED = Object.fromEntries(SETTINGS.map((setting) => [setting, true]));

export const STORAGE_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'tag the bucket as another tenant’s',
    check: 'storage.tag',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
      const { tenantId } = subject.cell.decoy;
      const tagged = TagSet.map(({ Key, Value }) => ({ Key, Value: Key === TENANT_TAG ? tenantId : Value }));
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tagged } }));
      return {
        expectedEvidence: `is ${tenantId}, not ${tenantIdOf(subject)}`,
        revert: () => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
      };
    },
  },
  {
    name: 'remove the bucket’s tags',
    check: 'storage.tag',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket }));
      await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
      return {
        expectedEvidence: `tag ${TENANT_TAG} is absent`,
        revert: () => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
      };
    },
  },
  encryptedBy(
    'encrypt under another tenant’s key by default',
    ({ subject }) => ({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: subject.cell.decoy.keyArn },
      BucketKeyEnabled: true,
    }),
    ({ subject }) => `the default key is ${subject.cell.decoy.keyArn}`,
  ),
  encryptedBy(
    'encrypt with S3’s own keys by default',
    () => ({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }),
    () => 'the default encryption is AES256',
  ),
  encryptedBy(
    'turn the bucket key off',
    ({ subject }) => ({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: subject.key.keyArn },
      BucketKeyEnabled: false,
    }),
    () => 'the bucket key is false',
  ),
  {
    name: 'delete the bucket’s default encryption',
    check: 'storage.encryption',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
      return {
        expectedEvidence: 'the default key is absent',
        revert: () => s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration })),
      };
    },
  },
  withoutDenial('let uploads in under any key', 'storage.other-keys', 'NoOtherKey', 'uploads under another key'),
  withoutDenial('let uploads in without KMS', 'storage.other-keys', 'NoOtherEncryption', 'uploads without KMS'),
  withoutDenial(
    'let uploads in under the account’s key',
    'storage.other-keys',
    'NoUnnamedKey',
    'uploads under the account’s key',
  ),
  withoutDenial(
    'let uploads in under a caller’s own key',
    'storage.other-keys',
    'NoCustomerKey',
    'uploads under a customer-provided key',
  ),
  {
    name: 'take another tenant’s key for the bucket’s own',
    check: 'storage.other-keys',
    detonate: async ({ subject, root }) => {
      const header = 's3:x-amz-server-side-encryption-aws-kms-key-id';
      const both = {
        Null: { [header]: 'false' },
        ArnNotEquals: { [header]: [subject.key.keyArn, subject.cell.decoy.keyArn] },
      };
      const revert = await bucketPolicy(root, bucketOf(subject), conditioned(both, 'NoOtherKey'));
      return { expectedEvidence: 'uploads under another key', revert };
    },
  },
  withoutDenial('let requests in without TLS', 'storage.tls', 'TlsOnly', 'requests without TLS'),
  withoutDenial(
    'open the bucket’s objects to whoever IAM lets in',
    'storage.role-only',
    'DataForTheTenantsRoleOnly',
    'other principals’ access to objects',
  ),
  {
    name: 'except another tenant’s role from the denial',
    check: 'storage.role-only',
    detonate: async ({ subject, root }) => {
      const roles = { ArnNotEquals: { 'aws:PrincipalArn': [roleOf(subject), subject.cell.decoy.roleArn] } };
      const revert = await bucketPolicy(root, bucketOf(subject), conditioned(roles, 'DataForTheTenantsRoleOnly'));
      return { expectedEvidence: 'other principals’ access to objects', revert };
    },
  },
  {
    name: 'delete the bucket’s policy',
    check: 'storage.role-only',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      return {
        expectedEvidence: 'other principals’ access to objects',
        revert: () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
      };
    },
  },
  {
    name: 'let another account read by the bucket’s policy',
    check: 'storage.no-grants',
    detonate: async ({ subject, root }) => {
      const revert = await bucketPolicy(
        root,
        bucketOf(subject),
        adding({
          Sid: 'Partner',
          Effect: 'Allow',
          Principal: { AWS: STRANGERS_ROOT },
          Action: ['s3:GetObject', 's3:ListBucket'],
          Resource: [arnOf(subject), `${arnOf(subject)}/*`],
        }),
      );
      return { expectedEvidence: `Allow Partner grants AWS:${STRANGERS_ROOT}`, revert };
    },
  },
  {
    name: 'let another tenant’s role list the bucket by its policy',
    check: 'storage.no-grants',
    detonate: async ({ subject, root }) => {
      const { roleArn } = subject.cell.decoy;
      const revert = await bucketPolicy(
        root,
        bucketOf(subject),
        adding({
          Sid: 'Neighbour',
          Effect: 'Allow',
          Principal: { AWS: roleArn },
          Action: 's3:ListBucket',
          Resource: arnOf(subject),
        }),
      );
      return { expectedEvidence: `Allow Neighbour grants AWS:${roleArn}`, revert };
    },
  },
  {
    name: 'open the bucket to the public',
    check: 'storage.public-access',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
      return {
        expectedEvidence: 'BlockPublicPolicy is absent',
        revert: () => s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: BLOCKED })),
      };
    },
  },
  ...SETTINGS.map(
    (setting): AttackTechnique => ({
      name: `turn ${setting} off`,
      check: 'storage.public-access',
      detonate: async ({ subject, root: { s3 } }) => {
        const put = (PublicAccessBlockConfiguration: Readonly<Record<string, boolean>>) =>
          s3.send(new PutPublicAccessBlockCommand({ Bucket: bucketOf(subject), PublicAccessBlockConfiguration }));
        await put({ ...BLOCKED, [setting]: false });
        return { expectedEvidence: `${setting} is false`, revert: () => put(BLOCKED) };
      },
    }),
  ),
  {
    name: 'turn ACLs on',
    check: 'storage.ownership',
    detonate: async ({ subject, root: { s3 } }) => {
      const owned = (ObjectOwnership: 'BucketOwnerEnforced' | 'BucketOwnerPreferred') =>
        s3.send(
          new PutBucketOwnershipControlsCommand({
            Bucket: bucketOf(subject),
            OwnershipControls: { Rules: [{ ObjectOwnership }] },
          }),
        );
      await owned('BucketOwnerPreferred');
      return {
        expectedEvidence: 'object ownership is BucketOwnerPreferred',
        revert: () => owned('BucketOwnerEnforced'),
      };
    },
  },
  {
    name: 'remove the ownership controls',
    check: 'storage.ownership',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
      const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
      return {
        expectedEvidence: 'object ownership is absent',
        revert: () => s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls })),
      };
    },
  },
  {
    name: 'suspend versioning',
    check: 'storage.versioning',
    detonate: async ({ subject, root: { s3 } }) => {
      const versioning = (Status: 'Enabled' | 'Suspended') =>
        s3.send(new PutBucketVersioningCommand({ Bucket: bucketOf(subject), VersioningConfiguration: { Status } }));
      await versioning('Suspended');
      return { expectedEvidence: 'versioning is Suspended', revert: () => versioning('Enabled') };
    },
  },
  {
    name: 'replicate the bucket to another tenant’s',
    check: 'storage.replication',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const target = `arn:aws:s3:::${subject.cell.decoy.bucketName}`;
      await s3.send(
        new PutBucketReplicationCommand({
          Bucket,
          ReplicationConfiguration: {
            Role: subject.stackRoleArn,
            Rules: [
              {
                ID: 'exfiltrate',
                Status: 'Enabled',
                Priority: 1,
                Filter: { Prefix: '' },
                DeleteMarkerReplication: { Status: 'Disabled' },
                Destination: { Bucket: target },
              },
            ],
          },
        }),
      );
      return {
        expectedEvidence: `rule exfiltrate copies objects to ${target}`,
        revert: () => s3.send(new DeleteBucketReplicationCommand({ Bucket })),
      };
    },
  },
  withoutDenial(
    'let requests in by way of access points',
    'storage.access-points',
    'NoAccessPoint',
    'requests through an access point',
  ),
  {
    name: 'send the access logs to another tenant’s bucket',
    check: 'storage.access-logs',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
      const log = (TargetBucket = subject.cell.accessLogBucketName) =>
        s3.send(
          new PutBucketLoggingCommand({
            Bucket,
            BucketLoggingStatus: { LoggingEnabled: { TargetPrefix: '', ...LoggingEnabled, TargetBucket } },
          }),
        );
      const { bucketName } = subject.cell.decoy;
      await log(bucketName);
      return { expectedEvidence: `the target bucket of access logs is ${bucketName}`, revert: () => log() };
    },
  },
  {
    name: 'turn the access logs off',
    check: 'storage.access-logs',
    detonate: async ({ subject, root: { s3 } }) => {
      const Bucket = bucketOf(subject);
      const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket }));
      await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
      return {
        expectedEvidence: 'the target bucket of access logs is absent',
        revert: () =>
          s3.send(
            new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: LoggingEnabled ? { LoggingEnabled } : {} }),
          ),
      };
    },
  },
];
