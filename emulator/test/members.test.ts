import {
  AssociateDhcpOptionsCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeDhcpOptionsCommand,
  DescribeNetworkAclsCommand,
  EC2Client,
  ReplaceNetworkAclAssociationCommand,
} from '@aws-sdk/client-ec2';
import { CreateKeyCommand, KMSClient, ListGrantsCommand } from '@aws-sdk/client-kms';
import {
  AddTagsToResourceCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeEventsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RemoveTagsFromResourceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import {
  CreateSecretCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type Emulator, startEmulator } from '../emulator';
import { access, launch, pause } from './aws';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
}, 60_000);
afterAll(() => emulator?.stop());

test('the default DHCP options exist, and can be assigned to a VPC again', async () => {
  const ec2 = new EC2Client(access(emulator));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
  const VpcId = Vpc?.VpcId;
  const byDefault = Vpc?.DhcpOptionsId ?? '';
  const { DhcpOptions } = await ec2.send(new DescribeDhcpOptionsCommand({ DhcpOptionsIds: [byDefault] }));
  expect(DhcpOptions?.[0]?.DhcpConfigurations).toContainEqual({
    Key: 'domain-name-servers',
    Values: [{ Value: 'AmazonProvidedDNS' }],
  });
  await ec2.send(new AssociateDhcpOptionsCommand({ VpcId, DhcpOptionsId: 'default' }));
  await ec2.send(new AssociateDhcpOptionsCommand({ VpcId, DhcpOptionsId: byDefault }));
});

test('a secret’s version without labels stays, and is listed with the deprecated versions', async () => {
  const secrets = new SecretsManagerClient(access(emulator));
  const { ARN: SecretId } = await secrets.send(new CreateSecretCommand({ Name: 'versions', SecretString: '1' }));
  for (const SecretString of ['2', '3']) await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  const count = async (IncludeDeprecated?: boolean) =>
    (await secrets.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated }))).Versions?.length;
  expect([await count(), await count(true)]).toEqual([2, 3]);
});

test('of two versions of a secret that are made in the same second the later one has the later date', async () => {
  const secrets = new SecretsManagerClient(access(emulator));
  const { ARN: SecretId } = await secrets.send(new CreateSecretCommand({ Name: 'same-second', SecretString: '1' }));
  for (const SecretString of ['2', '3', '4']) {
    await pause(5);
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  }
  const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
  const dates = Versions.map(({ CreatedDate }) => CreatedDate?.getTime());
  expect(new Set(dates).size).toBe(4);
  const current = Versions.find(({ VersionStages }) => VersionStages?.includes('AWSCURRENT'));
  expect(current?.CreatedDate?.getTime()).toBe(Math.max(...dates.map((date = 0) => date)));
});

test('an instance of a stack keeps its tags beside another one', async () => {
  const own = { Key: 'owner', Value: 'stack' };
  const Properties = {
    ...{ DBInstanceIdentifier: 'tagged-by-stack', DBInstanceClass: 'db.t4g.micro', Engine: 'postgres', Tags: [own] },
    ...{ AllocatedStorage: '20', MasterUsername: 'somebody', MasterUserPassword: 'not-a-secret' },
  };
  await launch(emulator, 'tagged', { Database: { Type: 'AWS::RDS::DBInstance', Properties } });
  const rds = new RDSClient(access(emulator));
  const described = async () =>
    (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'tagged-by-stack' }))).DBInstances?.[0];
  const ResourceName = (await described())?.DBInstanceArn;
  const other = { Key: 'CostCenter', Value: '4711' };
  await rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: [other] }));
  expect((await described())?.TagList).toEqual(expect.arrayContaining([own, other]));
  await rds.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['CostCenter'] }));
  expect((await described())?.TagList).toContainEqual(own);
}, 60_000);

test('each subnet has the default network ACL until it gets another one', async () => {
  const ec2 = new EC2Client(access(emulator));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.9.0.0/24' }));
  const governing = async () => {
    const Filters = [{ Name: 'vpc-id', Values: [VpcId] }];
    const { NetworkAcls = [] } = await ec2.send(new DescribeNetworkAclsCommand({ Filters }));
    return NetworkAcls.flatMap(({ IsDefault, Associations = [] }) =>
      Associations.map(({ NetworkAclAssociationId, SubnetId }) => ({ IsDefault, SubnetId, NetworkAclAssociationId })),
    );
  };
  const [first, ...others] = await governing();
  expect([first, others]).toMatchObject([{ IsDefault: true, SubnetId: Subnet?.SubnetId }, []]);
  const { NetworkAcl } = await ec2.send(new CreateNetworkAclCommand({ VpcId }));
  const { NewAssociationId } = await ec2.send(
    new ReplaceNetworkAclAssociationCommand({
      AssociationId: first?.NetworkAclAssociationId,
      NetworkAclId: NetworkAcl?.NetworkAclId,
    }),
  );
  expect(await governing()).toEqual([
    { IsDefault: false, SubnetId: Subnet?.SubnetId, NetworkAclAssociationId: NewAssociationId },
  ]);
});

