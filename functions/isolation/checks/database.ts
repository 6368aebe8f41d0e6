import type { IpPermission } from '@aws-sdk/client-ec2';
import type { GrantListEntry } from '@aws-sdk/client-kms';
import type { DBInstance } from '@aws-sdk/client-rds';
import { SIZINGS } from '../../contract/plans';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEach, expectEqual, expectExactly, expectNoOther, finding } from '../check';
import type { Facts } from '../facts/facts';
import { DATABASE_METADATA } from '../metadata/database';
import { isBackupPlaced } from '../placed';
import { isInService, type Subject, vpcOf } from '../subject';
import { instancesOf } from './master-password';

const PORT = 5432;
const LOG_EXPORTS = ['postgresql'];
/** The default is TLSv1.2 ("Using SSL with a PostgreSQL DB instance"). */
const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'];

const DAY_MS = 24 * 60 * 60_000;
/** RDS renews a server's certificate by itself, long before; clients refuse one that has ended ("Using SSL/TLS to encrypt a connection"). */
const ENDS_SOON_DAYS = 14;

function endingCertificate({ DBInstanceIdentifier, CertificateDetails }: DBInstance): string[] {
  const { ValidTill } = CertificateDetails ?? {};
  return ValidTill && ValidTill.getTime() - Date.now() < ENDS_SOON_DAYS * DAY_MS
    ? [`the certificate of ${DBInstanceIdentifier} ends at ${ValidTill.toISOString()}`]
    : [];
}

const groupsOf = ({ VpcSecurityGroups = [] }: DBInstance) => VpcSecurityGroups.map((each) => each.VpcSecurityGroupId);
const parameterGroupsOf = ({ DBParameterGroups = [] }: DBInstance) =>
  DBParameterGroups.map((each) => each.DBParameterGroupName);

