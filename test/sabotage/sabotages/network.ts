import {
  AcceptVpcPeeringConnectionCommand,
  AllocateAddressCommand,
  AssociateAddressCommand,
  AssociateVpcCidrBlockCommand,
  AttachInternetGatewayCommand,
  AttachVpnGatewayCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateFlowLogsCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  type CreateRouteCommandInput,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  CreateVpnGatewayCommand,
  DeleteEgressOnlyInternetGatewayCommand,
  DeleteFlowLogsCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DeleteVpcPeeringConnectionCommand,
  DeleteVpnGatewayCommand,
  DescribeFlowLogsCommand,
  DescribeVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  DetachVpnGatewayCommand,
  DisassociateAddressCommand,
  DisassociateVpcCidrBlockCommand,
  type EC2Client,
  ModifySubnetAttributeCommand,
  ModifyVpcEndpointCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { type Subject, tenantIdOf, vpcOf } from '../../../functions/isolation/subject';
import { inTurn, type Mend, type Sabotage, type Scene } from '../scene';

/** Blocks that no slot and no cell has. */
const ELSEWHERE = '192.168.0.0/16';
const FURTHER = '100.64.0.0/24';

const networkOf = ({ stacks }: Subject) => stacks.network.outputs;
const firstSubnetOf = (subject: Subject) => networkOf(subject).DatabaseSubnetIds.split(',')[0];

/** The address `offset` after the first of a block. */
function addressIn(cidr: string, offset: number): string {
  const [address = ''] = cidr.split('/');
  const octets = address.split('.');
  return [...octets.slice(0, 3), String(Number(octets[3]) + offset)].join('.');
}

/** Something new, with its id and how to remove it. */
interface Made {
  readonly id: string;
  readonly remove: Mend;
}

async function aVpc(ec2: EC2Client, CidrBlock: string): Promise<Made> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock }));
  const VpcId = Vpc?.VpcId;
  return { id: VpcId ?? '', remove: () => ec2.send(new DeleteVpcCommand({ VpcId })) };
}

async function anInternetGateway(ec2: EC2Client, VpcId: string): Promise<Made> {
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway?.InternetGatewayId;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  const remove = async () => {
    await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
  };
  return { id: InternetGatewayId ?? '', remove };
}

async function aPeering(ec2: EC2Client, VpcId: string, PeerVpcId: string): Promise<Made> {
  const { VpcPeeringConnection } = await ec2.send(new CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
  const peering = { VpcPeeringConnectionId: VpcPeeringConnection?.VpcPeeringConnectionId };
  await ec2.send(new AcceptVpcPeeringConnectionCommand(peering));
  return {
    id: peering.VpcPeeringConnectionId ?? '',
    remove: () => ec2.send(new DeleteVpcPeeringConnectionCommand(peering)),
  };
}

async function anInterface(ec2: EC2Client, SubnetId: string | undefined, Description: string): Promise<Made> {
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Description }));
  const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId;
  return {
    id: NetworkInterfaceId ?? '',
    remove: () => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
  };
}

async function routed(ec2: EC2Client, route: CreateRouteCommandInput): Promise<Mend> {
  await ec2.send(new CreateRouteCommand(route));
  const { RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock } = route;
  return () => ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock }));
}

/** Has something made, then does something with it; mends both. */
async function withMade(made: Made, act: (id: string) => Promise<Mend>): Promise<Mend> {
  return await inTurn(
    async () => made.remove,
    () => act(made.id),
  );
}

async function endpointPolicy(
  { subject, root: { ec2 } }: Scene,
  change: { ResetPolicy: true } | { PolicyDocument: string },
) {
  const Filters = [{ Name: 'vpc-id', Values: [vpcOf(subject)] }];
  const { VpcEndpoints } = await ec2.send(new DescribeVpcEndpointsCommand({ Filters }));
  const { VpcEndpointId, PolicyDocument } = VpcEndpoints?.[0] ?? {};
  await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, ...change }));
  return {
    id: VpcEndpointId ?? '',
    mend: () => ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PolicyDocument })),
  };
}

