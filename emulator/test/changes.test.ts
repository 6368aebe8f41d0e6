import {
  AssociateVpcCidrBlockCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  DisassociateVpcCidrBlockCommand,
  EC2Client,
  ModifyVpcEndpointCommand,
} from '@aws-sdk/client-ec2';
import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  GetPolicyCommand,
  IAMClient,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iam';
import {
  CreateDBInstanceCommand,
  DeleteDBInstanceAutomatedBackupCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { type Emulator, startEmulator } from '../emulator';
import { access } from './aws';

let emulator: Emulator;
let ec2: EC2Client;
let VpcId: string;

async function vpc(CidrBlock: string): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock }));
  return Vpc?.VpcId ?? '';
}

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  ec2 = new EC2Client(access(emulator));
  VpcId = await vpc('10.1.0.0/16');
}, 60_000);
afterAll(() => emulator.stop());

describe('EC2', () => {
  let RouteTableId: string;
  beforeAll(async () => {
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    RouteTableId = RouteTable?.RouteTableId ?? '';
  });
  const routes = async () => {
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
    return RouteTables?.[0]?.Routes?.filter(({ GatewayId }) => GatewayId !== 'local') ?? [];
  };

  test('keeps an IPv6 route with its target, and refuses it a second time', async () => {
    const made = await ec2.send(new CreateEgressOnlyInternetGatewayCommand({ VpcId }));
    const EgressOnlyInternetGatewayId = made.EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId;
    const route = { RouteTableId, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId };
    await ec2.send(new CreateRouteCommand(route));
    expect(await routes()).toEqual([
      { DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId, Origin: 'CreateRoute', State: 'active' },
    ]);
    await expect(ec2.send(new CreateRouteCommand(route))).rejects.toMatchObject({ name: 'RouteAlreadyExists' });
    const gone = { RouteTableId, DestinationIpv6CidrBlock: '::/0' };
    await ec2.send(new DeleteRouteCommand(gone));
    expect(await routes()).toEqual([]);
    await expect(ec2.send(new DeleteRouteCommand(gone))).rejects.toMatchObject({ name: 'InvalidRoute.NotFound' });
  });

  test('an endpoint has its policy, and adds a route to its route tables', async () => {
    const PolicyDocument = '{"Version":"2012-10-17","Statement":[]}';
    const { VpcEndpoint } = await ec2.send(
      new CreateVpcEndpointCommand({
        VpcId,
        ServiceName: `com.amazonaws.${emulator.region}.s3`,
        VpcEndpointType: 'Gateway',
        RouteTableIds: [RouteTableId],
        PolicyDocument,
      }),
    );
    const VpcEndpointId = VpcEndpoint?.VpcEndpointId ?? '';
    const policy = async () => {
      const { VpcEndpoints } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId] }));
      return VpcEndpoints?.[0]?.PolicyDocument;
    };
    expect(await policy()).toBe(PolicyDocument);
    expect(await routes()).toMatchObject([
      { DestinationPrefixListId: expect.stringMatching(/^pl-/), GatewayId: VpcEndpointId },
    ]);
    await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, ResetPolicy: true }));
    expect(await policy()).toContain('"Action": "*"');
    await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, RemoveRouteTableIds: [RouteTableId] }));
    expect(await routes()).toEqual([]);
  });

  test('a VPC has additional CIDR blocks until they are removed, with routes, and is found by them', async () => {
    const local = async () => {
      const found = await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] }));
      const routes = found.RouteTables?.[0]?.Routes ?? [];
      return routes.flatMap((each) => (each.GatewayId === 'local' ? [each.DestinationCidrBlock ?? 'IPv6'] : []));
    };
    const blocks = async () => {
      const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }));
      const { CidrBlockAssociationSet = [], Ipv6CidrBlockAssociationSet = [] } = Vpcs?.[0] ?? {};
      return [
        ...CidrBlockAssociationSet.map(({ CidrBlock }) => CidrBlock),
        ...Ipv6CidrBlockAssociationSet.map(({ Ipv6CidrBlock }) => Ipv6CidrBlock),
      ];
    };
    const { CidrBlockAssociation } = await ec2.send(
      new AssociateVpcCidrBlockCommand({ VpcId, CidrBlock: '10.3.0.0/16' }),
    );
    await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId, AmazonProvidedIpv6CidrBlock: true }));
    expect(await blocks()).toEqual(['10.1.0.0/16', '10.3.0.0/16', expect.stringMatching(/::\/56$/)]);
    expect(await local()).toEqual(['10.1.0.0/16', '10.3.0.0/16', 'IPv6']);
    const Filters = [{ Name: 'cidr-block-association.cidr-block', Values: ['10.3.*'] }];
    expect((await ec2.send(new DescribeVpcsCommand({ Filters }))).Vpcs?.map((one) => one.VpcId)).toEqual([VpcId]);
    const AssociationId = CidrBlockAssociation?.AssociationId;
    await ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId }));
    expect(await blocks()).toEqual(['10.1.0.0/16', expect.stringMatching(/::\/56$/)]);
    expect(await local()).toEqual(['10.1.0.0/16', 'IPv6']);
  });

  test('a peering lists the CIDR blocks of both VPCs', async () => {
    const PeerVpcId = await vpc('10.2.0.0/16');
    const { VpcPeeringConnection } = await ec2.send(new CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
    const VpcPeeringConnectionIds = [VpcPeeringConnection?.VpcPeeringConnectionId ?? ''];
    const found = await ec2.send(new DescribeVpcPeeringConnectionsCommand({ VpcPeeringConnectionIds }));
    expect(found.VpcPeeringConnections).toMatchObject([
      {
        RequesterVpcInfo: { CidrBlock: '10.1.0.0/16' },
        AccepterVpcInfo: { CidrBlock: '10.2.0.0/16', CidrBlockSet: [{ CidrBlock: '10.2.0.0/16' }] },
      },
    ]);
  });
});

