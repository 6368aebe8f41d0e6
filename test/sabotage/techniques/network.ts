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
import { type AttackTechnique, inTurn, type Revert, type Scene } from '../technique';

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
  readonly remove: Revert;
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

async function routed(ec2: EC2Client, route: CreateRouteCommandInput): Promise<Revert> {
  await ec2.send(new CreateRouteCommand(route));
  const { RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock } = route;
  return () => ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock }));
}

/** Has something made, then does something with it; reverts both. */
async function withMade(made: Made, act: (id: string) => Promise<Revert>): Promise<Revert> {
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
    revert: () => ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PolicyDocument })),
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
  const revert = async () => {
    if (instead.length > 0) await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: instead }));
    await make('ALL');
  };
  return { instead, revert };
}

export const NETWORK_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'give the VPC a second block',
    check: 'network.block',
    detonate: async ({ subject, root: { ec2 } }) => {
      const block = { VpcId: vpcOf(subject), CidrBlock: FURTHER };
      const { CidrBlockAssociation } = await ec2.send(new AssociateVpcCidrBlockCommand(block));
      const AssociationId = CidrBlockAssociation?.AssociationId;
      return {
        expectedEvidence: `block ${FURTHER} is unexpected`,
        revert: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'give the VPC IPv6 addresses',
    check: 'network.block',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { Ipv6CidrBlockAssociation } = await ec2.send(
        new AssociateVpcCidrBlockCommand({ VpcId: vpcOf(subject), AmazonProvidedIpv6CidrBlock: true }),
      );
      const { AssociationId, Ipv6CidrBlock } = Ipv6CidrBlockAssociation ?? {};
      return {
        expectedEvidence: `the VPC has the IPv6 block ${Ipv6CidrBlock ?? ''}`,
        revert: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'make another VPC with the slot’s block',
    check: 'network.no-overlap',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { cidr } = subject.tenant.slot;
      const { id, remove } = await aVpc(ec2, cidr);
      return { expectedEvidence: `${id} overlaps with ${cidr}`, revert: remove };
    },
  },
  {
    name: 'make another VPC with a block around the slot’s',
    check: 'network.no-overlap',
    detonate: async ({ subject, root: { ec2 } }) => {
      const around = `${subject.tenant.slot.cidr.split('.').slice(0, 2).join('.')}.0.0/16`;
      const { id, remove } = await aVpc(ec2, around);
      return { expectedEvidence: `${id} overlaps with ${around}`, revert: remove };
    },
  },
  {
    name: 'add a subnet',
    check: 'network.subnets',
    detonate: async ({ subject, root: { ec2 } }) => {
      const CidrBlock = `${addressIn(subject.tenant.slot.cidr, 128)}/26`;
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcOf(subject), CidrBlock }));
      const SubnetId = Subnet?.SubnetId;
      return {
        expectedEvidence: `subnet ${SubnetId} is unexpected`,
        revert: () => ec2.send(new DeleteSubnetCommand({ SubnetId })),
      };
    },
  },
  {
    name: 'let a subnet give public addresses',
    check: 'network.subnets',
    detonate: async ({ subject, root: { ec2 } }) => {
      const SubnetId = firstSubnetOf(subject);
      const giving = (Value: boolean) =>
        ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value } }));
      await giving(true);
      return { expectedEvidence: `${SubnetId} assigns public addresses`, revert: () => giving(false) };
    },
  },
  {
    name: 'attach an internet gateway',
    check: 'network.internet-gateway',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { id, remove } = await anInternetGateway(ec2, vpcOf(subject));
      return { expectedEvidence: `${id} is attached`, revert: remove };
    },
  },
  {
    name: 'make a NAT gateway',
    check: 'network.nat-gateway',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({ SubnetId: firstSubnetOf(subject), ConnectivityType: 'private' }),
      );
      const NatGatewayId = NatGateway?.NatGatewayId;
      return {
        expectedEvidence: `${NatGatewayId} is in the VPC`,
        revert: () => ec2.send(new DeleteNatGatewayCommand({ NatGatewayId })),
      };
    },
  },
  {
    name: 'attach a VPN gateway',
    check: 'network.vpn-gateway',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: 'ipsec.1' }));
      const VpnGatewayId = VpnGateway?.VpnGatewayId;
      const attachment = { VpnGatewayId, VpcId: vpcOf(subject) };
      await ec2.send(new AttachVpnGatewayCommand(attachment));
      const revert = async () => {
        await ec2.send(new DetachVpnGatewayCommand(attachment));
        await ec2.send(new DeleteVpnGatewayCommand({ VpnGatewayId }));
      };
      return { expectedEvidence: `${VpnGatewayId} is attached`, revert };
    },
  },
  {
    name: 'lead everything to the internet',
    check: 'network.routes',
    detonate: async ({ subject, root: { ec2 } }) => {
      const gateway = await anInternetGateway(ec2, vpcOf(subject));
      const { RouteTableId } = networkOf(subject);
      const revert = await withMade(gateway, (GatewayId) =>
        routed(ec2, { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId }),
      );
      return { expectedEvidence: `${RouteTableId} routes 0.0.0.0/0 to ${gateway.id}`, revert };
    },
  },
  {
    name: 'lead another network’s addresses over the peering',
    check: 'network.routes',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { RouteTableId, PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const revert = await routed(ec2, { RouteTableId, DestinationCidrBlock: ELSEWHERE, VpcPeeringConnectionId });
      return { expectedEvidence: `${RouteTableId} routes ${ELSEWHERE} to ${VpcPeeringConnectionId}`, revert };
    },
  },
  {
    name: 'lead IPv6 to the internet',
    check: 'network.routes',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { EgressOnlyInternetGateway } = await ec2.send(
        new CreateEgressOnlyInternetGatewayCommand({ VpcId: vpcOf(subject) }),
      );
      const EgressOnlyInternetGatewayId = EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId;
      const gateway: Made = {
        id: EgressOnlyInternetGatewayId ?? '',
        remove: () => ec2.send(new DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId })),
      };
      const { RouteTableId } = networkOf(subject);
      const revert = await withMade(gateway, () =>
        routed(ec2, { RouteTableId, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId }),
      );
      return { expectedEvidence: `${RouteTableId} routes ::/0 to ${gateway.id}`, revert };
    },
  },
  {
    name: 'lead out by a second route table',
    check: 'network.routes',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: vpcOf(subject) }));
      const RouteTableId = RouteTable?.RouteTableId;
      const table: Made = {
        id: RouteTableId ?? '',
        remove: () => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
      };
      const { PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const revert = await withMade(table, () =>
        routed(ec2, { RouteTableId, DestinationCidrBlock: ELSEWHERE, VpcPeeringConnectionId }),
      );
      return { expectedEvidence: `${RouteTableId} routes ${ELSEWHERE} to ${VpcPeeringConnectionId}`, revert };
    },
  },
  {
    name: 'lead to the database from further subnets of the cell',
    check: 'network.routes-inward',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { DatabaseCidr, PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: subject.cell.vpcId }));
      const RouteTableId = RouteTable?.RouteTableId;
      const table: Made = {
        id: RouteTableId ?? '',
        remove: () => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
      };
      const revert = await withMade(table, () =>
        routed(ec2, { RouteTableId, DestinationCidrBlock: DatabaseCidr, VpcPeeringConnectionId }),
      );
      return { expectedEvidence: `route table ${RouteTableId} is unexpected`, revert };
    },
  },
  {
    name: 'take part of the database’s traffic elsewhere',
    check: 'network.routes-inward',
    detonate: async ({ subject, root: { ec2 } }) => {
      const [RouteTableId] = subject.cell.routeTableIds;
      const DestinationCidrBlock = `${addressIn(networkOf(subject).DatabaseCidr, 0)}/28`;
      const other = await aVpc(ec2, ELSEWHERE);
      let peeringId = '';
      const revert = await withMade(other, async (vpcId) => {
        const peering = await aPeering(ec2, subject.cell.vpcId, vpcId);
        peeringId = peering.id;
        return await withMade(peering, (VpcPeeringConnectionId) =>
          routed(ec2, { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId }),
        );
      });
      return { expectedEvidence: `${RouteTableId} routes ${DestinationCidrBlock} to ${peeringId}`, revert };
    },
  },
  {
    name: 'lead the whole slot over the peering',
    check: 'network.routes-inward',
    detonate: async ({ subject, root: { ec2 } }) => {
      const [RouteTableId] = subject.cell.routeTableIds;
      const { PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const DestinationCidrBlock = subject.tenant.slot.cidr;
      const revert = await routed(ec2, { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId });
      return {
        expectedEvidence: `${RouteTableId} routes ${DestinationCidrBlock} to ${VpcPeeringConnectionId}`,
        revert,
      };
    },
  },
  {
    name: 'cut a zone of the cell off the database',
    check: 'network.routes-inward',
    detonate: async ({ subject, root: { ec2 } }) => {
      const [RouteTableId] = subject.cell.routeTableIds;
      const { DatabaseCidr: DestinationCidrBlock, PeeringConnectionId } = networkOf(subject);
      await ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock }));
      const route = { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId: PeeringConnectionId };
      return {
        expectedEvidence: `route table ${RouteTableId} is missing`,
        revert: () => ec2.send(new CreateRouteCommand(route)),
      };
    },
  },
  {
    name: 'peer the VPC with another',
    check: 'network.peering',
    detonate: async ({ subject, root: { ec2 } }) => {
      const other = await aVpc(ec2, ELSEWHERE);
      let peeringId = '';
      const revert = await withMade(other, async (vpcId) => {
        const { id, remove } = await aPeering(ec2, vpcOf(subject), vpcId);
        peeringId = id;
        return remove;
      });
      return { expectedEvidence: `peering ${peeringId} is unexpected`, revert };
    },
  },
  {
    name: 'have another VPC peer with the tenant’s',
    check: 'network.peering',
    detonate: async ({ subject, root: { ec2 } }) => {
      const other = await aVpc(ec2, ELSEWHERE);
      let peeringId = '';
      const revert = await withMade(other, async (vpcId) => {
        const { id, remove } = await aPeering(ec2, vpcId, vpcOf(subject));
        peeringId = id;
        return remove;
      });
      return { expectedEvidence: `peering ${peeringId} is unexpected`, revert };
    },
  },
  {
    name: 'take the endpoint’s policy away',
    check: 'network.endpoints',
    detonate: async (scene) => {
      const { id, revert } = await endpointPolicy(scene, { ResetPolicy: true });
      return { expectedEvidence: `${id} reaches *`, revert };
    },
  },
  {
    name: 'let the endpoint reach another tenant’s bucket',
    check: 'network.endpoints',
    detonate: async (scene) => {
      const Resource = `arn:aws:s3:::${scene.subject.cell.decoy.bucketName}/*`;
      const statement = { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const { id, revert } = await endpointPolicy(scene, { PolicyDocument });
      return { expectedEvidence: `${id} reaches ${Resource}`, revert };
    },
  },
  {
    name: 'add an endpoint of another service',
    check: 'network.endpoints',
    detonate: async ({ subject, root: { ec2 } }) => {
      const ServiceName = `com.amazonaws.${subject.region}.dynamodb`;
      const { VpcEndpoint } = await ec2.send(
        new CreateVpcEndpointCommand({ VpcId: vpcOf(subject), VpcEndpointType: 'Gateway', ServiceName }),
      );
      const VpcEndpointIds = [VpcEndpoint?.VpcEndpointId ?? ''];
      return {
        expectedEvidence: `Gateway ${ServiceName} is unexpected`,
        revert: () => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds })),
      };
    },
  },
  {
    name: 'delete the flow log',
    check: 'network.flow-logs',
    detonate: async (scene) => {
      const { revert } = await flowLogs(scene);
      return { expectedEvidence: 'and the VPC has no other', revert };
    },
  },
  {
    name: 'log refused traffic alone',
    check: 'network.flow-logs',
    detonate: async (scene) => {
      const { instead, revert } = await flowLogs(scene, 'REJECT');
      return { expectedEvidence: `${instead[0]} is ACTIVE and sends REJECT`, revert };
    },
  },
  {
    name: 'put a jump host’s interface into the VPC',
    check: 'network.interfaces',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { id, remove } = await anInterface(ec2, firstSubnetOf(subject), 'jump host');
      return { expectedEvidence: `${id} does not belong to RDS: jump host`, revert: remove };
    },
  },
  {
    name: 'give an interface in the VPC a public address',
    check: 'network.interfaces',
    detonate: async ({ subject, root: { ec2 } }) => {
      const made = await anInterface(ec2, firstSubnetOf(subject), 'jump host');
      const revert = await withMade(made, async (NetworkInterfaceId) => {
        const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
        const { AssociationId } = await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
        return async () => {
          await ec2.send(new DisassociateAddressCommand({ AssociationId }));
          await ec2.send(new ReleaseAddressCommand({ AllocationId }));
        };
      });
      return { expectedEvidence: `${made.id} has a public address`, revert };
    },
  },
];
