import {
  AssociateRouteTableCommand,
  AssociateVpcCidrBlockCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteCommand,
  DeleteSecurityGroupCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DisassociateRouteTableCommand,
  DisassociateVpcCidrBlockCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { CreateFunctionCommand, DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateHostedZoneCommand, DeleteHostedZoneCommand, type VPCRegion } from '@aws-sdk/client-route-53';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { EMPTY, functionOf } from './platform';

const inVpc = ({ surroundings }: SharedScene) => [{ Name: 'vpc-id', Values: [surroundings.cell.vpcId] }];

const networkInterface = (name: string, Description: string): SharedTechnique => ({
  name,
  check: 'cell.interfaces',
  detonate: async (scene) => {
    const { ec2 } = scene.root;
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({ Filters: inVpc(scene) }));
    const { NetworkInterface } = await ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: Subnets?.[0]?.SubnetId, Description }),
    );
    const { NetworkInterfaceId } = NetworkInterface ?? {};
    return {
      expectedEvidence: `network interface ${NetworkInterfaceId} (${Description})`,
      revert: () => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
    };
  },
});

async function groupCalled(scene: SharedScene, part: string): Promise<string> {
  const { SecurityGroups = [] } = await scene.root.ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: inVpc(scene) }),
  );
  const found = SecurityGroups.find(({ GroupName = '', Description = '' }) =>
    `${GroupName} ${Description}`.includes(part),
  );
  if (!found?.GroupId) throw new Error(`the cell has no security group like ${part}`);
  return found.GroupId;
}

async function opened(ec2: EC2Client, GroupId: string, permission: IpPermission) {
  const rule = { GroupId, IpPermissions: [permission] };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
  return () => ec2.send(new RevokeSecurityGroupIngressCommand(rule));
}

const rule = (name: string, group: string, permission: IpPermission, evidence: string): SharedTechnique => ({
  name,
  check: 'cell.groups',
  detonate: async (scene) => {
    const revert = await opened(scene.root.ec2, await groupCalled(scene, group), permission);
    return { expectedEvidence: evidence, revert };
  },
});

const zone = (name: string, Name: string): SharedTechnique => ({
  name,
  check: 'cell.dns',
  detonate: async ({ surroundings, root: { route53 } }) => {
    const { HostedZone } = await route53.send(
      new CreateHostedZoneCommand({
        ...{ Name, CallerReference: `${Name}-${Date.now()}`, HostedZoneConfig: { PrivateZone: true } },
        VPC: { VPCId: surroundings.cell.vpcId, VPCRegion: surroundings.region as VPCRegion },
      }),
    );
    const Id = HostedZone?.Id?.split('/').at(-1);
    return {
      expectedEvidence: `answers for ${Name}`,
      revert: () => route53.send(new DeleteHostedZoneCommand({ Id })),
    };
  },
});

const route = (name: string, DestinationCidrBlock: string): SharedTechnique => ({
  name,
  check: 'cell.routes',
  detonate: async (scene) => {
    const { ec2 } = scene.root;
    const { InternetGateways } = await ec2.send(
      new DescribeInternetGatewaysCommand({
        Filters: [{ Name: 'attachment.vpc-id', Values: [scene.surroundings.cell.vpcId] }],
      }),
    );
    const GatewayId = InternetGateways?.[0]?.InternetGatewayId;
    const [RouteTableId] = scene.surroundings.cell.routeTableIds;
    const of = { RouteTableId, DestinationCidrBlock };
    await ec2.send(new CreateRouteCommand({ ...of, GatewayId }));
    return {
      expectedEvidence: `route table ${RouteTableId} routes ${DestinationCidrBlock} to ${GatewayId}`,
      revert: () => ec2.send(new DeleteRouteCommand(of)),
    };
  },
});

const everybody = [{ CidrIp: '0.0.0.0/0' }];
const tcp = (port: number, IpRanges = everybody): IpPermission => ({
  ...{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges },
});