describe('RDS', () => {
  const DBInstanceIdentifier = 'changed';
  let rds: RDSClient;
  beforeAll(async () => {
    rds = new RDSClient(access(emulator));
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier,
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'owner',
        MasterUserPassword: 'not-a-secret-1',
        BackupRetentionPeriod: 7,
      }),
    );
  });

  test('an instance has the log exports and Performance Insights that it was given', async () => {
    const change = async (CloudwatchLogsExportConfiguration: object, more: object = {}) => {
      await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, CloudwatchLogsExportConfiguration, ...more }));
      const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
      return DBInstances?.[0];
    };
    const insights = { EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId: 'arn:aws:kms:eu:1:key/mine' };
    expect(await change({ EnableLogTypes: ['postgresql', 'upgrade'] }, insights)).toMatchObject({
      EnabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
      PerformanceInsightsEnabled: true,
      PerformanceInsightsKMSKeyId: 'arn:aws:kms:eu:1:key/mine',
    });
    expect(await change({ DisableLogTypes: ['postgresql'] })).toMatchObject({
      EnabledCloudwatchLogsExports: ['upgrade'],
      PerformanceInsightsEnabled: true,
    });
  });

  test('automated backups and a final snapshot stay when the deletion asks for them, until they are deleted', async () => {
    const retained = async () => {
      const Filters = [{ Name: 'status', Values: ['retained'] }];
      return (await rds.send(new DescribeDBInstanceAutomatedBackupsCommand({ Filters }))).DBInstanceAutomatedBackups;
    };
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    const DbiResourceId = DBInstances?.[0]?.DbiResourceId;
    expect(await retained()).toEqual([]);
    const remove = new DeleteDBInstanceAutomatedBackupCommand({ DbiResourceId });
    await expect(rds.send(remove)).rejects.toMatchObject({ name: expect.stringMatching(/InvalidDBInstance/) });
    await rds.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier,
        FinalDBSnapshotIdentifier: 'last',
        DeleteAutomatedBackups: false,
      }),
    );
    expect(await retained()).toMatchObject([{ DBInstanceIdentifier, DbiResourceId, Status: 'retained' }]);
    const { DBSnapshots } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
    expect(DBSnapshots).toMatchObject([{ DBSnapshotIdentifier: 'last', DBInstanceIdentifier }]);
    await rds.send(remove);
    expect(await retained()).toEqual([]);
    await expect(rds.send(remove)).rejects.toMatchObject({ name: expect.stringMatching(/BackupNotFound/) });
  });
});

test("SetDefaultPolicyVersion changes a managed policy's default version", async () => {
  const iam = new IAMClient(access(emulator));
  const PolicyDocument = (Action: string) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'versions', PolicyDocument: PolicyDocument('s3:GetObject') }),
  );
  const PolicyArn = Policy?.Arn;
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: PolicyDocument('s3:*') }));
  const version = async () => (await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy?.DefaultVersionId;
  expect(await version()).toBe('v1');
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
  expect(await version()).toBe('v2');
});
