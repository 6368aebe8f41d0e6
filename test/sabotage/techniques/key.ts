import {
  AssociateKmsKeyCommand,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DisassociateKmsKeyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  DeleteAliasCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { tenantIdOf } from '../../../functions/isolation/subject';
import { aliasOf, flowLogsOf, postgresqlLogOf } from '../key-changes';
import type { AttackTechnique } from '../technique';

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
      const logGroupName = postgresqlLogOf(subject);
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