/** The traffic that a permission of a security group allows, one line a source. */
function allowedTraffic({ IpProtocol, FromPort, ToPort, ...sources }: IpPermission): string[] {
  const ports = FromPort === ToPort ? String(FromPort ?? 'any port') : `${FromPort}-${ToPort}`;
  return [
    ...(sources.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(sources.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(sources.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
    ...(sources.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
  ].map((source) => `${source} on ${IpProtocol} ${ports}`);
}

/** Properties that primary and replica must have in common. Each violation names the instance. */
function differencesFrom(instance: DBInstance, { key, stacks }: Subject): string[] {
  const name = instance.DBInstanceIdentifier;
  const { network, database } = stacks;
  return [
    ...expectEqual(`encryption of ${name}`, instance.StorageEncrypted, true),
    ...expectEqual(`key of ${name}`, instance.KmsKeyId, key.keyArn),
    ...expectEqual(`public access to ${name}`, instance.PubliclyAccessible, false),
    ...expectEqual(`IAM authentication of ${name}`, instance.IAMDatabaseAuthenticationEnabled, true),
    ...(instance.PerformanceInsightsEnabled
      ? expectEqual(`key of Database Insights of ${name}`, instance.PerformanceInsightsKMSKeyId, key.keyArn)
      : []),
    ...expectExactly(`security group of ${name}`, groupsOf(instance), [network.outputs.DatabaseSecurityGroupId]),
    ...expectExactly(`parameter group of ${name}`, parameterGroupsOf(instance), [database.outputs.ParameterGroupName]),
    ...expectEqual(`the VPC of ${name}`, instance.DBSubnetGroup?.VpcId, network.outputs.VpcId),
    ...expectExactly(
      `subnet of ${name}`,
      (instance.DBSubnetGroup?.Subnets ?? []).map((each) => each.SubnetIdentifier),
      network.outputs.DatabaseSubnetIds.split(','),
    ),
  ];
}

/** What AWS Backup keeps of the tenant's databases without being placed: by whichever plan, or by hand. */
async function keptByBackup(subject: Subject, { lists }: Facts): Promise<string[]> {
  if (isBackupPlaced(subject.placed)) return [];
  const { InstanceId, ReplicaId } = subject.stacks.database.outputs;
  return (await lists.recoveryPoints())
    .filter(
      ({ DBInstanceIdentifier: id, KmsKeyId }) =>
        (id !== undefined && [InstanceId, ReplicaId].includes(id)) || KmsKeyId === subject.key.keyArn,
    )
    .map(
      ({ DBInstanceIdentifier, DBSnapshotIdentifier }) =>
        `AWS Backup keeps ${DBSnapshotIdentifier} of ${DBInstanceIdentifier}`,
    );
}

/** "DBInstance": a stream of all statements, and continuous backups in a vault of AWS Backup. */
function streamsOf(instance: DBInstance, { placed }: Subject): string[] {
  const { DBInstanceIdentifier: id, ActivityStreamStatus: status, ActivityStreamKinesisStreamName: stream } = instance;
  return [
    ...(status === 'started' || status === 'starting' ? [`${id} sends its activities to the stream ${stream}`] : []),
    ...(instance.AwsBackupRecoveryPointArn && !isBackupPlaced(placed)
      ? [`AWS Backup keeps up to date ${instance.AwsBackupRecoveryPointArn} of ${id}`]
      : []),
  ];
}

/** "DomainMembership": whoever is in the directory may have a login. A membership that has ended stays for a while. */
const domainsOf = ({ DBInstanceIdentifier, DomainMemberships = [] }: DBInstance) =>
  DomainMemberships.filter(({ Status }) => !['removed', 'failed'].includes(Status ?? '')).map(
    ({ Domain, FQDN, Status }) => `${DBInstanceIdentifier} is in the directory ${FQDN ?? Domain} (${Status})`,
  );

/** The database to which a grant on the key is bound. */
const databaseIn = (constraints: GrantListEntry['Constraints']) =>
  (constraints?.EncryptionContextEquals ?? constraints?.EncryptionContextSubset)?.['aws:rds:db-id'];

export const DATABASE_CHECKS: readonly Check[] = checksOf(DATABASE_METADATA, {
  'database.encryption': async ({ key }, { facts }) => {
    const { StorageEncrypted, KmsKeyId } = await facts.database.instance();
    return finding(
      [
        ...expectEqual('storage encryption', StorageEncrypted, true),
        ...expectEqual('the database’s KMS key', KmsKeyId, key.keyArn),
      ],
      'encrypted under the tenant’s key',
    );
  },
  'database.insights-encryption': async ({ key }, { facts }) => {
    const { PerformanceInsightsEnabled, PerformanceInsightsKMSKeyId } = await facts.database.instance();
    return finding(
      PerformanceInsightsEnabled
        ? expectEqual('the KMS key of Database Insights', PerformanceInsightsKMSKeyId, key.keyArn)
        : [],
      PerformanceInsightsEnabled ? 'encrypted under the tenant’s key' : 'Database Insights is off',
    );
  },
  'database.private': async (_, { facts }) =>
    finding(
      expectEqual('public access', (await facts.database.instance()).PubliclyAccessible, false),
      'the database has no public address',
    ),
  'database.multi-az': async ({ tenant }, { facts }) => {
    const { multiAz } = SIZINGS[tenant.plan];
    const actual = (await facts.database.instance()).MultiAZ;
    return finding(
      multiAz ? expectEqual('Multi-AZ', actual, true) : [],
      multiAz ? 'the database has a standby' : 'the plan promises no standby',
    );
  },
  'database.tls': async ({ stacks }, { facts }) => {
    const [instance, parameters] = await settled([facts.database.instance(), facts.database.parameters()]);
    const parameterCalled = (name: string) => parameters.find((each) => each.ParameterName === name)?.ParameterValue;
    const oldest = parameterCalled('ssl_min_protocol_version') ?? 'TLSv1.2';
    const { ParameterGroupName } = stacks.database.outputs;
    const stateOf = ({ DBParameterGroups = [] }: DBInstance) =>
      DBParameterGroups.find((each) => each.DBParameterGroupName === ParameterGroupName)?.ParameterApplyStatus;
    const instances = await instancesOf(facts);
    const applying = instances.filter((each) => stateOf(each) === 'applying').map((each) => each.DBInstanceIdentifier);
    return finding(
      [
        ...expectExactly('parameter group', parameterGroupsOf(instance), [ParameterGroupName]),
        ...expectEqual('rds.force_ssl', parameterCalled('rds.force_ssl'), '1'),
        ...(TLS_VERSIONS.includes(oldest) ? [] : [`the database accepts ${oldest} (ssl_min_protocol_version)`]),
        ...instances.flatMap((each) =>
          // A change of parameters that is being made: what they are is asked above, and they are in force in a moment.
          stateOf(each) === 'applying'
            ? []
            : expectEqual(`the parameter group’s state of ${each.DBInstanceIdentifier}`, stateOf(each), 'in-sync'),
        ),
        ...instances.flatMap(endingCertificate),
      ],
      applying.length > 0
        ? `rds.force_ssl is 1; RDS is applying the parameter group to ${applying.join(', ')}`
        : 'rds.force_ssl is 1 and in force',
    );
  },
  'database.iam-authentication': async (_, { facts }) => {
    const { IAMDatabaseAuthenticationEnabled } = await facts.database.instance();
    return finding(
      [
        ...expectEqual('IAM authentication', IAMDatabaseAuthenticationEnabled, true),
        ...(await instancesOf(facts)).flatMap(domainsOf),
      ],
      'IAM authentication is enabled, and no directory has logins',
    );
  },
  'database.subnet-group': async (subject, { facts }) => {
    const { DBSubnetGroup } = await facts.database.instance();
    const subnets = (DBSubnetGroup?.Subnets ?? []).map((each) => each.SubnetIdentifier);
    const own = subject.stacks.network.outputs.DatabaseSubnetIds.split(',');
    return finding(
      [
        ...expectEqual('the subnet group’s VPC', DBSubnetGroup?.VpcId, vpcOf(subject)),
        ...expectExactly('subnet', subnets, own),
      ],
      `${own.length} subnets of ${vpcOf(subject)}`,
    );
  },
  'database.security-group': async ({ stacks }, { facts }) => {
    const { DatabaseSecurityGroupId } = stacks.network.outputs;
    const groups = groupsOf(await facts.database.instance());
    return finding(
      expectExactly('security group', groups, [DatabaseSecurityGroupId]),
      `only ${DatabaseSecurityGroupId}`,
    );
  },
  'database.door': async ({ cell }, { facts }) => {
    const group = await facts.network.securityGroup();
    const inward = (group?.IpPermissions ?? []).flatMap(allowedTraffic);
    const outward = (group?.IpPermissionsEgress ?? []).flatMap(allowedTraffic);
    const expected = [`${cell.appCidr} on tcp ${PORT}`];
    return finding(
      [
        ...expectNoOther('inbound rule', inward, expected),
        ...outward
          .filter((each) => !each.startsWith('127.0.0.1/32 '))
          .map((each) => `it allows outbound traffic to ${each}`),
      ],
      `inbound ${cell.appCidr} on tcp ${PORT}, no outbound traffic`,
      expectEach('inbound rule', inward, expected),
    );
  },
  'database.replica': async (subject, { facts }) => {
    const replica = await facts.database.replica();
    const promised = SIZINGS[subject.tenant.plan].replicas === 1;
    if (!replica)
      return finding(
        [],
        'the plan promises no replica',
        // A greater plan comes to the record before it comes to the stack.
        promised ? ['the plan promises a replica, and the tenant has none'] : [],
      );
    const { InstanceId } = subject.stacks.database.outputs;
    return finding(
      [
        ...differencesFrom(replica, subject),
        ...expectEqual('the replica’s source', replica.ReadReplicaSourceDBInstanceIdentifier, InstanceId),
      ],
      `${replica.DBInstanceIdentifier} is as closed as its source`,
    );
  },
  'database.copies': async (subject, { facts }) => {
    const { InstanceId, ReplicaId, ResourceId } = subject.stacks.database.outputs;
    const [primary, replica, grants, tagged, kept] = await settled([
      facts.database.instance(),
      facts.database.replica(),
      facts.key.grants(),
      facts.tagged.arns(),
      keptByBackup(subject, facts),
    ]);
    const all = [primary, replica];
    const own = [ResourceId, ...all.map((each) => each?.DbiResourceId)];
    const underKey = grants
      .map(({ Constraints }) => databaseIn(Constraints))
      .filter((id) => id !== undefined && !own.includes(id));
    const withTag = tagged
      .filter((arn) => /^arn:aws:rds:[^:]*:[^:]*:(?:db|cluster):/.test(arn))
      .filter((arn) => ![InstanceId, ReplicaId].some((id) => id !== undefined && arn.endsWith(`:db:${id}`)));
    const violations = all
      .filter((instance) => instance !== undefined)
      .flatMap((instance) => [
        ...[...(instance.ReadReplicaDBInstanceIdentifiers ?? []), ...(instance.ReadReplicaDBClusterIdentifiers ?? [])]
          .filter((id) => id !== ReplicaId)
          .map((id) => `${id} is a replica of ${instance.DBInstanceIdentifier}`),
        ...(instance.DBInstanceAutomatedBackupsReplications ?? []).map(
          (each) => `backups are replicated to ${each.DBInstanceAutomatedBackupsArn}`,
        ),
        ...streamsOf(instance, subject),
      ]);
    return finding(
      [
        ...violations,
        ...[...new Set(underKey)].map((id) => `database ${id} uses the tenant’s key, and is none of the tenant’s`),
        ...withTag.map((arn) => `${arn} has the tenant’s tag`),
        ...kept,
      ],
      'no other replica, no other database under the tenant’s key or tag, no replicated backups',
    );
  },
  'database.snapshots': async ({ key }, { facts }) => {
    const snapshots = await facts.database.manualSnapshots();
    return finding(
      snapshots.flatMap(({ snapshot, sharedWith }) => [
        ...(snapshot.Encrypted
          ? expectEqual(`the key of snapshot ${snapshot.DBSnapshotIdentifier}`, snapshot.KmsKeyId, key.keyArn)
          : [`snapshot ${snapshot.DBSnapshotIdentifier} is not encrypted`]),
        ...sharedWith.map((account) => `snapshot ${snapshot.DBSnapshotIdentifier} is shared with ${account}`),
      ]),
      `${snapshots.length} manual snapshots, all under the tenant’s key, none shared`,
    );
  },
  'database.roles': async (_, { facts }) =>
    finding(
      (await instancesOf(facts)).flatMap(({ DBInstanceIdentifier, AssociatedRoles = [] }) =>
        AssociatedRoles.map(
          ({ RoleArn, FeatureName }) =>
            `IAM role ${RoleArn} is associated for ${FeatureName} of ${DBInstanceIdentifier}`,
        ),
      ),
      'no IAM role is associated',
    ),
  'database.backups': async ({ tenant }, { facts }) => {
    const [{ BackupRetentionPeriod: days = 0 }, { database }] = await settled([
      facts.database.instance(),
      facts.stacks.all(),
    ]);
    const launchedWith = database?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'BackupRetentionDays');
    // Whichever is longer: a smaller plan on the record alone forgets no backup.
    const promised = Math.max(SIZINGS[tenant.plan].backupRetentionDays, Number(launchedWith?.ParameterValue ?? 0));
    const short = days < promised ? [`backups are kept for ${days} days, not ${promised}`] : [];
    return finding(short, `backups are kept for ${days} days`);
  },
  'database.protection': async (subject, { facts }) =>
    finding(
      isInService(subject)
        ? (await instancesOf(facts)).flatMap(({ DBInstanceIdentifier, DeletionProtection }) =>
            expectEqual(`deletion protection of ${DBInstanceIdentifier}`, DeletionProtection, true),
          )
        : [],
      isInService(subject) ? 'the database is protected from deletion' : 'the tenant is not in service yet',
    ),
  'database.audit-log': async (_, { facts }) => {
    const instances = await instancesOf(facts);
    return finding(
      instances.flatMap(({ DBInstanceIdentifier, EnabledCloudwatchLogsExports: exported = [] }) =>
        LOG_EXPORTS.filter((log) => !exported.includes(log)).map(
          (log) => `the ${log} log is not exported by ${DBInstanceIdentifier}`,
        ),
      ),
      `the database exports ${instances[0]?.EnabledCloudwatchLogsExports?.join(', ')}`,
    );
  },
});
