import {
  BackupClient,
  CreateBackupVaultCommand,
  DeleteRecoveryPointCommand,
  StartBackupJobCommand,
} from '@aws-sdk/client-backup';
import {
  CancelExportTaskCommand as CancelExportTaskOfLogs,
  CloudWatchLogsClient,
  CreateExportTaskCommand,
  CreateLogGroupCommand,
  DeleteAccountPolicyCommand,
  DeleteDataProtectionPolicyCommand,
  DescribeAccountPoliciesCommand,
  DescribeExportTasksCommand as DescribeExportTasksOfLogs,
  DescribeLogGroupsCommand,
  GetDataProtectionPolicyCommand,
  PutAccountPolicyCommand,
  PutDataProtectionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CancelExportTaskCommand,
  CreateDBInstanceCommand,
  CreateEventSubscriptionCommand,
  CreateIntegrationCommand,
  DeleteDBInstanceCommand,
  DeleteEventSubscriptionCommand,
  DeleteIntegrationCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventSubscriptionsCommand,
  DescribeExportTasksCommand,
  DescribeIntegrationsCommand,
  RDSClient,
  StartExportTaskCommand,
} from '@aws-sdk/client-rds';
import { type Emulator, startEmulator } from '../emulator';
import { access } from './aws';

let emulator: Emulator;
let rds: RDSClient;
beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  rds = new RDSClient(access(emulator));
}, 60_000);
afterAll(() => emulator?.stop());

const SourceArn = 'arn:aws:rds:eu-central-1:000000000000:snapshot:mine';

test('an export is listed with its source and its bucket, until it is canceled', async () => {
  const named = { ExportTaskIdentifier: 'mine' };
  const IamRoleArn = 'arn:aws:iam::000000000000:role/exports';
  await rds.send(
    new StartExportTaskCommand({ ...named, SourceArn, IamRoleArn, KmsKeyId: 'key', S3BucketName: 'theirs' }),
  );
  const listed = async () => (await rds.send(new DescribeExportTasksCommand({}))).ExportTasks;
  expect(await listed()).toMatchObject([{ ...named, SourceArn, S3Bucket: 'theirs', Status: 'STARTING' }]);
  await rds.send(new CancelExportTaskCommand(named));
  expect(await listed()).toMatchObject([{ ...named, Status: 'CANCELED' }]);
  const other = rds.send(new CancelExportTaskCommand({ ExportTaskIdentifier: 'other' }));
  await expect(other).rejects.toMatchObject({ name: 'ExportTaskNotFoundFault' });
});

test('a database that AWS Backup keeps has a snapshot of the type awsbackup, until the recovery point is deleted', async () => {
  const backup = new BackupClient(access(emulator));
  const database = { DBInstanceIdentifier: 'kept', DBInstanceClass: 'db.t4g.micro', Engine: 'postgres' };
  const login = { MasterUsername: 'somebody', MasterUserPassword: 'not-a-secret', AllocatedStorage: 20 };
  const { DBInstance } = await rds.send(new CreateDBInstanceCommand({ ...database, ...login }));
  const BackupVaultName = 'theirs';
  await backup.send(new CreateBackupVaultCommand({ BackupVaultName }));
  const IamRoleArn = 'arn:aws:iam::000000000000:role/backups';
  const { RecoveryPointArn } = await backup.send(
    new StartBackupJobCommand({ BackupVaultName, ResourceArn: DBInstance?.DBInstanceArn, IamRoleArn }),
  );
  const listed = async (SnapshotType: string) =>
    (await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType }))).DBSnapshots;
  expect(await listed('awsbackup')).toMatchObject([{ DBSnapshotArn: RecoveryPointArn, DBInstanceIdentifier: 'kept' }]);
  expect(await listed('manual')).toEqual([]);
  await backup.send(new DeleteRecoveryPointCommand({ BackupVaultName, RecoveryPointArn }));
  expect(await listed('awsbackup')).toEqual([]);
  await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'kept', SkipFinalSnapshot: true }));
}, 60_000);

