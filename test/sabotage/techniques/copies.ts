import {
  CreateKeyCommand,
  DisableKeyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms';
import {
  CreateDBInstanceCommand,
  CreateDBProxyCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBProxyCommand,
  DeleteDBSnapshotCommand,
  ModifyDBInstanceCommand,
  ModifyDBSnapshotAttributeCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { DATABASE_MASTER, TENANT_TAG } from '../../../functions/contract/naming';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { databaseOf, groupOf } from '../database-changes';
import { accountOf } from '../key-changes';
import { networkOf } from '../network-changes';
import { type AttackTechnique, inTurn, type Scene, STRANGER, tenantTags } from '../technique';

const tag = (subject: Subject) => tenantTags(tenantIdOf(subject));

const secondSecret = (
  name: string,
  secret: (subject: Subject) => Omit<CreateSecretCommandInput, 'ClientRequestToken'> & { Name: string },
): AttackTechnique => ({
  name,
  check: 'secrets.only-one',
  detonate: async ({ subject, root: { secrets } }) => {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: databaseOf(subject).SecretArn }));
    const { ARN: SecretId, Name } = await secrets.send(new CreateSecretCommand({ ...secret(subject), SecretString }));
    return {
      expectedEvidence: `secret ${Name} is about this tenant`,
      revert: () => secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
    };
  },
});

/** A snapshot of the database, restored as another instance. */
function aCopy({ subject, root: { rds } }: Scene, copy: { DBInstanceIdentifier: string }) {
  const snapshot = { DBSnapshotIdentifier: `for-${copy.DBInstanceIdentifier}` };
  return inTurn(
    async () => {
      await rds.send(
        new CreateDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier: databaseOf(subject).InstanceId }),
      );
      return () => rds.send(new DeleteDBSnapshotCommand(snapshot));
    },
    async () => {
      await rds.send(new RestoreDBInstanceFromDBSnapshotCommand({ ...snapshot, ...copy }));
      return () => rds.send(new DeleteDBInstanceCommand({ ...copy, SkipFinalSnapshot: true }));
    },
  );
}

const anInstance = (
  name: string,
  DBInstanceIdentifier: string,
  made: (subject: Subject) => { KmsKeyId?: string; Tags?: { Key: string; Value: string }[] },
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'database.copies',
  detonate: async ({ subject, root: { rds } }) => {
    const id = { DBInstanceIdentifier };
    await rds.send(
      new CreateDBInstanceCommand({
        ...id,
        ...made(subject),
        StorageEncrypted: true,
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'postgres',
        MasterUserPassword: 'not-of-the-tenant',
      }),
    );
    return {
      expectedEvidence,
      revert: () => rds.send(new DeleteDBInstanceCommand({ ...id, SkipFinalSnapshot: true })),
    };
  },
});

const proxied = (name: string, RequireTLS: boolean): AttackTechnique => ({
  name,
  check: 'database.proxies',
  detonate: async ({ subject, root: { rds } }) => {
    const DBProxyName = RequireTLS ? 'pool-with-tls' : 'pool';
    await rds.send(
      new CreateDBProxyCommand({
        DBProxyName,
        EngineFamily: 'POSTGRESQL',
        RequireTLS,
        RoleArn: subject.stackRoleArn,
        Auth: [{ AuthScheme: 'SECRETS', SecretArn: databaseOf(subject).SecretArn, IAMAuth: 'DISABLED' }],
        VpcSubnetIds: networkOf(subject).DatabaseSubnetIds.split(','),
        VpcSecurityGroupIds: [groupOf(subject)],
      }),
    );
    return {
      expectedEvidence: `proxy ${DBProxyName} leads to the tenant’s database ${RequireTLS ? 'over' : 'without'} TLS`,
      revert: () => rds.send(new DeleteDBProxyCommand({ DBProxyName })),
    };
  },
});

/** The master password is set, and the secret is not. */
const knownPassword = (name: string): AttackTechnique => ({
  name,
  check: 'database.master-password',
  detonate: async ({ subject, root: { rds, secrets } }) => {
    const { InstanceId: DBInstanceIdentifier, SecretArn: SecretId } = databaseOf(subject);
    const { SecretString: before } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    const MasterUserPassword = 'known-to-somebody-else';
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, MasterUserPassword, ApplyImmediately: true }));
    return {
      expectedEvidence: `the master password of ${DBInstanceIdentifier} was set at`,
      // As the runbook rotates it: the secret first, then the instance.
      revert: async () => {
        const password = 'of-a-new-version-of-the-secret';
        const SecretString = JSON.stringify({ ...JSON.parse(before ?? '{}'), username: DATABASE_MASTER, password });
        await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
        const rotated = { DBInstanceIdentifier, MasterUserPassword: password, ApplyImmediately: true };
        await rds.send(new ModifyDBInstanceCommand(rotated));
      },
    };
  },
});

