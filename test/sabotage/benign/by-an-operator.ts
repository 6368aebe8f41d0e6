import { TagResourceCommand, UntagResourceCommand, UpdateKeyDescriptionCommand } from '@aws-sdk/client-kms';
import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-rds';
import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import {
  TagResourceCommand as TagSecretCommand,
  UntagResourceCommand as UntagSecretCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { bucketOf, tenantIdOf } from '../../../functions/isolation/subject';
import { databaseOf, instanceOf } from '../database-changes';
import { roleNameOf } from '../identity-changes';
import { bucketPolicy, type Edit, keyPolicy, rolePolicy, trustPolicy } from '../policies';
import type { BenignChange } from './benign-change';

const reversed: Edit = (statements) => [...statements].reverse();
/** One action as a list of one, a list of one as its member: IAM reads both alike. */
const respelt: Edit = (statements) =>
  statements.map((each) => {
    const { Action } = each;
    return { ...each, Action: Array.isArray(Action) && Action.length === 1 ? Action[0] : [Action].flat() };
  });
const renamed: Edit = (statements) => statements.map((each, n) => ({ ...each, Sid: `Renamed${n}` }));

/** "Revoking IAM role temporary security credentials": nobody is in a session of before the tenant was made. */
const endingSessions: Edit = (statements) => [
  ...statements,
  {
    ...{ Effect: 'Deny', Action: '*', Resource: '*' },
    Condition: { DateLessThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:00Z' } },
  },
];

/** What an operator does on a quiet afternoon. */
export const CHANGES_BY_AN_OPERATOR: readonly BenignChange[] = [
  {
    name: 'end the sessions of years ago in the tenant’s role',
    make: async ({ subject, root }) => ({ revert: await rolePolicy(root, roleNameOf(subject), endingSessions) }),
  },
  {
    name: 'name the tenant’s key by its id, at bucket and secret',
    make: async ({ subject, root: { s3, secrets } }) => {
      const { SecretArn: SecretId } = subject.stacks.database.outputs;
      const { keyArn } = subject.key;
      const set = async (name: string) => {
        const byDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: name };
        const Rules = [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: true }];
        const ServerSideEncryptionConfiguration = { Rules };
        await s3.send(new PutBucketEncryptionCommand({ Bucket: bucketOf(subject), ServerSideEncryptionConfiguration }));
        await secrets.send(new UpdateSecretCommand({ SecretId, KmsKeyId: name }));
      };
      await set(keyArn.split(':key/')[1] ?? '');
      return { revert: () => set(keyArn) };
    },
  },
  {
    name: 'keep earlier versions of objects for ten years',
    make: async ({ subject, root: { s3 } }) => {
      const of = { Bucket: bucketOf(subject) };
      const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand(of));
      const put = (rules: LifecycleRule[]) =>
        s3.send(new PutBucketLifecycleConfigurationCommand({ ...of, LifecycleConfiguration: { Rules: rules } }));
      const kept = ({ NoncurrentVersionExpiration: each, ...rest }: LifecycleRule): LifecycleRule => ({
        ...rest,
        ...(each && { NoncurrentVersionExpiration: { ...each, NoncurrentDays: 3650 } }),
      });
      await put(Rules.map(kept));
      return { revert: () => put(Rules) };
    },
  },
  {
    name: 'put the statements of the bucket’s policy in another order',
    make: async ({ subject, root }) => ({ revert: await bucketPolicy(root, bucketOf(subject), reversed) }),
  },
  {
    name: 'rename the statements of the bucket’s policy',
    make: async ({ subject, root }) => ({ revert: await bucketPolicy(root, bucketOf(subject), renamed) }),
  },
  {
    name: 'spell the actions of the bucket’s policy as lists',
    make: async ({ subject, root }) => ({ revert: await bucketPolicy(root, bucketOf(subject), respelt) }),
  },
  {
    name: 'put the statements of the key’s policy in another order',
    make: async ({ subject, root }) => ({ revert: await keyPolicy(root, subject.key.keyArn, reversed) }),
  },
  {
    name: 'spell the actions of the key’s policy as lists',
    make: async ({ subject, root }) => ({ revert: await keyPolicy(root, subject.key.keyArn, respelt) }),
  },
  {
    name: 'name the account by its number in the key’s policy',
    make: async ({ subject, root }) => ({
      revert: await keyPolicy(root, subject.key.keyArn, (statements) =>
        statements.map((each) =>
          JSON.stringify(each.Principal) === JSON.stringify({ AWS: `arn:aws:iam::${subject.accountId}:root` })
            ? { ...each, Principal: { AWS: subject.accountId } }
            : each,
        ),
      ),
    }),
  },
  {
    name: 'put the statements of the role’s trust in another order',
    make: async ({ subject, root }) => ({ revert: await trustPolicy(root, roleNameOf(subject), reversed) }),
  },
  {
    name: 'put the statements of the role’s policy in another order',
    make: async ({ subject, root }) => ({ revert: await rolePolicy(root, roleNameOf(subject), reversed) }),
  },
  {
    name: 'spell the actions of the role’s policy as lists',
    make: async ({ subject, root }) => ({ revert: await rolePolicy(root, roleNameOf(subject), respelt) }),
  },
  {
    name: 'take a snapshot of the database before a change, shared with nobody',
    make: async ({ subject, root: { rds } }) => {
      const snapshot = { DBSnapshotIdentifier: `tenant-${tenantIdOf(subject)}-before-change` };
      const { InstanceId: DBInstanceIdentifier } = databaseOf(subject);
      await rds.send(new CreateDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier }));
      return { revert: () => rds.send(new DeleteDBSnapshotCommand(snapshot)) };
    },
  },
  {
    name: 'tag the tenant’s database for cost allocation',
    make: async (scene) => {
      const { rds } = scene.root;
      const { DBInstanceArn: ResourceName } = await instanceOf(scene, databaseOf(scene.subject).InstanceId);
      await rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key: 'CostCenter', Value: '4711' }] }));
      return { revert: () => rds.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['CostCenter'] })) };
    },
  },
  {
    name: 'tag the tenant’s key for cost allocation',
    make: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'CostCenter', TagValue: '4711' }] }));
      return { revert: () => kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['CostCenter'] })) };
    },
  },
  {
    name: 'describe the tenant’s key in other words',
    make: async ({ subject, root: { kms } }) => {
      const describe = (Description: string) =>
        kms.send(new UpdateKeyDescriptionCommand({ KeyId: subject.key.keyArn, Description }));
      await describe('the key of a customer');
      return { revert: () => describe(`Data of tenant ${tenantIdOf(subject)}`) };
    },
  },
  {
    name: 'tag the tenant’s secret for cost allocation',
    make: async ({ subject, root: { secrets } }) => {
      const { SecretArn: SecretId } = databaseOf(subject);
      await secrets.send(new TagSecretCommand({ SecretId, Tags: [{ Key: 'CostCenter', Value: '4711' }] }));
      return { revert: () => secrets.send(new UntagSecretCommand({ SecretId, TagKeys: ['CostCenter'] })) };
    },
  },
  {
    name: 'describe the tenant’s secret in other words',
    make: async ({ subject, root: { secrets } }) => {
      const { SecretArn: SecretId } = databaseOf(subject);
      const describe = (Description: string) => secrets.send(new UpdateSecretCommand({ SecretId, Description }));
      await describe('the login of the master user');
      return { revert: () => describe(`Master user of tenant ${tenantIdOf(subject)}`) };
    },
  },
];