export const CELL_NETWORK_TECHNIQUES: readonly SharedTechnique[] = [
  {
    name: 'have a subnet of the cell follow its network’s main table',
    check: 'cell.routes',
    detonate: async ({ surroundings: { cell }, root: { ec2 } }) => {
      const [RouteTableId] = cell.routeTableIds;
      const { RouteTables = [] } = await ec2.send(
        new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId ?? ''] }),
      );
      const { SubnetId, RouteTableAssociationId: AssociationId } = RouteTables[0]?.Associations?.[0] ?? {};
      await ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
      return {
        expectedEvidence: `subnet ${SubnetId} follows route table`,
        revert: () => ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId })),
      };
    },
  },
  networkInterface('put a network interface into the cell’s network', 'for support'),
  networkInterface('put an interface called like a task’s into the cell’s network', 'arn:aws:ecs:attachment/1'),
  networkInterface('put an interface called like a function’s into the cell’s network', 'AWS Lambda VPC ENI-theirs-1'),
  {
    name: 'give the cell’s network a block among those of tenants',
    check: 'cell.routes',
    detonate: async ({ surroundings: { cell }, root: { ec2 } }) => {
      const CidrBlock = cell.tenantRange.replace(/\d+\.0\/\d+$/, '250.0/24');
      const { CidrBlockAssociation } = await ec2.send(
        new AssociateVpcCidrBlockCommand({ VpcId: cell.vpcId, CidrBlock }),
      );
      const { AssociationId } = CidrBlockAssociation ?? {};
      return {
        expectedEvidence: `routes ${CidrBlock} to local`,
        revert: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'run a function of a stranger behind an interface of the cell’s own functions',
    check: 'cell.interfaces',
    detonate: async (scene) => {
      const { lambda } = scene.root;
      const { Role, Runtime, VpcConfig } = await functionOf(scene, `AskDatabase-${scene.surroundings.cell.name}`);
      const { SubnetIds, SecurityGroupIds } = VpcConfig ?? {};
      const made = { FunctionName: 'in-the-cell', Role, Runtime, Handler: 'index.handler', Code: { ZipFile: EMPTY } };
      await lambda.send(new CreateFunctionCommand({ ...made, VpcConfig: { SubnetIds, SecurityGroupIds } }));
      return {
        expectedEvidence: `function ${made.FunctionName}, which no template makes, is in the cell’s network`,
        revert: () => lambda.send(new DeleteFunctionCommand({ FunctionName: made.FunctionName })),
      };
    },
  },
  rule('let everybody reach the service’s tasks', 'to the shared service', tcp(8080), 'tcp 8080-8080 0.0.0.0/0'),
  rule(
    'let a stranger’s network reach the service’s tasks',
    'to the shared service',
    tcp(22, [{ CidrIp: '198.51.100.0/24' }]),
    '198.51.100.0/24',
  ),
  rule('let everybody reach SetUpDatabase’s interfaces', 'SetUpDatabase', tcp(443), 'tcp 443-443 0.0.0.0/0'),
  rule('open the default group of the cell’s network', 'default', tcp(5432), 'the default group'),
  {
    name: 'make a security group in the cell’s network',
    check: 'cell.groups',
    detonate: async ({ surroundings, root: { ec2 } }) => {
      const { GroupId } = await ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: 'support',
          Description: 'Support',
          VpcId: surroundings.cell.vpcId,
        }),
      );
      return {
        expectedEvidence: `security group ${GroupId} (support)`,
        revert: () => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
      };
    },
  },
  route('let the service’s tasks out to the internet', '0.0.0.0/0'),
  route('let the service’s tasks out to a stranger’s network', '198.51.100.0/24'),
  route('lead a part of the tenants’ blocks elsewhere', '10.64.0.0/13'),
  zone('lead the databases’ names elsewhere by a private zone', 'eu-central-1.rds.amazonaws.com.'),
  zone('lead the names of buckets elsewhere by a private zone', 's3.eu-central-1.amazonaws.com.'),
  zone('lead the names of STS elsewhere by a private zone', 'sts.eu-central-1.amazonaws.com.'),
];
