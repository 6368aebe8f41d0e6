import {
  AssociateKmsKeyCommand,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DisassociateKmsKeyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  DeleteAliasCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { TENANT_TAG, tenantNames } from '../../../functions/contract/naming';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { adding, conditioned, keyPolicy, type Statement } from '../policies';
import { type Sabotage, STRANGERS_ROOT } from '../scene';

const allowing = (Sid: string, AWS: string, ...Action: string[]): Statement => ({
  Sid,
  Effect: 'Allow',
  Principal: { AWS },
  Action,
  Resource: '*',
});
const accountOf = ({ accountId }: Subject) => `arn:aws:iam::${accountId}:root`;
const aliasOf = (subject: Subject) => tenantNames.keyAlias(tenantIdOf(subject));
const flowLogsOf = (subject: Subject) => `/tenants/${tenantIdOf(subject)}/flow-logs`;

export const KEY_SABOTAGES: readonly Sabotage[] = [
  {
    name: 'disable the key',
    check: 'key.usable',
    how: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new DisableKeyCommand({ KeyId }));
      return { cause: 'its state is Disabled', mend: () => kms.send(new EnableKeyCommand({ KeyId })) };
    },
  },
  {
    name: 'schedule the deletion of the key',
    check: 'key.usable',
    how: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      const mend = async () => {
        await kms.send(new CancelKeyDeletionCommand({ KeyId }));
        await kms.send(new EnableKeyCommand({ KeyId }));
      };
      return { cause: 'its state is PendingDeletion', mend };
    },
  },
  {
    name: 'tag the key as another tenant’s',
    check: 'key.tag',
    how: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const tag = (TagValue: string) =>
        kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: TENANT_TAG, TagValue }] }));
      await tag(subject.cell.decoy.tenantId);
      return { cause: `is ${subject.cell.decoy.tenantId}`, mend: () => tag(tenantIdOf(subject)) };
    },
  },
  {
    name: 'remove the key’s tag',
    check: 'key.tag',
    how: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new UntagResourceCommand({ KeyId, TagKeys: [TENANT_TAG] }));
      const Tags = [{ TagKey: TENANT_TAG, TagValue: tenantIdOf(subject) }];
      return { cause: `tag ${TENANT_TAG} is absent`, mend: () => kms.send(new TagResourceCommand({ KeyId, Tags })) };
    },
  },
  {
    name: 'stop the key’s rotation',
    check: 'key.rotation',
    how: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new DisableKeyRotationCommand({ KeyId }));
      return {
        cause: 'automatic rotation is false',
        mend: () => kms.send(new EnableKeyRotationCommand({ KeyId })),
      };
    },
  },
  {
    name: 'let another tenant’s role decrypt by the key’s policy',
    check: 'key.policy',
    how: async ({ subject, root }) => {
      const { roleArn } = subject.cell.decoy;
      const mend = await keyPolicy(root, subject.key.keyArn, adding(allowing('Backdoor', roleArn, 'kms:Decrypt')));
      return { cause: `Allow Backdoor lets AWS:${roleArn} do kms:`, mend };
    },
  },
  {
    name: 'let the whole account use the key',
    check: 'key.policy',
    how: async ({ subject, root }) => {
      const account = accountOf(subject);
      const mend = await keyPolicy(root, subject.key.keyArn, adding(allowing('EnableIamPolicies', account, 'kms:*')));
      return { cause: `Allow EnableIamPolicies lets AWS:${account} do kms:`, mend };
    },
  },
  {
    name: 'take the tenant’s role out of the condition of its statement',
    check: 'key.policy',
    how: async ({ subject, root }) => {
      const mend = await keyPolicy(root, subject.key.keyArn, conditioned({}, 'TenantsRoleUses'));
      return { cause: `Allow TenantsRoleUses lets AWS:${accountOf(subject)} do kms:`, mend };
    },
  },
  {
    name: 'let the stacks’ role use the key through any service',
    check: 'key.policy',
    how: async ({ subject, root }) => {
      const any = { StringLike: { 'kms:ViaService': '*.amazonaws.com' } };
      const mend = await keyPolicy(root, subject.key.keyArn, conditioned(any, 'StacksUseThroughServices'));
      return { cause: `Allow StacksUseThroughServices lets AWS:${subject.stackRoleArn} do kms:`, mend };
    },
  },
  {
    name: 'let CloudWatch Logs use the key for every log group',
    check: 'key.policy',
    how: async ({ subject, root }) => {
      const any = { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:*:${subject.accountId}:*` } };
      const mend = await keyPolicy(root, subject.key.keyArn, conditioned(any, 'LogsOfThisTenant'));
      return { cause: `Allow LogsOfThisTenant lets Service:logs.${subject.region}.amazonaws.com do kms:`, mend };
    },
  },
  {
    name: 'let another account look at the key',
    check: 'key.policy-account',
    how: async ({ subject, root }) => {
      const statement = allowing('Partner', STRANGERS_ROOT, 'kms:DescribeKey');
      const mend = await keyPolicy(root, subject.key.keyArn, adding(statement));
      return { cause: `it allows AWS:${STRANGERS_ROOT}`, mend };
    },
  },
  {
    name: 'let the shared service make grants',
    check: 'key.grant-makers',
    how: async ({ subject, root }) => {
      const { taskRoleArn } = subject.cell;
      const statement = allowing('Delegates', taskRoleArn, 'kms:CreateGrant');
      const mend = await keyPolicy(root, subject.key.keyArn, adding(statement));
      return { cause: `Allow Delegates lets AWS:${taskRoleArn} make grants`, mend };
    },
  },
  {
    name: 'let the stacks’ role make grants for anybody',
    check: 'key.grant-makers',
    how: async ({ subject, root }) => {
      const mend = await keyPolicy(root, subject.key.keyArn, conditioned({}, 'StacksLetServicesHoldGrants'));
      return { cause: `Allow StacksLetServicesHoldGrants lets AWS:${subject.stackRoleArn} make grants`, mend };
    },
  },
  {
    name: 'grant another tenant’s role the use of the key',
    check: 'key.grants',
    how: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const GranteePrincipal = subject.cell.decoy.roleArn;
      const { GrantId } = await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ['Decrypt'] }));
      return {
        cause: `grant ${GrantId} lets ${GranteePrincipal} Decrypt`,
        mend: () => kms.send(new RevokeGrantCommand({ KeyId, GrantId })),
      };
    },
  },
  {
    name: 'delete the key’s alias',
    check: 'key.alias',
    how: async ({ subject, root: { kms } }) => {
      const AliasName = aliasOf(subject);
      await kms.send(new DeleteAliasCommand({ AliasName }));
      const TargetKeyId = subject.key.keyArn;
      return { cause: AliasName, mend: () => kms.send(new CreateAliasCommand({ AliasName, TargetKeyId })) };
    },
  },
  {
    name: 'lead the alias to another tenant’s key',
    check: 'key.alias',
    how: async ({ subject, root: { kms } }) => {
      const AliasName = aliasOf(subject);
      const lead = (TargetKeyId: string) => kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
      await lead(subject.cell.decoy.keyArn);
      return { cause: AliasName, mend: () => lead(subject.key.keyArn) };
    },
  },
  {
    name: 'lead a second alias to the key',
    check: 'key.alias',
    how: async ({ subject, root: { kms } }) => {
      const AliasName = `${aliasOf(subject)}-shared`;
      await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: subject.key.keyArn }));
      return { cause: `${AliasName} must not be there`, mend: () => kms.send(new DeleteAliasCommand({ AliasName })) };
    },
  },
  {
    name: 'take the key from the flow logs’ log group',
    check: 'key.logs',
    how: async ({ subject, root: { logs } }) => {
      const logGroupName = flowLogsOf(subject);
      await logs.send(new DisassociateKmsKeyCommand({ logGroupName }));
      const kmsKeyId = subject.key.keyArn;
      return {
        cause: `${logGroupName} is under no key`,
        mend: () => logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId })),
      };
    },
  },
  {
    name: 'swap the key of the database’s log group',
    check: 'key.logs',
    how: async ({ subject, root: { logs } }) => {
      const logGroupName = `/aws/rds/instance/${subject.stacks.database.outputs.InstanceId}/postgresql`;
      const under = (kmsKeyId: string) => logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId }));
      const { keyArn } = subject.cell.decoy;
      await under(keyArn);
      return { cause: `${logGroupName} is under ${keyArn}`, mend: () => under(subject.key.keyArn) };
    },
  },
  {
    name: 'let the database log into a group without a key',
    check: 'key.logs',
    how: async ({ subject, root: { logs } }) => {
      const logGroupName = `/aws/rds/instance/${subject.stacks.database.outputs.InstanceId}/audit`;
      await logs.send(new CreateLogGroupCommand({ logGroupName }));
      return {
        cause: `${logGroupName} is under no key`,
        mend: () => logs.send(new DeleteLogGroupCommand({ logGroupName })),
      };
    },
  },
];