test('an integration is listed with its source and its target, until it is deleted', async () => {
  const integration = { IntegrationName: 'mine', SourceArn, TargetArn: 'arn:aws:redshift:eu-central-1:0:theirs' };
  const { IntegrationArn } = await rds.send(new CreateIntegrationCommand(integration));
  const listed = async () => (await rds.send(new DescribeIntegrationsCommand({}))).Integrations;
  expect(await listed()).toMatchObject([integration]);
  const removed = () => rds.send(new DeleteIntegrationCommand({ IntegrationIdentifier: IntegrationArn }));
  await removed();
  expect(await listed()).toEqual([]);
  await expect(removed()).rejects.toMatchObject({ name: 'IntegrationNotFoundFault' });
});

test('an export of a log group is listed with its bucket, until it is canceled', async () => {
  const logs = new CloudWatchLogsClient(access(emulator));
  const { taskId } = await logs.send(
    new CreateExportTaskCommand({ logGroupName: '/tenants/t1', from: 0, to: 1, destination: 'theirs' }),
  );
  const listed = async () => (await logs.send(new DescribeExportTasksOfLogs({}))).exportTasks;
  expect(await listed()).toMatchObject([
    { taskId, logGroupName: '/tenants/t1', destination: 'theirs', status: { code: 'RUNNING' } },
  ]);
  await logs.send(new CancelExportTaskOfLogs({ taskId }));
  expect(await listed()).toMatchObject([{ taskId, status: { code: 'CANCELLED' } }]);
});

test('a subscription of a database’s events is listed with its topic, until it is deleted', async () => {
  const named = { SubscriptionName: 'support' };
  const SnsTopicArn = 'arn:aws:sns:eu-central-1:999999999999:theirs';
  await rds.send(
    new CreateEventSubscriptionCommand({ ...named, SnsTopicArn, SourceType: 'db-instance', SourceIds: ['one', 'two'] }),
  );
  const listed = async () => (await rds.send(new DescribeEventSubscriptionsCommand({}))).EventSubscriptionsList;
  expect(await listed()).toMatchObject([
    { CustSubscriptionId: 'support', SnsTopicArn, SourceType: 'db-instance', SourceIdsList: ['one', 'two'] },
  ]);
  await rds.send(new DeleteEventSubscriptionCommand(named));
  expect(await listed()).toEqual([]);
  await expect(rds.send(new DeleteEventSubscriptionCommand(named))).rejects.toMatchObject({
    name: 'SubscriptionNotFoundFault',
  });
});

test('a policy of the account is listed by its type, until it is deleted', async () => {
  const logs = new CloudWatchLogsClient(access(emulator));
  const policy = { policyName: 'all', policyType: 'SUBSCRIPTION_FILTER_POLICY' as const };
  await logs.send(new PutAccountPolicyCommand({ ...policy, policyDocument: '{}' }));
  const listed = async (policyType: 'SUBSCRIPTION_FILTER_POLICY' | 'DATA_PROTECTION_POLICY') =>
    (await logs.send(new DescribeAccountPoliciesCommand({ policyType }))).accountPolicies;
  expect(await listed('SUBSCRIPTION_FILTER_POLICY')).toMatchObject([{ ...policy, policyDocument: '{}' }]);
  expect(await listed('DATA_PROTECTION_POLICY')).toEqual([]);
  await logs.send(new DeleteAccountPolicyCommand(policy));
  expect(await listed('SUBSCRIPTION_FILTER_POLICY')).toEqual([]);
});

test('a log group with a data protection policy is listed as such, until the policy is deleted', async () => {
  const logs = new CloudWatchLogsClient(access(emulator));
  const named = { logGroupName: 'protected' };
  await logs.send(new CreateLogGroupCommand(named));
  const status = async () =>
    (await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: 'protected' }))).logGroups?.map(
      ({ dataProtectionStatus }) => dataProtectionStatus,
    );
  expect(await status()).toEqual([undefined]);
  const group = { logGroupIdentifier: 'protected' };
  await logs.send(new PutDataProtectionPolicyCommand({ ...group, policyDocument: '{}' }));
  expect(await status()).toEqual(['ACTIVATED']);
  expect(await logs.send(new GetDataProtectionPolicyCommand(group))).toMatchObject({ policyDocument: '{}' });
  await logs.send(new DeleteDataProtectionPolicyCommand(group));
  expect(await status()).toEqual(['DELETED']);
});