test('a rule of a network ACL tells its ports', async () => {
  const ec2 = new EC2Client(access(emulator));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
  const { NetworkAcl } = await ec2.send(new CreateNetworkAclCommand({ VpcId: Vpc?.VpcId }));
  const NetworkAclId = NetworkAcl?.NetworkAclId ?? '';
  const rule = { NetworkAclId, RuleNumber: 7, Egress: false, RuleAction: 'deny', CidrBlock: '0.0.0.0/0' } as const;
  await ec2.send(new CreateNetworkAclEntryCommand({ ...rule, Protocol: '6', PortRange: { From: 22, To: 23 } }));
  await ec2.send(new CreateNetworkAclEntryCommand({ ...rule, RuleNumber: 8, Protocol: '-1' }));
  const { NetworkAcls } = await ec2.send(new DescribeNetworkAclsCommand({ NetworkAclIds: [NetworkAclId] }));
  const ranges = [7, 8].map((n) => NetworkAcls?.[0]?.Entries?.find(({ RuleNumber }) => RuleNumber === n)?.PortRange);
  expect(ranges).toEqual([{ From: 22, To: 23 }, undefined]);
});

test('a secret is found by a word of its name, description or tags', async () => {
  const secrets = new SecretsManagerClient(access(emulator));
  const Tags = [{ Key: 'tenant', Value: 't2' }];
  await secrets.send(new CreateSecretCommand({ Name: 'tenants/t1/database', SecretString: 's' }));
  await secrets.send(new CreateSecretCommand({ Name: 'other', Description: 'a copy for t1', SecretString: 's' }));
  await secrets.send(new CreateSecretCommand({ Name: 'tagged', Tags, SecretString: 's' }));
  const found = async (word: string) => {
    const { SecretList = [] } = await secrets.send(
      new ListSecretsCommand({ Filters: [{ Key: 'all', Values: [word] }] }),
    );
    return SecretList.map(({ Name }) => Name).sort();
  };
  expect(await found('t1')).toEqual(['other', 'tenants/t1/database']);
  expect(await found('t2')).toEqual(['tagged']);
  expect(await found('t3')).toEqual([]);
});

describe('a database', () => {
  let rds: RDSClient;
  let KmsKeyId: string | undefined;
  const instance = async (DBInstanceIdentifier: string) => {
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    return DBInstances?.[0];
  };
  beforeAll(async () => {
    rds = new RDSClient(access(emulator));
    KmsKeyId = (await new KMSClient(access(emulator)).send(new CreateKeyCommand({}))).KeyMetadata?.Arn;
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'own',
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'owner',
        MasterUserPassword: 'not-a-secret',
        StorageEncrypted: true,
        KmsKeyId,
        Tags: [{ Key: 'tenantId', Value: 't1' }],
      }),
    );
  });

  test('applies pending changes with the next change that applies immediately', async () => {
    const modify = (change: object) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: 'own', ...change }));
    await modify({ DBInstanceClass: 'db.t4g.small' });
    expect((await instance('own'))?.PendingModifiedValues).toMatchObject({ DBInstanceClass: 'db.t4g.small' });
    await modify({ BackupRetentionPeriod: 3, ApplyImmediately: true });
    expect(await instance('own')).toMatchObject({ DBInstanceClass: 'db.t4g.small', BackupRetentionPeriod: 3 });
    expect((await instance('own'))?.PendingModifiedValues?.DBInstanceClass).toBeUndefined();
  });

  test('is found by its tag', async () => {
    const tagging = new ResourceGroupsTaggingAPIClient(access(emulator));
    const TagFilters = [{ Key: 'tenantId', Values: ['t1'] }];
    const { ResourceTagMappingList = [] } = await tagging.send(new GetResourcesCommand({ TagFilters }));
    expect(ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN)).toEqual([
      expect.stringMatching(/^arn:aws:rds:.*:db:own$/),
    ]);
  });

  test('has, when restored, the key of its snapshot and its own grants', async () => {
    const DBSnapshotIdentifier = 'of-own';
    await rds.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier, DBInstanceIdentifier: 'own' }));
    const restored = { DBSnapshotIdentifier, DBInstanceIdentifier: 'restored' };
    await rds.send(new RestoreDBInstanceFromDBSnapshotCommand(restored));
    const copy = await instance('restored');
    expect(copy?.KmsKeyId).toBe(KmsKeyId);
    const { Grants = [] } = await new KMSClient(access(emulator)).send(new ListGrantsCommand({ KeyId: KmsKeyId }));
    const databases = Grants.map(({ Constraints }) => Constraints?.EncryptionContextSubset?.['aws:rds:db-id']);
    expect(databases).toContain(copy?.DbiResourceId);
  });

  test('remembers that its master password was modified', async () => {
    const DBInstanceIdentifier = 'own';
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, MasterUserPassword: 'known-to-somebody' }));
    const ofOwn = { SourceIdentifier: 'own', SourceType: 'db-instance' } as const;
    const { Events = [] } = await rds.send(new DescribeEventsCommand(ofOwn));
    expect(Events.map(({ Message, EventCategories }) => [Message, EventCategories])).toEqual([
      ['Reset master credentials', ['configuration change']],
    ]);
  });
});
