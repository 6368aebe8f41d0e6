import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSubnetsCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToDBInstanceCommand,
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  CreateDBSubnetGroupCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
  ModifyDBParameterGroupCommand,
  ModifyDBSnapshotAttributeCommand,
  RDSClient,
  RebootDBInstanceCommand,
  RemoveRoleFromDBInstanceCommand,
  StartDBInstanceAutomatedBackupsReplicationCommand,
  StopDBInstanceAutomatedBackupsReplicationCommand,
} from '@aws-sdk/client-rds';
import { SIZINGS } from '../../../functions/contract/plans';
import { type Subject, vpcOf } from '../../../functions/isolation/subject';
import { type AttackTechnique, inTurn, type Revert, type Scene, STRANGER } from '../technique';

const databaseOf = ({ stacks }: Subject) => stacks.database.outputs;
const groupOf = ({ stacks }: Subject) => stacks.network.outputs.DatabaseSecurityGroupId;

type Change = Omit<ModifyDBInstanceCommandInput, 'DBInstanceIdentifier'>;

const modified = ({ root: { rds } }: Scene, DBInstanceIdentifier: string | undefined, change: Change) =>
  rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...change }));

async function instanceOf({ root: { rds } }: Scene, DBInstanceIdentifier: string): Promise<DBInstance> {
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  return DBInstances?.[0] ?? {};
}

/** Changes settings of the instance, and changes them back. */
const changing = (
  name: string,
  check: string,
  change: (subject: Subject) => Change,
  back: (subject: Subject) => Change,
  expectedEvidence: (subject: Subject) => string,
): AttackTechnique => ({
  name,
  check,
  detonate: async (scene) => {
    const { InstanceId } = databaseOf(scene.subject);
    await modified(scene, InstanceId, change(scene.subject));
    return {
      expectedEvidence: expectedEvidence(scene.subject),
      revert: () => modified(scene, InstanceId, back(scene.subject)),
    };
  },
});

/** The same of the read replica. */
const changingReplica = (name: string, change: Change, back: Change, expectedEvidence: string): AttackTechnique => ({
  name,
  check: 'database.replica',
  detonate: async (scene) => {
    const { ReplicaId } = databaseOf(scene.subject);
    await modified(scene, ReplicaId, change);
    return { expectedEvidence: `${expectedEvidence} ${ReplicaId}`, revert: () => modified(scene, ReplicaId, back) };
  },
});

/** Another permission in the database's security group. */
const admitting = (
  name: string,
  permission: (subject: Subject) => IpPermission,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'database.door',
  detonate: async ({ subject, root: { ec2 } }) => {
    const rule = { GroupId: groupOf(subject), IpPermissions: [permission(subject)] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
    return { expectedEvidence, revert: () => ec2.send(new RevokeSecurityGroupIngressCommand(rule)) };
  },
});

/** A security group of the tenant's VPC that is not the database's. */
async function anotherGroup({ subject, root: { ec2 } }: Scene) {
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: 'wide-open', Description: 'wide open', VpcId: vpcOf(subject) }),
  );
  const remove: Revert = () => ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  return { GroupId, remove };
}

