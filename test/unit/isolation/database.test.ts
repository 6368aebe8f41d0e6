import { SIZINGS } from '../../../functions/contract/plans';
import { DATABASE_CHECKS } from '../../../functions/isolation/checks/database';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aKey, aTenant, theStacks } from '../../support/builders';
import type { FactData } from '../../support/isolated-tenant';

const OTHER_KEY = aKey().keyArn.replace('1234abcd', 'ffffffff');

const called = (facts: FactData, name: string): { ParameterValue?: string | undefined } => {
  const found = facts.database.parameters.find(({ ParameterName }) => ParameterName === name);
  if (!found) throw new Error(`the group has no parameter ${name}`);
  return found;
};

testBreaches(DATABASE_CHECKS, [
  ['database.encryption', 'off', ({ facts }) => (facts.database.instance.StorageEncrypted = false), 'false'],
  ['database.encryption', 'other key', ({ facts }) => (facts.database.instance.KmsKeyId = OTHER_KEY), OTHER_KEY],
  [
    'database.insights-encryption',
    'other key',
    ({ facts }) => (facts.database.instance.PerformanceInsightsKMSKeyId = OTHER_KEY),
    OTHER_KEY,
  ],
  ['database.private', 'public', ({ facts }) => (facts.database.instance.PubliclyAccessible = true), 'public access'],
  ['database.multi-az', 'one zone', ({ facts }) => (facts.database.instance.MultiAZ = false), 'Multi-AZ is false'],
  [
    'database.tls',
    'not forced',
    ({ facts }) => (called(facts, 'rds.force_ssl').ParameterValue = '0'),
    'force_ssl is 0',
  ],
  [
    'database.tls',
    'by an old version',
    ({ facts }) =>
      facts.database.parameters.push({ ParameterName: 'ssl_min_protocol_version', ParameterValue: 'TLSv1' }),
    'the database accepts TLSv1 (ssl_min_protocol_version)',
  ],
  [
    'database.backups',
    'as short as the smaller plan that only the record names',
    ({ facts, subject }) => {
      subject.tenant.plan = 'growth';
      facts.database.instance.BackupRetentionPeriod = 14;
    },
    'backups are kept for 14 days, not 35',
  ],
  [
    'database.roles',
    'of the replica',
    ({ facts }) => facts.database.replica.AssociatedRoles.push({ RoleArn: 'arn:role', FeatureName: 's3Export' }),
    `is associated for s3Export of tenant-${aTenant().tenantId}-replica`,
  ],
  [
    'database.audit-log',
    'of the replica',
    ({ facts }) => (facts.database.replica.EnabledCloudwatchLogsExports = []),
    `postgresql log is not exported by tenant-${aTenant().tenantId}-replica`,
  ],
  [
    'database.replica',
    'with Database Insights under another key',
    ({ facts }) => (facts.database.replica.PerformanceInsightsKMSKeyId = 'arn:other'),
    'key of Database Insights of',
  ],
  [
    'database.tls',
    'not in force before a reboot',
    ({ facts }) => (facts.database.instance.DBParameterGroups[0].ParameterApplyStatus = 'pending-reboot'),
    'pending-reboot',
  ],
  [
    'database.tls',
    'not in force before a reboot of the replica',
    ({ facts }) => (facts.database.replica.DBParameterGroups[0].ParameterApplyStatus = 'pending-reboot'),
    `of tenant-${aTenant().tenantId}-replica is pending-reboot`,
  ],
  [
    'database.tls',
    'by another parameter group',
    ({ facts }) => (facts.database.instance.DBParameterGroups[0].DBParameterGroupName = 'default.postgres18'),
    'is absent, not in-sync',
  ],
  [
    'database.iam-authentication',
    'off',
    ({ facts }) => (facts.database.instance.IAMDatabaseAuthenticationEnabled = false),
    'IAM authentication is false',
  ],
  [
    'database.subnet-group',
    'with a subnet of another VPC',
    ({ facts }) => facts.database.instance.DBSubnetGroup.Subnets.push({ SubnetIdentifier: 'subnet-0cell' }),
    'subnet-0cell is unexpected',
  ],
  [
    'database.subnet-group',
    'elsewhere',
    ({ facts }) => (facts.database.instance.DBSubnetGroup.VpcId = 'vpc-0'),
    'vpc-0',
  ],
  [
    'database.security-group',
    'behind a second group',
    ({ facts }) => facts.database.instance.VpcSecurityGroups.push({ VpcSecurityGroupId: 'sg-0wide' }),
    'sg-0wide is unexpected',
  ],
  [
    'database.door',
    'open to the world',
    ({ facts }) => facts.network.securityGroup.IpPermissions[0].IpRanges.push({ CidrIp: '0.0.0.0/0' }),
    '0.0.0.0/0 on tcp 5432 is unexpected',
  ],
  [
    'database.door',
    'open on more ports',
    ({ facts }) => (facts.network.securityGroup.IpPermissions[0].FromPort = 22),
    'on tcp 22-5432 is unexpected',
  ],
  [
    'database.door',
    'open to another group',
    ({ facts }) =>
      facts.network.securityGroup.IpPermissions.push({ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-0x' }] }),
    'sg-0x on -1 any port',
  ],
  [
    'database.door',
    'letting out',
    ({ facts }) => (facts.network.securityGroup.IpPermissionsEgress[0].IpRanges[0].CidrIp = '0.0.0.0/0'),
    'it allows outbound traffic to 0.0.0.0/0',
  ],
  [
    'database.replica',
    'unencrypted',
    ({ facts }) => (facts.database.replica.StorageEncrypted = false),
    'encryption of',
  ],
  ['database.replica', 'public', ({ facts }) => (facts.database.replica.PubliclyAccessible = true), 'public access to'],
  ['database.replica', 'missing', ({ facts }) => (facts.database.replica = undefined), 'the tenant has none'],
  [
    'database.replica',
    'of another database',
    ({ facts }) => (facts.database.replica.ReadReplicaSourceDBInstanceIdentifier = 'other'),
    'the replica’s source is other',
  ],
  [
    'database.copies',
    'a second replica',
    ({ facts }) => facts.database.instance.ReadReplicaDBInstanceIdentifiers.push('copy'),
    'copy is a replica of',
  ],
  [
    'database.copies',
    'a replica of the replica',
    ({ facts }) => (facts.database.replica.ReadReplicaDBInstanceIdentifiers = ['copy']),
    'copy is a replica of',
  ],
  [
    'database.copies',
    'replicated backups',
    ({ facts }) =>
      (facts.database.instance.DBInstanceAutomatedBackupsReplications = [{ DBInstanceAutomatedBackupsArn: 'arn:b' }]),
    'backups are replicated to arn:b',
  ],
  [
    'database.snapshots',
    'shared',
    ({ facts }) => facts.database.manualSnapshots[0].sharedWith.push('999999999999'),
    'before-release is shared with 999999999999',
  ],
  [
    'database.snapshots',
    'unencrypted',
    ({ facts }) => (facts.database.manualSnapshots[0].snapshot.Encrypted = false),
    'is not encrypted',
  ],
  [
    'database.snapshots',
    'copied under another key',
    ({ facts }) => (facts.database.manualSnapshots[0].snapshot.KmsKeyId = OTHER_KEY),
    `the key of snapshot before-release is ${OTHER_KEY}`,
  ],
  [
    'database.iam-authentication',
    'in a directory',
    ({ facts }) =>
      (facts.database.replica.DomainMemberships = [{ Domain: 'd-0strange', FQDN: 'ad.stranger', Status: 'joined' }]),
    'is in the directory ad.stranger (joined)',
  ],
  [
    'database.copies',
    'with a stream of its activities',
    ({ facts }) =>
      Object.assign(facts.database.instance, {
        ActivityStreamStatus: 'started',
        ActivityStreamKinesisStreamName: 'aws-rds-das-db-1',
      }),
    'sends its activities to the stream aws-rds-das-db-1',
  ],
  [
    'database.copies',
    'in a vault of nobody',
    ({ facts, subject }) => {
      subject.placed.keyUsers = [];
      facts.database.instance.AwsBackupRecoveryPointArn = 'arn:continuous';
    },
    'AWS Backup keeps up to date arn:continuous',
  ],
  [
    'database.copies',
    'kept by a backup of nobody',
    ({ facts, subject }) => {
      subject.placed.keyUsers = [];
      facts.lists.recoveryPoints.push({
        DBSnapshotIdentifier: 'awsbackup:job-1',
        DBInstanceIdentifier: `tenant-${aTenant().tenantId}-replica`,
      });
    },
    `AWS Backup keeps awsbackup:job-1 of tenant-${aTenant().tenantId}-replica`,
  ],
  [
    'database.copies',
    'kept by a backup under another name',
    ({ facts, subject }) => {
      subject.placed.keyUsers = [];
      facts.lists.recoveryPoints.push({ DBSnapshotIdentifier: 'awsbackup:job-2', KmsKeyId: aKey().keyArn });
    },
    'AWS Backup keeps awsbackup:job-2',
  ],
  [
    'database.replica',
    'in another VPC',
    ({ facts }) => (facts.database.replica.DBSubnetGroup.VpcId = 'vpc-0other'),
    'the VPC of',
  ],
  [
    'database.replica',
    'in a subnet more',
    ({ facts }) => facts.database.replica.DBSubnetGroup.Subnets.push({ SubnetIdentifier: 'subnet-0other' }),
    'subnet-0other is unexpected',
  ],
  [
    'database.tls',
    'with a certificate that ends',
    ({ facts }) => (facts.database.replica.CertificateDetails = { ValidTill: new Date(Date.now() + 86_400_000) }),
    'the certificate of',
  ],
  [
    'database.protection',
    'off',
    ({ facts }) => (facts.database.instance.DeletionProtection = false),
    'deletion protection of',
  ],
  [
    'database.protection',
    'off at the replica',
    ({ facts }) => (facts.database.replica.DeletionProtection = undefined),
    '-replica is absent, not true',
  ],
  [
    'database.roles',
    'exporting',
    ({ facts }) => facts.database.instance.AssociatedRoles.push({ RoleArn: 'arn:role', FeatureName: 's3Export' }),
    'IAM role arn:role is associated for s3Export',
  ],
  ['database.backups', 'short', ({ facts }) => (facts.database.instance.BackupRetentionPeriod = 1), 'kept for 1 days'],
  [
    'database.audit-log',
    'kept inside',
    ({ facts }) => (facts.database.instance.EnabledCloudwatchLogsExports = []),
    'postgresql log is not exported',
  ],
]);

test('a plan without a replica does not require one', async () => {
  expect(SIZINGS.growth.replicas).toBe(0);
  const check = checkCalled('database.replica');
  const { ReplicaId: _, ...outputs } = theStacks().database.outputs;
  const stacks = { ...theStacks(), database: { ...theStacks().database, outputs } };
  const spoil = ({ facts }: Scene) => {
    facts.database.replica = undefined;
  };
  expect(await ask(check, spoil, { tenant: aTenant({ plan: 'growth' }), stacks })).toMatchObject({ passed: true });
});

const checkCalled = (id: string) => {
  const check = DATABASE_CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  return check;
};

test('a database is protected from the activation on', async () => {
  const before = ({ facts, subject }: Scene) => {
    facts.database.instance.DeletionProtection = false;
    delete subject.liveColour;
  };
  expect((await ask(checkCalled('database.protection'), before)).passed).toBe(true);
});

test('the organization’s backup may keep the database, and a directory may have been left', async () => {
  const spoil = ({ facts }: Scene) => {
    facts.database.instance.AwsBackupRecoveryPointArn = 'arn:continuous';
    facts.lists.recoveryPoints.push({ DBSnapshotIdentifier: 'awsbackup:job-1', KmsKeyId: aKey().keyArn });
    facts.database.instance.DomainMemberships = [{ Domain: 'd-0left', Status: 'removed' }];
  };
  expect((await ask(checkCalled('database.copies'), spoil)).passed).toBe(true);
  expect((await ask(checkCalled('database.iam-authentication'), spoil)).passed).toBe(true);
});

test('parameters that RDS is just applying pass, as which they are is asked besides, and the evidence says so', async () => {
  const spoil = ({ facts }: Scene) => {
    facts.database.instance.DBParameterGroups[0].ParameterApplyStatus = 'applying';
  };
  const evidence = expect.stringMatching(/^rds\.force_ssl is 1; RDS is applying the parameter group to tenant-/);
  expect(await ask(checkCalled('database.tls'), spoil)).toMatchObject({ passed: true, evidence });
  const inForce = { passed: true, evidence: 'rds.force_ssl is 1 and in force' };
  expect(await ask(checkCalled('database.tls'), () => {})).toMatchObject(inForce);
});