const secondKey = (name: string, tagged: (scene: Scene) => Promise<string>): AttackTechnique => ({
  name,
  check: 'key.only-one',
  detonate: async (scene) => {
    const { kms } = scene.root;
    const KeyId = await tagged(scene);
    return {
      expectedEvidence: `${KeyId} has the tenant’s tag and is enabled`,
      revert: async () => {
        await kms.send(new DisableKeyCommand({ KeyId }));
        await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      },
    };
  },
});

const forEverybody = (subject: Subject) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: accountOf(subject) }, Action: 'kms:*', Resource: '*' },
      { Effect: 'Allow', Principal: '*', Action: ['kms:Encrypt', 'kms:Decrypt'], Resource: '*' },
    ],
  });
const keyTag = (subject: Subject) => [{ TagKey: TENANT_TAG, TagValue: tenantIdOf(subject) }];

export const COPIES_TECHNIQUES: readonly AttackTechnique[] = [
  knownPassword('set the master password to a known one'),
  secondSecret('copy the credentials into a second secret under the account’s key', (subject) => ({
    Name: `tenants/${tenantIdOf(subject)}/database-copy`,
  })),
  secondSecret('copy the credentials into a secret of no name with the tenant’s tag', (subject) => ({
    Name: 'reporting/login',
    Tags: tag(subject),
  })),
  secondSecret('copy the credentials into a secret that says so', (subject) => ({
    Name: 'migration',
    Description: `database of ${tenantIdOf(subject)}`,
    KmsKeyId: subject.cell.decoy.keyArn,
  })),
  {
    name: 'lead the secret to a stranger’s server',
    check: 'secrets.target',
    detonate: async ({ subject, root: { secrets } }) => {
      const SecretId = databaseOf(subject).SecretArn;
      const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
      const host = 'database.stranger.example';
      const put = (text: string) => secrets.send(new PutSecretValueCommand({ SecretId, SecretString: text }));
      await put(JSON.stringify({ ...JSON.parse(SecretString), host }));
      return { expectedEvidence: `the secret’s server is ${host}`, revert: () => put(SecretString) };
    },
  },
  proxied('put a proxy without TLS before the database', false),
  proxied('put a proxy with TLS before the database', true),
  {
    name: 'restore a copy of the database beside it',
    check: 'database.copies',
    detonate: async (scene) => ({
      expectedEvidence: 'uses the tenant’s key, and is none of',
      revert: await aCopy(scene, { DBInstanceIdentifier: 'reports' }),
    }),
  },
  anInstance(
    'run a database under the tenant’s key',
    'under-the-key',
    (subject) => ({ KmsKeyId: subject.key.keyArn }),
    'uses the tenant’s key, and is none of',
  ),
  anInstance(
    'run a database with the tenant’s tag',
    'with-the-tag',
    (subject) => ({ Tags: tag(subject) }),
    ':db:with-the-tag has the tenant’s tag',
  ),
  {
    name: 'share a snapshot of that copy with another account',
    check: 'database.snapshots',
    detonate: async (scene) => {
      const { rds } = scene.root;
      const copy = { DBInstanceIdentifier: 'reports-to-share' };
      const ofCopy = { DBSnapshotIdentifier: 'of-the-copy' };
      const revert = await inTurn(
        () => aCopy(scene, copy),
        async () => {
          await rds.send(new CreateDBSnapshotCommand({ ...ofCopy, ...copy }));
          return () => rds.send(new DeleteDBSnapshotCommand(ofCopy));
        },
        async () => {
          const restore = { ...ofCopy, AttributeName: 'restore' };
          await rds.send(new ModifyDBSnapshotAttributeCommand({ ...restore, ValuesToAdd: [STRANGER] }));
          return () => rds.send(new ModifyDBSnapshotAttributeCommand({ ...restore, ValuesToRemove: [STRANGER] }));
        },
      );
      return { expectedEvidence: `snapshot of-the-copy is shared with ${STRANGER}`, revert };
    },
  },
  secondKey('make a second key with the tenant’s tag that everybody may use', async ({ subject, root: { kms } }) => {
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({
        Policy: forEverybody(subject),
        Tags: keyTag(subject),
        BypassPolicyLockoutSafetyCheck: true,
      }),
    );
    return KeyMetadata?.Arn ?? '';
  }),
  secondKey('tag somebody’s key as the tenant’s', async ({ subject, root: { kms } }) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new TagResourceCommand({ KeyId: KeyMetadata?.KeyId, Tags: keyTag(subject) }));
    return KeyMetadata?.Arn ?? '';
  }),
];
