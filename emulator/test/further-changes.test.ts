import {
  AssociateKmsKeyCommand,
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  DisassociateKmsKeyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  DisassociateAddressCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  CreateDBInstanceCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RebootDBInstanceCommand,
  StartDBInstanceAutomatedBackupsReplicationCommand,
  StopDBInstanceAutomatedBackupsReplicationCommand,
} from '@aws-sdk/client-rds';
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DescribeSecretCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type Emulator, startEmulator } from '../emulator';
import { access } from './aws';

let emulator: Emulator;
let ec2: EC2Client;
let SubnetId: string | undefined;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  ec2 = new EC2Client(access(emulator));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: '10.1.1.0/24' }));
  SubnetId = Subnet?.SubnetId;
}, 60_000);
afterAll(() => emulator?.stop());

test('a network interface keeps an assigned address until it is unassigned', async () => {
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
  const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId ?? '';
  const publicAddress = async () => {
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] }),
    );
    return NetworkInterfaces?.[0]?.Association?.PublicIp;
  };
  const { AllocationId, PublicIp } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const { AssociationId } = await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
  expect(await publicAddress()).toBe(PublicIp);
  await ec2.send(new DisassociateAddressCommand({ AssociationId }));
  expect(await publicAddress()).toBeUndefined();
});

test('the key of a log group can be changed and removed', async () => {
  const logs = new CloudWatchLogsClient(access(emulator));
  const logGroupName = 'keyed';
  const key = async () => (await logs.send(new DescribeLogGroupsCommand({}))).logGroups?.[0]?.kmsKeyId;
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId: 'arn:aws:kms:eu:1:key/mine' }));
  expect(await key()).toBe('arn:aws:kms:eu:1:key/mine');
  await logs.send(new DisassociateKmsKeyCommand({ logGroupName }));
  expect(await key()).toBeUndefined();
  const absent = logs.send(new DisassociateKmsKeyCommand({ logGroupName: 'absent' }));
  await expect(absent).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('the rotation of a secret can be cancelled, and its replicas removed', async () => {
  const secrets = new SecretsManagerClient(access(emulator));
  const SecretId = 'rotated';
  await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'nothing' }));
  await secrets.send(
    new RotateSecretCommand({
      SecretId,
      RotationLambdaARN: 'arn:aws:lambda:eu:1:function:f',
      RotationRules: { AutomaticallyAfterDays: 30 },
      RotateImmediately: false,
    }),
  );
  const AddReplicaRegions = [{ Region: 'us-east-1' }, { Region: 'us-west-2' }];
  await secrets.send(new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions }));
  await secrets.send(new CancelRotateSecretCommand({ SecretId }));
  await secrets.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ['us-east-1'] }));
  expect(await secrets.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({
    RotationEnabled: false,
    ReplicationStatus: [{ Region: 'us-west-2' }],
  });
});

describe('a database', () => {
  let rds: RDSClient;
  const instance = async (DBInstanceIdentifier: string) => {
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    return DBInstances?.[0];
  };
  const modify = (DBInstanceIdentifier: string, change: object) =>
    rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...change }));

  beforeAll(async () => {
    rds = new RDSClient(access(emulator));
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'source',
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'owner',
        MasterUserPassword: 'not-a-secret-1',
        EnableCloudwatchLogsExports: ['postgresql'],
      }),
    );
  });

  test('exports the logs that were enabled', async () => {
    expect(await instance('source')).toMatchObject({ EnabledCloudwatchLogsExports: ['postgresql'] });
  });

  test('can move to another subnet group', async () => {
    const DBSubnetGroupName = 'elsewhere';
    const SubnetIds = [SubnetId ?? ''];
    await rds.send(
      new CreateDBSubnetGroupCommand({ DBSubnetGroupName, DBSubnetGroupDescription: 'elsewhere', SubnetIds }),
    );
    await modify('source', { DBSubnetGroupName });
    expect((await instance('source'))?.DBSubnetGroup).toMatchObject({
      DBSubnetGroupName,
      Subnets: [{ SubnetIdentifier: SubnetId }],
    });
  });

  test('uses another parameter group after a reboot', async () => {
    await modify('source', { DBParameterGroupName: 'strict' });
    const status = async () => (await instance('source'))?.DBParameterGroups?.[0];
    expect(await status()).toEqual({ DBParameterGroupName: 'strict', ParameterApplyStatus: 'pending-reboot' });
    await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: 'source' }));
    expect(await status()).toMatchObject({ ParameterApplyStatus: 'in-sync' });
  });

  test('has its new name at its replica', async () => {
    const replica = { DBInstanceIdentifier: 'replica' };
    await rds.send(new CreateDBInstanceReadReplicaCommand({ ...replica, SourceDBInstanceIdentifier: 'source' }));
    await modify('source', { NewDBInstanceIdentifier: 'renamed' });
    await expect(instance('source')).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault' });
    expect(await instance('replica')).toMatchObject({ ReadReplicaSourceDBInstanceIdentifier: 'renamed' });
    await modify('replica', { NewDBInstanceIdentifier: 'second' });
    expect(await instance('renamed')).toMatchObject({ ReadReplicaDBInstanceIdentifiers: ['second'] });
    await modify('renamed', { NewDBInstanceIdentifier: 'source' });
  });

  test('no longer lists a deleted replica', async () => {
    const replica = { DBInstanceIdentifier: 'short-lived', SourceDBInstanceIdentifier: 'source' };
    await rds.send(new CreateDBInstanceReadReplicaCommand(replica));
    expect((await instance('source'))?.ReadReplicaDBInstanceIdentifiers).toContain('short-lived');
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'short-lived', SkipFinalSnapshot: true }));
    expect((await instance('source'))?.ReadReplicaDBInstanceIdentifiers).not.toContain('short-lived');
  });

  test('a replica of a protected database is protected only when it asks for it', async () => {
    const SourceDBInstanceIdentifier = 'source';
    await modify(SourceDBInstanceIdentifier, { DeletionProtection: true });
    await rds.send(
      new CreateDBInstanceReadReplicaCommand({ DBInstanceIdentifier: 'open', SourceDBInstanceIdentifier }),
    );
    const asking = { DBInstanceIdentifier: 'closed', SourceDBInstanceIdentifier, DeletionProtection: true };
    await rds.send(new CreateDBInstanceReadReplicaCommand(asking));
    expect([(await instance('open'))?.DeletionProtection, (await instance('closed'))?.DeletionProtection]).toEqual([
      false,
      true,
    ]);
    for (const id of ['source', 'closed']) await modify(id, { DeletionProtection: false });
    for (const DBInstanceIdentifier of ['open', 'closed'])
      await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
  });

  test('names the region that its backups are replicated to', async () => {
    const there = new RDSClient({ ...access(emulator), region: 'eu-west-1' });
    const source = { SourceDBInstanceArn: (await instance('source'))?.DBInstanceArn };
    const replications = async () => (await instance('source'))?.DBInstanceAutomatedBackupsReplications ?? [];
    await there.send(new StartDBInstanceAutomatedBackupsReplicationCommand(source));
    const DBInstanceAutomatedBackupsArn = expect.stringMatching(/^arn:aws:rds:eu-west-1:\d+:auto-backup:ab-/);
    expect(await replications()).toEqual([{ DBInstanceAutomatedBackupsArn }]);
    await there.send(new StopDBInstanceAutomatedBackupsReplicationCommand(source));
    expect(await replications()).toEqual([]);
  });
});