/** Replaces the tenant's flow log by another, or by none. */
async function flowLogs({ subject, root: { ec2 } }: Scene, TrafficType?: 'REJECT') {
  const Filter = [{ Name: 'resource-id', Values: [vpcOf(subject)] }];
  const { FlowLogs = [] } = await ec2.send(new DescribeFlowLogsCommand({ Filter }));
  const ids = FlowLogs.map(({ FlowLogId = '' }) => FlowLogId);
  const make = async (traffic: 'ALL' | 'REJECT') => {
    const { FlowLogIds = [] } = await ec2.send(
      new CreateFlowLogsCommand({
        ResourceIds: [vpcOf(subject)],
        ResourceType: 'VPC',
        TrafficType: traffic,
        LogDestinationType: 'cloud-watch-logs',
        LogGroupName: `/tenants/${tenantIdOf(subject)}/flow-logs`,
        DeliverLogsPermissionArn: FlowLogs[0]?.DeliverLogsPermissionArn,
      }),
    );
    return FlowLogIds;
  };
  await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: ids }));
  const instead = TrafficType ? await make(TrafficType) : [];
  const mend = async () => {
    if (instead.length > 0) await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: instead }));
    await make('ALL');
  };
  return { instead, mend };
}

export const NETWORK_SABOTAGES: readonly Sabotage[] = [
  {
    name: 'give the VPC a second block',
    check: 'network.block',
    how: async ({ subject, root: { ec2 } }) => {
      const block = { VpcId: vpcOf(subject), CidrBlock: FURTHER };
      const { CidrBlockAssociation } = await ec2.send(new AssociateVpcCidrBlockCommand(block));
      const AssociationId = CidrBlockAssociation?.AssociationId;
      return {
        cause: `block: ${FURTHER} must not be there`,
        mend: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'give the VPC IPv6 addresses',
    check: 'network.block',
    how: async ({ subject, root: { ec2 } }) => {
      const { Ipv6CidrBlockAssociation } = await ec2.send(
        new AssociateVpcCidrBlockCommand({ VpcId: vpcOf(subject), AmazonProvidedIpv6CidrBlock: true }),
      );
      const { AssociationId, Ipv6CidrBlock } = Ipv6CidrBlockAssociation ?? {};
      return {
        cause: `it has the IPv6 block ${Ipv6CidrBlock ?? ''}`,
        mend: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'make another VPC with the slot’s block',
    check: 'network.no-overlap',
    how: async ({ subject, root: { ec2 } }) => {
      const { cidr } = subject.tenant.slot;
      const { id, remove } = await aVpc(ec2, cidr);
      return { cause: `${id} has ${cidr}`, mend: remove };
    },
  },
  {
    name: 'make another VPC with a block around the slot’s',
    check: 'network.no-overlap',
    how: async ({ subject, root: { ec2 } }) => {
      const around = `${subject.tenant.slot.cidr.split('.').slice(0, 2).join('.')}.0.0/16`;
      const { id, remove } = await aVpc(ec2, around);
      return { cause: `${id} has ${around}`, mend: remove };
    },
  },
  {
    name: 'add a subnet',
    check: 'network.subnets',
    how: async ({ subject, root: { ec2 } }) => {
      const CidrBlock = `${addressIn(subject.tenant.slot.cidr, 128)}/26`;
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcOf(subject), CidrBlock }));
      const SubnetId = Subnet?.SubnetId;
      return {
        cause: `subnet: ${SubnetId} must not be there`,
        mend: () => ec2.send(new DeleteSubnetCommand({ SubnetId })),
      };
    },
  },
  {
    name: 'let a subnet give public addresses',
    check: 'network.subnets',
    how: async ({ subject, root: { ec2 } }) => {
      const SubnetId = firstSubnetOf(subject);
      const giving = (Value: boolean) =>
        ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value } }));
      await giving(true);
      return { cause: `${SubnetId} gives public addresses`, mend: () => giving(false) };
    },
  },
  {
    name: 'attach an internet gateway',
    check: 'network.internet-gateway',
    how: async ({ subject, root: { ec2 } }) => {
      const { id, remove } = await anInternetGateway(ec2, vpcOf(subject));
      return { cause: `${id} is attached`, mend: remove };
    },
  },
  {
    name: 'make a NAT gateway',
    check: 'network.nat-gateway',
    how: async ({ subject, root: { ec2 } }) => {
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({ SubnetId: firstSubnetOf(subject), ConnectivityType: 'private' }),
      );
      const NatGatewayId = NatGateway?.NatGatewayId;
      return {
        cause: `${NatGatewayId} is in it`,
        mend: () => ec2.send(new DeleteNatGatewayCommand({ NatGatewayId })),
      };
    },
  },
  {
    name: 'attach a VPN gateway',
    check: 'network.vpn-gateway',
    how: async ({ subject, root: { ec2 } }) => {
      const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: 'ipsec.1' }));
      const VpnGatewayId = VpnGateway?.VpnGatewayId;
      const attachment = { VpnGatewayId, VpcId: vpcOf(subject) };
      await ec2.send(new AttachVpnGatewayCommand(attachment));
      const mend = async () => {
        await ec2.send(new DetachVpnGatewayCommand(attachment));
        await ec2.send(new DeleteVpnGatewayCommand({ VpnGatewayId }));
      };
      return { cause: `${VpnGatewayId} is attached`, mend };
    },
  },
  {
    name: 'lead everything to the internet',
    check: 'network.routes',
    how: async ({ subject, root: { ec2 } }) => {
      const gateway = await anInternetGateway(ec2, vpcOf(subject));
      const { RouteTableId } = networkOf(subject);
      const mend = await withMade(gateway, (GatewayId) =>
        routed(ec2, { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }),
      );
      return { cause: `${RouteTableId} leads 0.0.0.0/0 to ${gateway.id}`, mend };
    },
  },
  {
    name: 'lead another network’s addresses over the peering',
    check: 'network.routes',
    how: async ({ subject, root: { ec2 } }) => {
      const { RouteTableId, PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const mend = await routed(ec2, { RouteTableId, DestinationCidrBlock: ELSEWHERE, VpcPeeringConnectionId });
      return { cause: `${RouteTableId} leads ${ELSEWHERE} to ${VpcPeeringConnectionId}`, mend };
    },
  },
  {
    name: 'lead IPv6 to the internet',
    check: 'network.routes',
    how: async ({ subject, root: { ec2 } }) => {
      const { EgressOnlyInternetGateway } = await ec2.send(
        new CreateEgressOnlyInternetGatewayCommand({ VpcId: vpcOf(subject) }),
      );
      const EgressOnlyInternetGatewayId = EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId;
      const gateway: Made = {
        id: EgressOnlyInternetGatewayId ?? '',
        remove: () => ec2.send(new DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId })),
      };
      const { RouteTableId } = networkOf(subject);
      const mend = await withMade(gateway, () =>
        routed(ec2, { RouteTableId, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId }),
      );
      return { cause: `${RouteTableId} leads ::/0 to ${gateway.id}`, mend };
    },
  },
  {
    name: 'lead out by a second route table',
    check: 'network.routes',
    how: async ({ subject, root: { ec2 } }) => {
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: vpcOf(subject) }));
      const RouteTableId = RouteTable?.RouteTableId;
      const table: Made = {
        id: RouteTableId ?? '',
        remove: () => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
      };
      const { PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const mend = await withMade(table, () =>
        routed(ec2, { RouteTableId, DestinationCidrBlock: ELSEWHERE, VpcPeeringConnectionId }),
      );
      return { cause: `${RouteTableId} leads ${ELSEWHERE} to ${VpcPeeringConnectionId}`, mend };
    },
  },
  {
    name: 'lead to the database from further subnets of the cell',
    check: 'network.routes-inward',
    how: async ({ subject, root: { ec2 } }) => {
      const { DatabaseCidr, PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: subject.cell.vpcId }));
      const RouteTableId = RouteTable?.RouteTableId;
      const table: Made = {
        id: RouteTableId ?? '',
        remove: () => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
      };
      const mend = await withMade(table, () =>
        routed(ec2, { RouteTableId, DestinationCidrBlock: DatabaseCidr, VpcPeeringConnectionId }),
      );
      return { cause: `route table: ${RouteTableId} must not be there`, mend };
    },
  },
  {
    name: 'take part of the database’s traffic elsewhere',
    check: 'network.routes-inward',
    how: async ({ subject, root: { ec2 } }) => {
      const [RouteTableId] = subject.cell.routeTableIds;
      const DestinationCidrBlock = `${addressIn(networkOf(subject).DatabaseCidr, 0)}/28`;
      const other = await aVpc(ec2, ELSEWHERE);
      let peeringId = '';
      const mend = await withMade(other, async (vpcId) => {
        const peering = await aPeering(ec2, subject.cell.vpcId, vpcId);
        peeringId = peering.id;
        return await withMade(peering, (VpcPeeringConnectionId) =>
          routed(ec2, { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId }),
        );
      });
      return { cause: `${RouteTableId} leads ${DestinationCidrBlock} to ${peeringId}`, mend };
    },
  },
  {
    name: 'lead the whole slot over the peering',
    check: 'network.routes-inward',
    how: async ({ subject, root: { ec2 } }) => {
      const [RouteTableId] = subject.cell.routeTableIds;
      const { PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const DestinationCidrBlock = subject.tenant.slot.cidr;
      const mend = await routed(ec2, { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId });
      return { cause: `${RouteTableId} leads ${DestinationCidrBlock} to ${VpcPeeringConnectionId}`, mend };
    },
  },
  {
    name: 'cut a zone of the cell off the database',
    check: 'network.routes-inward',
    how: async ({ subject, root: { ec2 } }) => {
      const [RouteTableId] = subject.cell.routeTableIds;
      const { DatabaseCidr: DestinationCidrBlock, PeeringConnectionId } = networkOf(subject);
      await ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock }));
      const route = { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId: PeeringConnectionId };
      return {
        cause: `route table: ${RouteTableId} is missing`,
        mend: () => ec2.send(new CreateRouteCommand(route)),
      };
    },
  },
  {
    name: 'peer the VPC with another',
    check: 'network.peering',
    how: async ({ subject, root: { ec2 } }) => {
      const other = await aVpc(ec2, ELSEWHERE);
      let peeringId = '';
      const mend = await withMade(other, async (vpcId) => {
        const { id, remove } = await aPeering(ec2, vpcOf(subject), vpcId);
        peeringId = id;
        return remove;
      });
      return { cause: `peering: ${peeringId} must not be there`, mend };
    },
  },
  {
    name: 'have another VPC peer with the tenant’s',
    check: 'network.peering',
    how: async ({ subject, root: { ec2 } }) => {
      const other = await aVpc(ec2, ELSEWHERE);
      let peeringId = '';
      const mend = await withMade(other, async (vpcId) => {
        const { id, remove } = await aPeering(ec2, vpcId, vpcOf(subject));
        peeringId = id;
        return remove;
      });
      return { cause: `peering: ${peeringId} must not be there`, mend };
    },
  },
  {
    name: 'take the endpoint’s policy away',
    check: 'network.endpoints',
    how: async (scene) => {
      const { id, mend } = await endpointPolicy(scene, { ResetPolicy: true });
      return { cause: `${id} reaches *`, mend };
    },
  },
  {
    name: 'let the endpoint reach another tenant’s bucket',
    check: 'network.endpoints',
    how: async (scene) => {
      const Resource = `arn:aws:s3:::${scene.subject.cell.decoy.bucketName}/*`;
      const statement = { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const { id, mend } = await endpointPolicy(scene, { PolicyDocument });
      return { cause: `${id} reaches ${Resource}`, mend };
    },
  },
  {
    name: 'add an endpoint of another service',
    check: 'network.endpoints',
    how: async ({ subject, root: { ec2 } }) => {
      const ServiceName = `com.amazonaws.${subject.region}.dynamodb`;
      const { VpcEndpoint } = await ec2.send(
        new CreateVpcEndpointCommand({ VpcId: vpcOf(subject), VpcEndpointType: 'Gateway', ServiceName }),
      );
      const VpcEndpointIds = [VpcEndpoint?.VpcEndpointId ?? ''];
      return {
        cause: `Gateway ${ServiceName} must not be there`,
        mend: () => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds })),
      };
    },
  },
  {
    name: 'delete the flow log',
    check: 'network.flow-logs',
    how: async (scene) => {
      const { mend } = await flowLogs(scene);
      return { cause: 'and no other is there', mend };
    },
  },
  {
    name: 'log refused traffic alone',
    check: 'network.flow-logs',
    how: async (scene) => {
      const { instead, mend } = await flowLogs(scene, 'REJECT');
      return { cause: `${instead[0]} is ACTIVE and sends REJECT`, mend };
    },
  },
  {
    name: 'put a jump host’s interface into the VPC',
    check: 'network.interfaces',
    how: async ({ subject, root: { ec2 } }) => {
      const { id, remove } = await anInterface(ec2, firstSubnetOf(subject), 'jump host');
      return { cause: `${id} is not RDS’s: jump host`, mend: remove };
    },
  },
  {
    name: 'give an interface in the VPC a public address',
    check: 'network.interfaces',
    how: async ({ subject, root: { ec2 } }) => {
      const made = await anInterface(ec2, firstSubnetOf(subject), 'jump host');
      const mend = await withMade(made, async (NetworkInterfaceId) => {
        const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
        const { AssociationId } = await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
        return async () => {
          await ec2.send(new DisassociateAddressCommand({ AssociationId }));
          await ec2.send(new ReleaseAddressCommand({ AllocationId }));
        };
      });
      return { cause: `${made.id} has a public address`, mend };
    },
  },
];
