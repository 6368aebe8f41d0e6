import {
  CancelRotateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  type RotationRulesType,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { ROTATION_DAYS, rotationFunctionArn, TENANT_TAG } from '../../../functions/contract/naming';
import type { FactClients } from '../../../functions/isolation/facts/facts';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { type AttackTechnique, STRANGERS_ROOT, tenantTags } from '../technique';

const secretOf = (subject: Subject) => subject.stacks.database.outputs.SecretArn;

/** The rotation as PrepareDatabase configures it, or another schedule of it. */
const rotateByOwn = (
  subject: Subject,
  secrets: FactClients['secrets'],
  RotationRules: RotationRulesType = { AutomaticallyAfterDays: ROTATION_DAYS },
) =>
  secrets.send(
    new RotateSecretCommand({
      SecretId: secretOf(subject),
      RotationLambdaARN: rotationFunctionArn(subject.region, subject.accountId),
      RotationRules,
      RotateImmediately: false,
    }),
  );

/** Lets a principal read the secret by its own policy. */
const letIn = (name: string, principal: (subject: Subject) => string): AttackTechnique => ({
  name,
  check: 'secrets.policy',
  detonate: async ({ subject, root: { secrets } }) => {
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
      expectedEvidence: `Allow Shared grants AWS:${AWS}`,
      revert: () => secrets.send(new DeleteResourcePolicyCommand({ SecretId })),
    };
  },
});

/** Writes another field into the secret. */
const rewritten = (name: string, change: object, expectedEvidence: string): AttackTechnique => ({
  name,
  check: 'secrets.target',
  detonate: async ({ subject, root: { secrets } }) => {
    const SecretId = secretOf(subject);
    const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    const put = (text: string) => secrets.send(new PutSecretValueCommand({ SecretId, SecretString: text }));
    await put(JSON.stringify({ ...JSON.parse(SecretString), ...change }));
    return { expectedEvidence, revert: () => put(SecretString) };
  },
});

export const SECRETS_TECHNIQUES: readonly AttackTechnique[] = [
  rewritten(
    'name another database in the secret',
    { dbname: 'postgres' },
    'the secret’s database is postgres, not funnels',
  ),
  {
    name: 'tag the secret as another tenant’s',
    check: 'secrets.identity',
    detonate: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const tag = (Value: string) => secrets.send(new TagResourceCommand({ SecretId, Tags: tenantTags(Value) }));
      const { tenantId } = subject.cell.decoy;
      await tag(tenantId);
      return { expectedEvidence: `tag ${TENANT_TAG} is ${tenantId}`, revert: () => tag(tenantIdOf(subject)) };
    },
  },
  {
    name: 'remove the secret’s tag',
    check: 'secrets.identity',
    detonate: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      await secrets.send(new UntagResourceCommand({ SecretId, TagKeys: [TENANT_TAG] }));
      const Tags = tenantTags(tenantIdOf(subject));
      return {
        expectedEvidence: `tag ${TENANT_TAG} is absent`,
        revert: () => secrets.send(new TagResourceCommand({ SecretId, Tags })),
      };
    },
  },
  {
    name: 'delete the secret, to be restored for a week',
    check: 'secrets.identity',
    detonate: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      await secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
      return {
        expectedEvidence: 'the secret is scheduled for deletion',
        revert: () => secrets.send(new RestoreSecretCommand({ SecretId })),
      };
    },
  },
  {
    name: 'encrypt the secret under another tenant’s key',
    check: 'secrets.encryption',
    detonate: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const under = (KmsKeyId: string) => secrets.send(new UpdateSecretCommand({ SecretId, KmsKeyId }));
      const { keyArn } = subject.cell.decoy;
      await under(keyArn);
      return { expectedEvidence: `the secret’s KMS key is ${keyArn}`, revert: () => under(subject.key.keyArn) };
    },
  },
  letIn('let another account read the secret', () => STRANGERS_ROOT),
  letIn('let another tenant’s role read the secret', ({ cell }) => cell.decoy.roleArn),
  {
    name: 'replicate the secret to another Region',
    check: 'secrets.replicas',
    detonate: async ({ subject, root: { secrets } }) => {
      const SecretId = secretOf(subject);
      const Region = 'us-east-1';
      await secrets.send(new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region }] }));
      return {
        expectedEvidence: `the secret is replicated to ${Region}`,
        revert: () =>
          secrets.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: [Region] })),
      };
    },
  },
  {
    name: 'let a function read the secret to rotate it',
    check: 'secrets.rotation-function',
    detonate: async ({ subject, root: { secrets } }) => {
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
        expectedEvidence: `${RotationLambdaARN} rotates the secret`,
        revert: () => rotateByOwn(subject, secrets),
      };
    },
  },
  {
    name: 'cancel the rotation of the master password',
    check: 'secrets.rotation-function',
    detonate: async ({ subject, root: { secrets } }) => {
      await secrets.send(new CancelRotateSecretCommand({ SecretId: secretOf(subject) }));
      return {
        expectedEvidence: 'the rotation of the secret was cancelled',
        revert: () => rotateByOwn(subject, secrets),
      };
    },
  },
  {
    name: 'rotate the master password once in two years',
    check: 'secrets.rotation-function',
    detonate: async ({ subject, root: { secrets } }) => {
      await rotateByOwn(subject, secrets, { AutomaticallyAfterDays: 730 });
      return {
        expectedEvidence: 'the secret is rotated every 730 days',
        revert: () => rotateByOwn(subject, secrets),
      };
    },
  },
  {
    name: 'rotate the master password on the 31st of a month alone',
    check: 'secrets.rotation-function',
    detonate: async ({ subject, root: { secrets } }) => {
      await rotateByOwn(subject, secrets, { ScheduleExpression: 'cron(0 3 31 * ? *)' });
      return {
        expectedEvidence: 'the secret is rotated by another schedule',
        revert: () => rotateByOwn(subject, secrets),
      };
    },
  },
  {
    name: 'put an earlier master password in force in the secret',
    check: 'secrets.current',
    detonate: async ({ subject, root: { secrets } }) => {
      const { SecretArn: SecretId } = subject.stacks.database.outputs;
      const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }));
      const versionWith = (stage: string) =>
        Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes(stage))?.[0];
      const [current, former] = [versionWith('AWSCURRENT'), versionWith('AWSPREVIOUS')];
      const move = (MoveToVersionId: string | undefined, RemoveFromVersionId: string | undefined) =>
        secrets.send(
          new UpdateSecretVersionStageCommand({
            ...{ SecretId, VersionStage: 'AWSCURRENT' },
            ...{ MoveToVersionId, RemoveFromVersionId },
          }),
        );
      await move(former, current);
      return { expectedEvidence: 'was put out of force for an earlier one', revert: () => move(current, former) };
    },
  },
  {
    name: 'keep a master password of the secret by a name of one’s own',
    check: 'secrets.current',
    detonate: async ({ subject, root: { secrets } }) => {
      const { SecretArn: SecretId } = subject.stacks.database.outputs;
      const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }));
      const [version] = Object.keys(VersionIdsToStages);
      const stage = { SecretId, VersionStage: 'SUPPORT' };
      await secrets.send(new UpdateSecretVersionStageCommand({ ...stage, MoveToVersionId: version }));
      return {
        expectedEvidence: 'has the stage SUPPORT',
        revert: () => secrets.send(new UpdateSecretVersionStageCommand({ ...stage, RemoveFromVersionId: version })),
      };
    },
  },
];
