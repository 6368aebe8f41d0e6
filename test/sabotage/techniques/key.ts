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
import { type AttackTechnique, STRANGERS_ROOT } from '../technique';

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

export const KEY_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'disable the key',
    check: 'key.usable',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new DisableKeyCommand({ KeyId }));
      return {
        expectedEvidence: 'the key’s state is Disabled',
        revert: () => kms.send(new EnableKeyCommand({ KeyId })),
      };
    },
  },
  {
    name: 'schedule the deletion of the key',
    check: 'key.usable',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      const revert = async () => {
        await kms.send(new CancelKeyDeletionCommand({ KeyId }));
        await kms.send(new EnableKeyCommand({ KeyId }));
      };
      return { expectedEvidence: 'the key’s state is PendingDeletion', revert };
    },
  },
  {
    name: 'tag the key as another tenant’s',
    check: 'key.tag',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const tag = (TagValue: string) =>
        kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: TENANT_TAG, TagValue }] }));
      await tag(subject.cell.decoy.tenantId);
      return { expectedEvidence: `is ${subject.cell.decoy.tenantId}`, revert: () => tag(tenantIdOf(subject)) };
    },
  },
  {
    name: 'remove the key’s tag',
    check: 'key.tag',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new UntagResourceCommand({ KeyId, TagKeys: [TENANT_TAG] }));
      const Tags = [{ TagKey: TENANT_TAG, TagValue: tenantIdOf(subject) }];
      return {
        expectedEvidence: `tag ${TENANT_TAG} is absent`,
        revert: () => kms.send(new TagResourceCommand({ KeyId, Tags })),
      };
    },
  },
  {
    name: 'stop the key’s rotation',
    check: 'key.rotation',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      await kms.send(new DisableKeyRotationCommand({ KeyId }));
      return {
        expectedEvidence: 'automatic rotation is false',
        revert: () => kms.send(new EnableKeyRotationCommand({ KeyId })),
      };
    },
  },
  {
    name: 'let another tenant’s role decrypt by the key’s policy',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const { roleArn } = subject.cell.decoy;
      const revert = await keyPolicy(root, subject.key.keyArn, adding(allowing('Backdoor', roleArn, 'kms:Decrypt')));
      return { expectedEvidence: `Allow Backdoor grants AWS:${roleArn} kms:`, revert };
    },
  },
  {
    name: 'let the whole account use the key',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const account = accountOf(subject);
      const revert = await keyPolicy(root, subject.key.keyArn, adding(allowing('EnableIamPolicies', account, 'kms:*')));
      return { expectedEvidence: `Allow EnableIamPolicies grants AWS:${account} kms:`, revert };
    },
  },
  {
    name: 'take the tenant’s role out of the condition of its statement',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned({}, 'TenantsRoleUses'));
      return { expectedEvidence: `Allow TenantsRoleUses grants AWS:${accountOf(subject)} kms:`, revert };
    },
  },
  {
    name: 'let the stacks’ role use the key through any service',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const any = { StringLike: { 'kms:ViaService': '*.amazonaws.com' } };
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned(any, 'StacksUseThroughServices'));
      return { expectedEvidence: `Allow StacksUseThroughServices grants AWS:${subject.stackRoleArn} kms:`, revert };
    },
  },
  {
    name: 'let CloudWatch Logs use the key for every log group',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const any = { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:*:${subject.accountId}:*` } };
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned(any, 'LogsOfThisTenant'));
      return {
        expectedEvidence: `Allow LogsOfThisTenant grants Service:logs.${subject.region}.amazonaws.com kms:`,
        revert,
      };
    },
  },
  {
    name: 'let another account look at the key',
    check: 'key.policy-account',
    detonate: async ({ subject, root }) => {
      const statement = allowing('Partner', STRANGERS_ROOT, 'kms:DescribeKey');
      const revert = await keyPolicy(root, subject.key.keyArn, adding(statement));
      return { expectedEvidence: `the key’s policy allows AWS:${STRANGERS_ROOT}`, revert };
    },
  },
  {
    name: 'let the shared service create grants',
    check: 'key.grant-makers',
    detonate: async ({ subject, root }) => {
      const { taskRoleArn } = subject.cell;
      const statement = allowing('Delegates', taskRoleArn, 'kms:CreateGrant');
      const revert = await keyPolicy(root, subject.key.keyArn, adding(statement));
      return { expectedEvidence: `Allow Delegates lets AWS:${taskRoleArn} create grants`, revert };
    },
  },
  {
    name: 'let the stacks’ role create grants for anybody',
    check: 'key.grant-makers',
    detonate: async ({ subject, root }) => {
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned({}, 'StacksLetServicesHoldGrants'));
      return {
        expectedEvidence: `Allow StacksLetServicesHoldGrants lets AWS:${subject.stackRoleArn} create grants`,
        revert,
      };
    },
  },
  {
    name: 'grant another tenant’s role the use of the key',
    check: 'key.grants',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const GranteePrincipal = subject.cell.decoy.roleArn;
      const { GrantId } = await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ['Decrypt'] }));
      return {
        expectedEvidence: `grant ${GrantId} gives ${GranteePrincipal} the operations Decrypt`,
        revert: () => kms.send(new RevokeGrantCommand({ KeyId, GrantId })),
      };
    },
  },
  {
    name: 'delete the key’s alias',
    check: 'key.alias',
    detonate: async ({ subject, root: { kms } }) => {
      const AliasName = aliasOf(subject);
      await kms.send(new DeleteAliasCommand({ AliasName }));
      const TargetKeyId = subject.key.keyArn;
      return {
        expectedEvidence: AliasName,
        revert: () => kms.send(new CreateAliasCommand({ AliasName, TargetKeyId })),
      };
    },
  },
  {
    name: 'lead the alias to another tenant’s key',
    check: 'key.alias',
    detonate: async ({ subject, root: { kms } }) => {
      const AliasName = aliasOf(subject);
      const lead = (TargetKeyId: string) => kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
      await lead(subject.cell.decoy.keyArn);
      return { expectedEvidence: AliasName, revert: () => lead(subject.key.keyArn) };
    },
  },
  {
    name: 'lead a second alias to the key',
    check: 'key.alias',
    detonate: async ({ subject, root: { kms } }) => {
      const AliasName = `${aliasOf(subject)}-shared`;
      await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: subject.key.keyArn }));
      return {
        expectedEvidence: `${AliasName} is unexpected`,
        revert: () => kms.send(new DeleteAliasCommand({ AliasName })),
      };
    },
  },
  {
    name: 'take the key from the flow logs’ log group',
    check: 'key.logs',
    detonate: async ({ subject, root: { logs } }) => {
      const logGroupName = flowLogsOf(subject);
      await logs.send(new DisassociateKmsKeyCommand({ logGroupName }));
      const kmsKeyId = subject.key.keyArn;
      return {
        expectedEvidence: `${logGroupName} is encrypted under no KMS key`,
        revert: () => logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId })),
      };
    },
  },
  {
    name: 'swap the key of the database’s log group',
    check: 'key.logs',
    detonate: async ({ subject, root: { logs } }) => {
      const logGroupName = `/aws/rds/instance/${subject.stacks.database.outputs.InstanceId}/postgresql`;
      const under = (kmsKeyId: string) => logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId }));
      const { keyArn } = subject.cell.decoy;
      await under(keyArn);
      return {
        expectedEvidence: `${logGroupName} is encrypted under ${keyArn}`,
        revert: () => under(subject.key.keyArn),
      };
    },
  },
  {
    name: 'let the database log into a group without a key',
    check: 'key.logs',
    detonate: async ({ subject, root: { logs } }) => {
      const logGroupName = `/aws/rds/instance/${subject.stacks.database.outputs.InstanceId}/audit`;
      await logs.send(new CreateLogGroupCommand({ logGroupName }));
      return {
        expectedEvidence: `${logGroupName} is encrypted under no KMS key`,
        revert: () => logs.send(new DeleteLogGroupCommand({ logGroupName })),
      };
    },
  },
];
