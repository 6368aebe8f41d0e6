import {
  AddRoleToDBInstanceCommand,
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  DeleteDBInstanceCommand,
  RDSClient,
  RebootDBInstanceCommand,
  RemoveRoleFromDBInstanceCommand,
  StartDBInstanceAutomatedBackupsReplicationCommand,
  StopDBInstanceAutomatedBackupsReplicationCommand,
} from '@aws-sdk/client-rds';
import { SIZINGS } from '../../../functions/contract/plans';
import {
  admitting,
  anotherGroup,
  changing,
  changingReplica,
  databaseOf,
  groupOf,
  instanceOf,
  modified,
  sharedSnapshot,
  withoutTls,
} from '../database-changes';
import { type AttackTechnique, inTurn, STRANGER } from '../technique';

export const DATABASE_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'put a database under another key in the place of the tenant’s',
    check: 'database.encryption',
    detonate: async (scene) => {
      const { rds } = scene.root;
      const { subject } = scene;
      const { keyArn } = subject.cell.decoy;
      const { InstanceId, ParameterGroupName, SubnetGroupName } = databaseOf(subject);
      const aside = `${InstanceId}-aside`;
      const { backupRetentionDays, instanceClass } = SIZINGS[subject.tenant.plan];
      const revert = await inTurn(
        async () => {
          await modified(scene, InstanceId, { NewDBInstanceIdentifier: aside });
          return () => modified(scene, aside, { NewDBInstanceIdentifier: InstanceId });
        },
        async () => {
          await rds.send(
            new CreateDBInstanceCommand({
              DBInstanceIdentifier: InstanceId,
              DBInstanceClass: instanceClass,
              Engine: 'postgres',
              AllocatedStorage: 100,
              MasterUsername: 'postgres',
              ManageMasterUserPassword: true,
              StorageEncrypted: true,
              KmsKeyId: keyArn,
              DBSubnetGroupName: SubnetGroupName,
              DBParameterGroupName: ParameterGroupName,
              VpcSecurityGroupIds: [groupOf(subject)],
              MultiAZ: true,
              EnableIAMDatabaseAuthentication: true,
              PubliclyAccessible: false,
              BackupRetentionPeriod: backupRetentionDays,
              EnableCloudwatchLogsExports: ['postgresql'],
            }),
          );
          const gone = { DBInstanceIdentifier: InstanceId, SkipFinalSnapshot: true };
          return () => rds.send(new DeleteDBInstanceCommand(gone));
        },
      );
      return { expectedEvidence: `the database’s KMS key is ${keyArn}`, revert };
    },
  },
  changing(
    'put Database Insights under another tenant’s key',
    'database.insights-encryption',
    ({ cell }) => ({ EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId: cell.decoy.keyArn }),
    ({ key }) => ({ EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId: key.keyArn }),
    ({ cell }) => `the KMS key of Database Insights is ${cell.decoy.keyArn}`,
  ),
  changing(
    'take the standby away',
    'database.multi-az',
    () => ({ MultiAZ: false }),
    () => ({ MultiAZ: true }),
    () => 'Multi-AZ is false',
  ),
  withoutTls('let the database take connections without TLS', 'database.tls', 'rds.force_ssl is 0'),
  {
    name: 'give the database the engine’s own parameter group',
    check: 'database.tls',
    detonate: async (scene) => {
      const { rds } = scene.root;
      const { InstanceId: DBInstanceIdentifier, ParameterGroupName } = databaseOf(scene.subject);
      const grouped = async (DBParameterGroupName: string) => {
        await modified(scene, DBInstanceIdentifier, { DBParameterGroupName });
        await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier }));
      };
      await grouped('default.postgres17');
      return {
        expectedEvidence: 'parameter group default.postgres17 is unexpected',
        revert: () => grouped(ParameterGroupName),
      };
    },
  },
  changing(
    'turn IAM authentication off',
    'database.iam-authentication',
    () => ({ EnableIAMDatabaseAuthentication: false }),
    () => ({ EnableIAMDatabaseAuthentication: true }),
    () => 'IAM authentication is false',
  ),
  admitting(
    'open the database’s port to all addresses',
    () => ({ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }),
    '0.0.0.0/0 on tcp 5432 is unexpected',
  ),
  admitting(
    'open the database’s port to all addresses over IPv6',
    () => ({ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }),
    '::/0 on tcp 5432 is unexpected',
  ),
  admitting(
    'open every port to the cell',
    ({ cell }) => ({ IpProtocol: 'tcp', FromPort: 0, ToPort: 65_535, IpRanges: [{ CidrIp: cell.appCidr }] }),
    'on tcp 0-65535 is unexpected',
  ),
  changingReplica(
    'make the replica public',
    { PubliclyAccessible: true },
    { PubliclyAccessible: false },
    'public access to',
  ),
  changingReplica(
    'turn the replica’s IAM authentication off',
    { EnableIAMDatabaseAuthentication: false },
    { EnableIAMDatabaseAuthentication: true },
    'IAM authentication of',
  ),
  {
    name: 'put another security group on the replica',
    check: 'database.replica',
    detonate: async (scene) => {
      const { ReplicaId } = databaseOf(scene.subject);
      const { GroupId, remove } = await anotherGroup(scene);
      const revert = await inTurn(
        async () => remove,
        async () => {
          await modified(scene, ReplicaId, { VpcSecurityGroupIds: [GroupId] });
          return () => modified(scene, ReplicaId, { VpcSecurityGroupIds: [groupOf(scene.subject)] });
        },
      );
      return { expectedEvidence: `security group of ${ReplicaId} ${GroupId} is unexpected`, revert };
    },
  },
  {
    name: 'make a second replica',
    check: 'database.copies',
    detonate: async ({ subject, root: { rds } }) => {
      const { InstanceId } = databaseOf(subject);
      const copy = { DBInstanceIdentifier: `${InstanceId}-copy` };
      await rds.send(new CreateDBInstanceReadReplicaCommand({ ...copy, SourceDBInstanceIdentifier: InstanceId }));
      return {
        expectedEvidence: `${copy.DBInstanceIdentifier} is a replica of ${InstanceId}`,
        revert: () => rds.send(new DeleteDBInstanceCommand({ ...copy, SkipFinalSnapshot: true })),
      };
    },
  },
  {
    name: 'replicate the backups to another Region',
    check: 'database.copies',
    detonate: async (scene) => {
      const there = new RDSClient({ ...scene.aws, region: 'eu-west-1' });
      const { DBInstanceArn } = await instanceOf(scene, databaseOf(scene.subject).InstanceId);
      const source = { SourceDBInstanceArn: DBInstanceArn };
      await there.send(new StartDBInstanceAutomatedBackupsReplicationCommand(source));
      return {
        expectedEvidence: 'backups are replicated to arn:aws:rds:eu-west-1:',
        revert: () => there.send(new StopDBInstanceAutomatedBackupsReplicationCommand(source)),
      };
    },
  },
  {
    name: 'share a snapshot with another account',
    check: 'database.snapshots',
    detonate: async (scene) => ({
      expectedEvidence: `snapshot exfiltrated is shared with ${STRANGER}`,
      revert: await sharedSnapshot(scene, 'exfiltrated', databaseOf(scene.subject).InstanceId),
    }),
  },
  {
    name: 'share a snapshot of the replica with another account',
    check: 'database.snapshots',
    detonate: async (scene) => ({
      expectedEvidence: `snapshot of-the-replica is shared with ${STRANGER}`,
      revert: await sharedSnapshot(scene, 'of-the-replica', databaseOf(scene.subject).ReplicaId),
    }),
  },
  {
    name: 'give the database a role to export data with',
    check: 'database.roles',
    detonate: async ({ subject, root: { rds } }) => {
      const RoleArn = `arn:aws:iam::${subject.accountId}:role/export`;
      const role = { DBInstanceIdentifier: databaseOf(subject).InstanceId, RoleArn, FeatureName: 's3Export' };
      await rds.send(new AddRoleToDBInstanceCommand(role));
      return {
        expectedEvidence: `IAM role ${RoleArn} is associated for s3Export`,
        revert: () => rds.send(new RemoveRoleFromDBInstanceCommand(role)),
      };
    },
  },
  changing(
    'keep backups for a day',
    'database.backups',
    () => ({ BackupRetentionPeriod: 1 }),
    ({ tenant }) => ({ BackupRetentionPeriod: SIZINGS[tenant.plan].backupRetentionDays }),
    () => 'kept for 1 days',
  ),
  changing(
    'stop the export of the database’s log',
    'database.audit-log',
    () => ({ CloudwatchLogsExportConfiguration: { DisableLogTypes: ['postgresql'] } }),
    () => ({ CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql'] } }),
    () => 'the postgresql log is not exported',
  ),
];
