import {
  AcceptVpcPeeringConnectionCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateFlowLogsCommand,
  CreateInternetGatewayCommand,
  CreateNetworkAclEntryCommand,
  type CreateNetworkAclEntryCommandInput,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  type CreateRouteCommandInput,
  CreateVpcCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteFlowLogsCommand,
  DeleteInternetGatewayCommand,
  DeleteNetworkAclEntryCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteCommand,
  DeleteVpcCommand,
  DeleteVpcPeeringConnectionCommand,
  DescribeFlowLogsCommand,
  DescribeNetworkAclsCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcEndpointsCommand,
  DetachInternetGatewayCommand,
  type EC2Client,
  ModifyVpcEndpointCommand,
  ReplaceNetworkAclAssociationCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { type Subject, tenantIdOf, vpcOf } from '../../functions/isolation/subject';
import { inTurn, type Revert, type Scene } from './technique';

/** Blocks that no slot and no cell has. */
export const ELSEWHERE = '192.168.0.0/16';
export const FURTHER = '100.64.0.0/24';

export const networkOf = ({ stacks }: Subject) => stacks.network.outputs;
export const firstSubnetOf = (subject: Subject) => networkOf(subject).DatabaseSubnetIds.split(',')[0];

/** The address `offset` after the first of a block. */
export function addressIn(cidr: string, offset: number): string {
  const [address = ''] = cidr.split('/');
  const octets = address.split('.');
  return [...octets.slice(0, 3), String(Number(octets[3]) + offset)].join('.');
}

/** Something new, with its id and how to remove it. */
export interface Made {
  readonly id: string;
  readonly remove: Revert;
}

export async function aVpc(ec2: EC2Client, CidrBlock: string): Promise<Made> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock }));
  const VpcId = Vpc?.VpcId;
  return { id: VpcId ?? '', remove: () => ec2.send(new DeleteVpcCommand({ VpcId })) };
}

export async function anInternetGateway(ec2: EC2Client, VpcId: string): Promise<Made> {
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway?.InternetGatewayId;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId }));
  const remove = async () => {
    await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
    await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
  };
  return { id: InternetGatewayId ?? '', remove };
}

export async function aPeering(ec2: EC2Client, VpcId: string, PeerVpcId: string): Promise<Made> {
  const { VpcPeeringConnection } = await ec2.send(new CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
  const peering = { VpcPeeringConnectionId: VpcPeeringConnection?.VpcPeeringConnectionId };
  await ec2.send(new AcceptVpcPeeringConnectionCommand(peering));
  return {
    id: peering.VpcPeeringConnectionId ?? '',
    remove: () => ec2.send(new DeleteVpcPeeringConnectionCommand(peering)),
  };
}

export async function anInterface(ec2: EC2Client, SubnetId: string | undefined, Description: string): Promise<Made> {
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Description }));
  const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId;
  return {
    id: NetworkInterfaceId ?? '',
    remove: () => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
  };
}

export async function routed(ec2: EC2Client, route: CreateRouteCommandInput): Promise<Revert> {
  await ec2.send(new CreateRouteCommand(route));
  const { RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock } = route;
  return () => ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock }));
}

/** Has something made, then does something with it; reverts both. */
export async function withMade(made: Made, act: (id: string) => Promise<Revert>): Promise<Revert> {
  return await inTurn(
    async () => made.remove,
    () => act(made.id),
  );
}

export async function endpointPolicy(
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
export async function flowLogs({ subject, root: { ec2 } }: Scene, TrafficType?: 'REJECT') {
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

/** As benchmarks ask ("EC2.2" of AWS Security Hub). */
export async function emptyDefaultGroup(ec2: EC2Client, vpcId: string): Promise<Revert> {
  const Filters = [
    { Name: 'vpc-id', Values: [vpcId] },
    { Name: 'group-name', Values: ['default'] },
  ];
  const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  const [{ GroupId, IpPermissions = [], IpPermissionsEgress = [] } = {}] = SecurityGroups ?? [];
  const inward = { GroupId, IpPermissions };
  const outward = { GroupId, IpPermissions: IpPermissionsEgress };
  if (IpPermissions.length > 0) await ec2.send(new RevokeSecurityGroupIngressCommand(inward));
  if (IpPermissionsEgress.length > 0) await ec2.send(new RevokeSecurityGroupEgressCommand(outward));
  return async () => {
    if (IpPermissions.length > 0) await ec2.send(new AuthorizeSecurityGroupIngressCommand(inward));
    if (IpPermissionsEgress.length > 0) await ec2.send(new AuthorizeSecurityGroupEgressCommand(outward));
  };
}

/** Denials in the default network ACL of a VPC. */
export async function refused(
  ec2: EC2Client,
  vpcId: string,
  ...rules: readonly Omit<CreateNetworkAclEntryCommandInput, 'NetworkAclId' | 'RuleAction'>[]
): Promise<Revert> {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const { NetworkAcls = [] } = await ec2.send(new DescribeNetworkAclsCommand({ Filters }));
  const NetworkAclId = NetworkAcls.find(({ IsDefault }) => IsDefault)?.NetworkAclId;
  return await inTurn(
    ...rules.map((rule) => async () => {
      await ec2.send(new CreateNetworkAclEntryCommand({ ...rule, NetworkAclId, RuleAction: 'deny' }));
      const { RuleNumber, Egress } = rule;
      return () => ec2.send(new DeleteNetworkAclEntryCommand({ NetworkAclId, RuleNumber, Egress }));
    }),
  );
}

/** Has another network ACL govern the first subnet of the tenant. */
export async function governedBy({ subject, root: { ec2 } }: Scene, NetworkAclId: string | undefined): Promise<Revert> {
  const Filters = [{ Name: 'vpc-id', Values: [vpcOf(subject)] }];
  const { NetworkAcls = [] } = await ec2.send(new DescribeNetworkAclsCommand({ Filters }));
  const associations = NetworkAcls.flatMap(({ Associations = [] }) => Associations);
  const association = associations.find(({ SubnetId }) => SubnetId === firstSubnetOf(subject));
  const AssociationId = association?.NetworkAclAssociationId;
  const { NewAssociationId } = await ec2.send(new ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }));
  const former = NetworkAcls.find(({ IsDefault }) => IsDefault)?.NetworkAclId;
  const back = { AssociationId: NewAssociationId, NetworkAclId: former };
  return () => ec2.send(new ReplaceNetworkAclAssociationCommand(back));
}

/** "Security Hub controls for Amazon EC2": EC2.21. */
export const refuseAdministration = (ec2: EC2Client, vpcId: string): Promise<Revert> =>
  refused(
    ec2,
    vpcId,
    ...[22, 3389].map((port, n) => ({
      ...{ RuleNumber: 20 + n, Egress: false, Protocol: '6', CidrBlock: '0.0.0.0/0' },
      PortRange: { From: port, To: port },
    })),
  );
