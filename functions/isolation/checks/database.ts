import type { IpPermission } from '@aws-sdk/client-ec2';
import type { DBInstance } from '@aws-sdk/client-rds';
import { SIZINGS } from '../../contract/plans';
import { type Check, expectEqual, expectExactly, finding } from '../check';
import { type Subject, vpcOf } from '../subject';

const PORT = 5432;
const LOG_EXPORTS = ['postgresql'];

const groupsOf = ({ VpcSecurityGroups = [] }: DBInstance) => VpcSecurityGroups.map((each) => each.VpcSecurityGroupId);
const parameterGroupsOf = ({ DBParameterGroups = [] }: DBInstance) =>
  DBParameterGroups.map((each) => each.DBParameterGroupName);

/** What a permission of a security group admits, each source in words. */
function admitted({ IpProtocol, FromPort, ToPort, ...sources }: IpPermission): string[] {
  const ports = FromPort === ToPort ? String(FromPort ?? 'any port') : `${FromPort}-${ToPort}`;
  return [
    ...(sources.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(sources.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(sources.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
    ...(sources.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
  ].map((source) => `${source} on ${IpProtocol} ${ports}`);
}

/** What primary and replica must have in common, each objection under the instance's name. */
function unlike(instance: DBInstance, { key, stacks }: Subject): string[] {
  const name = instance.DBInstanceIdentifier;
  const { network, database } = stacks;
  return [
    ...expectEqual(`encryption of ${name}`, instance.StorageEncrypted, true),
    ...expectEqual(`key of ${name}`, instance.KmsKeyId, key.keyArn),
    ...expectEqual(`public access to ${name}`, instance.PubliclyAccessible, false),
    ...expectEqual(`IAM authentication of ${name}`, instance.IAMDatabaseAuthenticationEnabled, true),
    ...expectExactly(`security group of ${name}`, groupsOf(instance), [network.outputs.DatabaseSecurityGroupId]),
    ...expectExactly(`parameter group of ${name}`, parameterGroupsOf(instance), [database.outputs.ParameterGroupName]),
  ];
}

export const DATABASE_CHECKS: readonly Check[] = [
  {
    id: 'database.encryption',
    title: 'The database is encrypted under the tenant’s key',
    question: 'Is everything that the database stores encrypted under the tenant’s key?',
    severity: 'critical',
    control: 'FSBP RDS.3, CIS AWS Foundations 2.3.1',
    run: async ({ key }, { facts }) => {
      const { StorageEncrypted, KmsKeyId } = await facts.database.instance();
      return finding(
        [...expectEqual('encryption', StorageEncrypted, true), ...expectEqual('its key', KmsKeyId, key.keyArn)],
        'encrypted under the tenant’s key',
      );
    },
  },
  {
    id: 'database.insights-encryption',
    title: 'Performance Insights is encrypted under the tenant’s key',
    question: 'Are the statements that Performance Insights keeps encrypted under the tenant’s key?',
    severity: 'high',
    control: 'SOC 2 CC6.1',
    run: async ({ key }, { facts }) => {
      const { PerformanceInsightsEnabled, PerformanceInsightsKMSKeyId } = await facts.database.instance();
      return finding(
        PerformanceInsightsEnabled ? expectEqual('its key', PerformanceInsightsKMSKeyId, key.keyArn) : [],
        PerformanceInsightsEnabled ? 'encrypted under the tenant’s key' : 'Performance Insights is off',
      );
    },
  },
  {
    id: 'database.private',
    title: 'The database has no public address',
    question: 'Is the database out of the internet’s reach?',
    severity: 'critical',
    control: 'FSBP RDS.2, CIS AWS Foundations 2.3.3',
    run: async (_, { facts }) =>
      finding(
        expectEqual('public access', (await facts.database.instance()).PubliclyAccessible, false),
        'it has no public address',
      ),
  },
  {
    id: 'database.multi-az',
    title: 'The database stands in as many zones as the plan says',
    question: 'Has the database a standby in a second zone, where the tenant’s plan has one?',
    severity: 'medium',
    control: 'FSBP RDS.5, SOC 2 A1.2',
    run: async ({ tenant }, { facts }) => {
      const { multiAz } = SIZINGS[tenant.plan];
      const actual = (await facts.database.instance()).MultiAZ;
      return finding(
        multiAz ? expectEqual('a standby', actual, true) : [],
        multiAz ? 'it has a standby' : 'none is promised',
      );
    },
  },
  {
    id: 'database.tls',
    title: 'The database takes TLS connections alone',
    question: 'Does the database refuse connections without TLS, by a parameter that is in force?',
    severity: 'high',
    control: 'FSBP RDS.38',
    run: async ({ stacks }, { facts }) => {
      const [instance, forceTls] = await Promise.all([facts.database.instance(), facts.database.forceTls()]);
      const { ParameterGroupName } = stacks.database.outputs;
      const group = instance.DBParameterGroups?.find((each) => each.DBParameterGroupName === ParameterGroupName);
      return finding(
        [
          ...expectExactly('parameter group', parameterGroupsOf(instance), [ParameterGroupName]),
          ...expectEqual('rds.force_ssl', forceTls, '1'),
          ...expectEqual('the parameter group’s state', group?.ParameterApplyStatus, 'in-sync'),
        ],
        'rds.force_ssl is 1 and in force',
      );
    },
  },
  {
    id: 'database.iam-authentication',
    title: 'The shared service logs in by IAM',
    question: 'Does the database take IAM’s tokens, so that no password is shared?',
    severity: 'high',
    control: 'FSBP RDS.10',
    run: async (_, { facts }) => {
      const { IAMDatabaseAuthenticationEnabled } = await facts.database.instance();
      return finding(
        expectEqual('IAM authentication', IAMDatabaseAuthenticationEnabled, true),
        'it takes IAM’s tokens',
      );
    },
  },
  {
    id: 'database.subnet-group',
    title: 'The database stands in the tenant’s own subnets',
    question: 'Does the database’s subnet group hold the subnets of the tenant’s VPC and no others?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const { DBSubnetGroup } = await facts.database.instance();
      const subnets = (DBSubnetGroup?.Subnets ?? []).map((each) => each.SubnetIdentifier);
      const own = subject.stacks.network.outputs.DatabaseSubnetIds.split(',');
      return finding(
        [...expectEqual('its VPC', DBSubnetGroup?.VpcId, vpcOf(subject)), ...expectExactly('subnet', subnets, own)],
        `${own.length} subnets of ${vpcOf(subject)}`,
      );
    },
  },
  {
    id: 'database.security-group',
    title: 'The database is behind its own security group alone',
    question: 'Is the tenant’s security group the one and only on the database?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ stacks }, { facts }) => {
      const { DatabaseSecurityGroupId } = stacks.network.outputs;
      const groups = groupsOf(await facts.database.instance());
      return finding(expectExactly('security group', groups, [DatabaseSecurityGroupId]), DatabaseSecurityGroupId);
    },
  },
  {
    id: 'database.door',
    title: 'Only the cell reaches the database, on its port',
    question: 'Does the security group admit the application subnets of the cell on 5432, and let nothing out?',
    severity: 'critical',
    control: 'FSBP EC2.18, EC2.19, SOC 2 CC6.6',
    run: async ({ cell }, { facts }) => {
      const group = await facts.network.securityGroup();
      const inward = (group?.IpPermissions ?? []).flatMap(admitted);
      const outward = (group?.IpPermissionsEgress ?? []).flatMap(admitted);
      return finding(
        [
          ...expectExactly('admitted', inward, [`${cell.appCidr} on tcp ${PORT}`]),
          ...outward.filter((each) => !each.startsWith('127.0.0.1/32 ')).map((each) => `it lets out to ${each}`),
        ],
        `${cell.appCidr} on ${PORT}, nothing out`,
      );
    },
  },
  {
    id: 'database.replica',
    title: 'The read replica is as closed as its source',
    question: 'Is the read replica encrypted, private and guarded as its source is, where the plan has one?',
    severity: 'critical',
    control: 'FSBP RDS.3, RDS.2',
    run: async (subject, { facts }) => {
      const replica = await facts.database.replica();
      const promised = SIZINGS[subject.tenant.plan].replicas === 1;
      if (!replica) return finding(promised ? ['the plan has a replica, the tenant has none'] : [], 'none is promised');
      const { InstanceId } = subject.stacks.database.outputs;
      return finding(
        [
          ...unlike(replica, subject),
          ...expectEqual('its source', replica.ReadReplicaSourceDBInstanceIdentifier, InstanceId),
        ],
        `${replica.DBInstanceIdentifier}, like its source`,
      );
    },
  },
  {
    id: 'database.copies',
    title: 'No other copy of the database is kept up to date',
    question: 'Is the tenant’s own replica the only one, and are backups replicated nowhere?',
    severity: 'critical',
    control: 'SOC 2 CC6.7',
    run: async ({ stacks }, { facts }) => {
      const { ReplicaId } = stacks.database.outputs;
      const all = await Promise.all([facts.database.instance(), facts.database.replica()]);
      const violations = all
        .filter((instance) => instance !== undefined)
        .flatMap((instance) => [
          ...[...(instance.ReadReplicaDBInstanceIdentifiers ?? []), ...(instance.ReadReplicaDBClusterIdentifiers ?? [])]
            .filter((id) => id !== ReplicaId)
            .map((id) => `${id} is a replica of ${instance.DBInstanceIdentifier}`),
          ...(instance.DBInstanceAutomatedBackupsReplications ?? []).map(
            (each) => `backups are replicated to ${each.DBInstanceAutomatedBackupsArn}`,
          ),
        ]);
      return finding(violations, 'no further replica, no replicated backups');
    },
  },
  {
    id: 'database.snapshots',
    title: 'No snapshot is shared',
    question: 'Is every snapshot of the database encrypted, and restorable by this account alone?',
    severity: 'critical',
    control: 'FSBP RDS.1, RDS.4',
    run: async (_, { facts }) => {
      const snapshots = await facts.database.manualSnapshots();
      return finding(
        snapshots.flatMap(({ snapshot, sharedWith }) => [
          ...(snapshot.Encrypted ? [] : [`snapshot ${snapshot.DBSnapshotIdentifier} is not encrypted`]),
          ...sharedWith.map((account) => `snapshot ${snapshot.DBSnapshotIdentifier} is shared with ${account}`),
        ]),
        `${snapshots.length} snapshots beside the automated ones, none shared`,
      );
    },
  },
  {
    id: 'database.roles',
    title: 'The database itself can reach nothing',
    question: 'Is the database without IAM roles, by which statements could read or write other services?',
    severity: 'high',
    control: 'SOC 2 CC6.7',
    run: async (_, { facts }) => {
      const { AssociatedRoles = [] } = await facts.database.instance();
      return finding(
        AssociatedRoles.map(({ RoleArn, FeatureName }) => `it has ${RoleArn} for ${FeatureName}`),
        'no role is associated',
      );
    },
  },
  {
    id: 'database.backups',
    title: 'Backups are kept as long as the plan says',
    question: 'Are automated backups kept for at least as many days as the tenant’s plan promises?',
    severity: 'medium',
    control: 'FSBP RDS.11, SOC 2 A1.2',
    run: async ({ tenant }, { facts }) => {
      const { backupRetentionDays } = SIZINGS[tenant.plan];
      const { BackupRetentionPeriod: days = 0 } = await facts.database.instance();
      const short = days < backupRetentionDays ? [`kept for ${days} days, not ${backupRetentionDays}`] : [];
      return finding(short, `kept for ${days} days`);
    },
  },
  {
    id: 'database.audit-log',
    title: 'The database’s log leaves the database',
    question: 'Are sessions and schema changes logged where whoever changes the database cannot change the log?',
    severity: 'medium',
    control: 'FSBP RDS.9, SOC 2 CC7.2',
    run: async (_, { facts }) => {
      const { EnabledCloudwatchLogsExports: exported = [] } = await facts.database.instance();
      return finding(
        LOG_EXPORTS.filter((log) => !exported.includes(log)).map((log) => `the ${log} log is not exported`),
        `exports ${exported.join(', ')}`,
      );
    },
  },
];
