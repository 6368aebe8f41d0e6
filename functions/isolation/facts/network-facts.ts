import {
  DescribeVpnGatewaysCommand,
  type EC2Client,
  type FlowLog,
  type InternetGateway,
  type NatGateway,
  type NetworkAcl,
  type NetworkInterface,
  paginateDescribeFlowLogs,
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkAcls,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
  paginateDescribeVpcs,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type Vpc,
  type VpcEndpoint,
  type VpcPeeringConnection,
  type VpnGateway,
} from '@aws-sdk/client-ec2';
import type { HostedZoneSummary, Route53Client } from '@aws-sdk/client-route-53';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { patternsMeeting } from '../cidr';
import { type Subject, vpcOf } from '../subject';
import { privateZonesOf } from './private-zones';
import { readOnce } from './reading';

/**
 * Resources in or of the tenant's VPC. Every request filters by it, or by the VPC of its cell, whose size is fixed, so the
 * number of tenants changes no answer.
 */
export interface NetworkFacts {
  /** VPCs with a block that overlaps the slot's. The tenant's own should be the only one. */
  readonly vpcsInSlot: () => Promise<readonly Vpc[]>;
  readonly subnets: () => Promise<readonly Subnet[]>;
  readonly routeTables: () => Promise<readonly RouteTable[]>;
  /** Route tables of the tenant's VPC and of its cell's with a route over the tenant's peering. In no other VPC does such a route lead anywhere. */
  readonly routeTablesOverPeering: () => Promise<readonly RouteTable[]>;
  /** The database's security group. */
  readonly securityGroup: () => Promise<SecurityGroup | undefined>;
  /** All security groups of the VPC. */
  readonly groups: () => Promise<readonly SecurityGroup[]>;
  readonly acls: () => Promise<readonly NetworkAcl[]>;
  readonly internetGateways: () => Promise<readonly InternetGateway[]>;
  readonly natGateways: () => Promise<readonly NatGateway[]>;
  readonly vpnGateways: () => Promise<readonly VpnGateway[]>;
  readonly endpoints: () => Promise<readonly VpcEndpoint[]>;
  /** Peerings of which the tenant's VPC is requester or accepter. */
  readonly peerings: () => Promise<readonly VpcPeeringConnection[]>;
  /** Flow logs of the VPC, of its subnets and of the network interfaces in it. */
  readonly flowLogs: () => Promise<readonly FlowLog[]>;
  readonly interfaces: () => Promise<readonly NetworkInterface[]>;
  /** Hosted zones that answer the VPC's hosts in place of the public ones. */
  readonly privateZones: () => Promise<readonly HostedZoneSummary[]>;
}

const where = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });

export function networkFacts(client: EC2Client, route53: Route53Client, subject: Subject): NetworkFacts {
  const ec2 = { client };
  const VpcId = vpcOf(subject);
  const { DatabaseSecurityGroupId, DatabaseSubnetIds, PeeringConnectionId } = subject.stacks.network.outputs;
  const inVpc = where('vpc-id', VpcId);
  /** One request for the two VPCs that the peering connects: most of the cell's tables are asked about, too. */
  const routeTablesOfBoth = readOnce(() =>
    everyItem(paginateDescribeRouteTables(ec2, where('vpc-id', VpcId, subject.cell.vpcId)), (page) => page.RouteTables),
  );
  const interfaces = readOnce(() =>
    everyItem(paginateDescribeNetworkInterfaces(ec2, inVpc), (page) => page.NetworkInterfaces),
  );
  const groups = readOnce(() => everyItem(paginateDescribeSecurityGroups(ec2, inVpc), (page) => page.SecurityGroups));
  return {
    vpcsInSlot: readOnce(() => {
      const meeting = where('cidr-block-association.cidr-block', ...patternsMeeting(subject.tenant.slot.cidr));
      return everyItem(paginateDescribeVpcs(ec2, meeting), (page) => page.Vpcs);
    }),
    subnets: readOnce(() => everyItem(paginateDescribeSubnets(ec2, inVpc), (page) => page.Subnets)),
    routeTables: async () => (await routeTablesOfBoth()).filter((table) => table.VpcId === VpcId),
    routeTablesOverPeering: async () =>
      (await routeTablesOfBoth()).filter(({ Routes = [] }) =>
        Routes.some(({ VpcPeeringConnectionId }) => VpcPeeringConnectionId === PeeringConnectionId),
      ),
    securityGroup: async () => (await groups()).find(({ GroupId }) => GroupId === DatabaseSecurityGroupId),
    groups,
    acls: readOnce(() => everyItem(paginateDescribeNetworkAcls(ec2, inVpc), (page) => page.NetworkAcls)),
    internetGateways: readOnce(() =>
      everyItem(
        paginateDescribeInternetGateways(ec2, where('attachment.vpc-id', VpcId)),
        (page) => page.InternetGateways,
      ),
    ),
    natGateways: readOnce(() =>
      everyItem(paginateDescribeNatGateways(ec2, { Filter: inVpc.Filters }), (page) => page.NatGateways),
    ),
    vpnGateways: readOnce(async () => {
      const { VpnGateways } = await client.send(new DescribeVpnGatewaysCommand(where('attachment.vpc-id', VpcId)));
      return VpnGateways ?? [];
    }),
    endpoints: readOnce(() => everyItem(paginateDescribeVpcEndpoints(ec2, inVpc), (page) => page.VpcEndpoints)),
    peerings: readOnce(async () => {
      const sides = ['requester-vpc-info.vpc-id', 'accepter-vpc-info.vpc-id'];
      const found = await settled(
        sides.map((side) =>
          everyItem(
            paginateDescribeVpcPeeringConnections(ec2, where(side, VpcId)),
            (page) => page.VpcPeeringConnections,
          ),
        ),
      );
      return found.flat();
    }),
    flowLogs: readOnce(async () => {
      const ofInterfaces = (await interfaces()).flatMap(({ NetworkInterfaceId: id }) => id ?? []);
      const { Filters: Filter } = where('resource-id', VpcId, ...DatabaseSubnetIds.split(','), ...ofInterfaces);
      return everyItem(paginateDescribeFlowLogs(ec2, { Filter }), (page) => page.FlowLogs);
    }),
    interfaces,
    privateZones: readOnce(() => privateZonesOf(route53, { vpcId: VpcId, region: subject.region })),
  };
}
