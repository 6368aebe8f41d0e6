import {
  CancelRotateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  PutResourcePolicyCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { type Sabotage, STRANGERS_ROOT } from '../scene';

const secretOf = (subject: Subject) => subject.stacks.database.outputs.SecretArn;

/** Lets a principal read the secret by its own policy. */
const letIn = (name: string, principal: (subject: Subject) => string): Sabotage => ({
  name,
  check: 'secrets.policy',
  how: async ({ subject, root: { secrets } }) => {
    const SecretId = secretOf(subject);
    const AWS = principal(subject);
    const statement = {
      Sid: 'Shared',
      Effect: 'Allow',
      Principal: { AWS },
      Action: 'secretsmanager:GetSecretValue',
      Resource: '*',
    };
    const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
    return {
      cause: `Allow Shared lets AWS:${AWS} in`,
      mend: () => secrets.send(new DeleteResourcePolicyCommand({ SecretId })),
    };
  },
});

export const SECRETS_SABOTAGES: readonly Sabotage[] = [
  {
    name: 'tag the secret as another tenant’s',
    check: 'secrets.identity',
    how: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const tag = (Value: string) =>
        secrets.send(new TagResourceCommand({ SecretId, Tags: [{ Key: TENANT_TAG, Value }] }));
      const { tenantId } = subject.cell.decoy;
      await tag(tenantId);
      return { cause: `tag ${TENANT_TAG} is ${tenantId}`, mend: () => tag(tenantIdOf(subject)) };
    },
  },
  {
    name: 'remove the secret’s tag',
    check: 'secrets.identity',
    how: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      await secrets.send(new UntagResourceCommand({ SecretId, TagKeys: [TENANT_TAG] }));
      const Tags = [{ Key: TENANT_TAG, Value: tenantIdOf(subject) }];
      return {
        cause: `tag ${TENANT_TAG} is absent`,
        mend: () => secrets.send(new TagResourceCommand({ SecretId, Tags })),
      };
    },
  },
  {
    name: 'delete the secret, to be restored for a week',
    check: 'secrets.identity',
    how: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      await secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
      return {
        cause: 'it is scheduled for deletion',
        mend: () => secrets.send(new RestoreSecretCommand({ SecretId })),
      };
    },
  },
  {
    name: 'encrypt the secret under another tenant’s key',
    check: 'secrets.encryption',
    how: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const under = (KmsKeyId: string) => secrets.send(new UpdateSecretCommand({ SecretId, KmsKeyId }));
      const { keyArn } = subject.cell.decoy;
      await under(keyArn);
      return { cause: `its key is ${keyArn}`, mend: () => under(subject.key.keyArn) };
    },
  },
  letIn('let another account read the secret', () => STRANGERS_ROOT),
  letIn('let another tenant’s role read the secret', ({ cell }) => cell.decoy.roleArn),
  {
    name: 'replicate the secret to another Region',
    check: 'secrets.replicas',
    how: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const Region = 'us-east-1';
      await secrets.send(new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region }] }));
      return {
        cause: `it is replicated to ${Region}`,
        mend: () => secrets.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: [Region] })),
      };
    },
  },
  {
    name: 'let a function read the secret to rotate it',
    check: 'secrets.rotation-function',
    how: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const RotationLambdaARN = `arn:aws:lambda:${subject.region}:${subject.accountId}:function:rotate-everything`;
      await secrets.send(
        new RotateSecretCommand({
          SecretId,
          RotationLambdaARN,
          RotationRules: { AutomaticallyAfterDays: 30 },
          RotateImmediately: false,
        }),
      );
      return {
        cause: `${RotationLambdaARN} reads it`,
        mend: () => secrets.send(new CancelRotateSecretCommand({ SecretId })),
      };
    },
  },
];