async function sharedSnapshot(
  { subject, root: { rds } }: Scene,
  id: string,
  from: string | undefined,
): Promise<Revert> {
  const snapshot = { DBSnapshotIdentifier: id };
  await rds.send(
    new CreateDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier: from ?? databaseOf(subject).InstanceId }),
  );
  await rds.send(
    new ModifyDBSnapshotAttributeCommand({ ...snapshot, AttributeName: 'restore', ValuesToAdd: [STRANGER] }),
  );
  return () => rds.send(new DeleteDBSnapshotCommand(snapshot));
}

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
    'put Performance Insights under another tenant’s key',
    'database.insights-encryption',
    ({ cell }) => ({ EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId: cell.decoy.keyArn }),
    ({ key }) => ({ EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId: key.keyArn }),
    ({ cell }) => `the KMS key of Performance Insights is ${cell.decoy.keyArn}`,
  ),
  changing(
    'make the database public',
    'database.private',
    () => ({ PubliclyAccessible: true }),
    () => ({ PubliclyAccessible: false }),
    () => 'public access is true',
  ),
  changing(
    'take the standby away',
    'database.multi-az',
    () => ({ MultiAZ: false }),
    () => ({ MultiAZ: true }),
    () => 'Multi-AZ is false',
  ),
  {
    name: 'let the database take connections without TLS',
    check: 'database.tls',
    detonate: async ({ subject, root: { rds } }) => {
      const forced = (ParameterValue: '0' | '1') =>
        rds.send(
          new ModifyDBParameterGroupCommand({
            DBParameterGroupName: databaseOf(subject).ParameterGroupName,
            Parameters: [{ ParameterName: 'rds.force_ssl', ParameterValue, ApplyMethod: 'immediate' }],
          }),
        );
      await forced('0');
      return { expectedEvidence: 'rds.force_ssl is 0', revert: () => forced('1') };
    },
  },
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
  {
    name: 'move the database into the cell’s VPC',
    check: 'database.subnet-group',
    detonate: async (scene) => {
      const { subject } = scene;
      const { ec2, rds } = scene.root;
      const { InstanceId, SubnetGroupName } = databaseOf(subject);
      const Filters = [{ Name: 'vpc-id', Values: [subject.cell.vpcId] }];
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
      const group = { DBSubnetGroupName: 'in-the-cell' };
      const revert = await inTurn(
        async () => {
          const SubnetIds = Subnets.map(({ SubnetId = '' }) => SubnetId);
          await rds.send(
            new CreateDBSubnetGroupCommand({ ...group, DBSubnetGroupDescription: 'in the cell', SubnetIds }),
          );
          return () => rds.send(new DeleteDBSubnetGroupCommand(group));
        },
        async () => {
          await modified(scene, InstanceId, group);
          return () => modified(scene, InstanceId, { DBSubnetGroupName: SubnetGroupName });
        },
      );
      return { expectedEvidence: `the subnet group’s VPC is ${subject.cell.vpcId}`, revert };
    },
  },
  {
    name: 'put another security group on the database',
    check: 'database.security-group',
    detonate: async (scene) => {
      const { InstanceId } = databaseOf(scene.subject);
      const own = groupOf(scene.subject);
      const { GroupId, remove } = await anotherGroup(scene);
      const revert = await inTurn(
        async () => remove,
        async () => {
          await modified(scene, InstanceId, { VpcSecurityGroupIds: [own, GroupId] });
          return () => modified(scene, InstanceId, { VpcSecurityGroupIds: [own] });
        },
      );
      return { expectedEvidence: `security group ${GroupId} is unexpected`, revert };
    },
  },
  admitting(
    'open the database’s port to everybody',
    () => ({ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }),
    '0.0.0.0/0 on tcp 5432 is unexpected',
  ),
  admitting(
    'open the database’s port to everybody over IPv6',
    () => ({ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }),
    '::/0 on tcp 5432 is unexpected',
  ),
  admitting(
    'open every port to the cell',
    ({ cell }) => ({ IpProtocol: 'tcp', FromPort: 0, ToPort: 65_535, IpRanges: [{ CidrIp: cell.appCidr }] }),
    'on tcp 0-65535 is unexpected',
  ),
  {
    name: 'let another security group in',
    check: 'database.door',
    detonate: async (scene) => {
      const { ec2 } = scene.root;
      const { GroupId, remove } = await anotherGroup(scene);
      const permission = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId }] };
      const rule = { GroupId: groupOf(scene.subject), IpPermissions: [permission] };
      const revert = await inTurn(
        async () => remove,
        async () => {
          await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
          return () => ec2.send(new RevokeSecurityGroupIngressCommand(rule));
        },
      );
      return { expectedEvidence: `${GroupId} on tcp 5432 is unexpected`, revert };
    },
  },
  {
    name: 'let the database out to everywhere',
    check: 'database.door',
    detonate: async ({ subject, root: { ec2 } }) => {
      const permission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
      const rule = { GroupId: groupOf(subject), IpPermissions: [permission] };
      await ec2.send(new AuthorizeSecurityGroupEgressCommand(rule));
      return {
        expectedEvidence: 'it allows outbound traffic to 0.0.0.0/0',
        revert: () => ec2.send(new RevokeSecurityGroupEgressCommand(rule)),
      };
    },
  },
  {
    name: 'shut the cell out of the database',
    check: 'database.door',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { appCidr } = subject.cell;
      const permission = {
        IpProtocol: 'tcp',
        FromPort: 5432,
        ToPort: 5432,
        IpRanges: [{ CidrIp: appCidr, Description: 'The shared service of the cell' }],
      };
      const rule = { GroupId: groupOf(subject), IpPermissions: [permission] };
      await ec2.send(new RevokeSecurityGroupIngressCommand(rule));
      return {
        expectedEvidence: `inbound rule ${appCidr} on tcp 5432 is missing`,
        revert: () => ec2.send(new AuthorizeSecurityGroupIngressCommand(rule)),
      };
    },
  },
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
