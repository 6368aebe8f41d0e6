import { DeleteBucketPolicyCommand, GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { bucketOf, roleOf } from '../../../functions/isolation/subject';
import { adding, bucketPolicy, conditioned } from '../policies';
import { arnOf, withoutDenial } from '../storage-changes';
import { type AttackTechnique, STRANGERS_ROOT } from '../technique';

export const STORAGE_POLICY_TECHNIQUES: readonly AttackTechnique[] = [
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
    'open the bucket’s objects to every principal that IAM allows',
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
  withoutDenial(
    'let requests in by way of access points',
    'storage.access-points',
    'NoAccessPoint',
    'requests through an access point',
  ),
];
