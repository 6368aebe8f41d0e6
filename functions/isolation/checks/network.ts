import type { NetworkInterface, Route, RouteTable } from '@aws-sdk/client-ec2';
import { type Check, expectEqual, expectExactly, finding } from '../check';
import { overlaps } from '../cidr';
import { parsePolicy } from '../policy-document';
import { bucketOf, type Subject, tenantIdOf, vpcOf } from '../subject';

/** "NatGateway", "VpcPeeringConnection": what is left of one for a while after its end. */
const GONE = ['deleted', 'deleting', 'failed', 'rejected', 'expired', 'detached', 'detaching'];
const isThere = (state: string | undefined) => !GONE.includes(state ?? '');

const destinationOf = (route: Route) =>
  route.DestinationCidrBlock ?? route.DestinationPrefixListId ?? route.DestinationIpv6CidrBlock ?? 'somewhere';

/** Whatever a route leads to; a blackhole keeps the name of what is gone. */
const wayOf = (route: Route) =>
  route.VpcPeeringConnectionId ??
  route.GatewayId ??
  route.NatGatewayId ??
  route.TransitGatewayId ??
  route.EgressOnlyInternetGatewayId ??
  route.NetworkInterfaceId ??
  route.InstanceId ??
  'an unknown way';

function isExpected(route: Route, { cell, stacks }: Subject, endpointIds: readonly (string | undefined)[]): boolean {
  if (route.GatewayId === 'local') return true;
  if (route.VpcPeeringConnectionId === stacks.network.outputs.PeeringConnectionId)
    return route.DestinationCidrBlock === cell.appCidr;
  return route.DestinationPrefixListId !== undefined && endpointIds.includes(route.GatewayId);
}

const strangeRoutes = ({ RouteTableId, Routes = [] }: RouteTable, isFine: (route: Route) => boolean) =>
  Routes.filter((route) => !isFine(route)).map(
    (route) => `${RouteTableId} leads ${destinationOf(route)} to ${wayOf(route)}`,
  );

/** The description anybody can write; that a service manages an interface, EC2 alone says. */
const isOfRds = ({ RequesterManaged, RequesterId, Description }: NetworkInterface) =>
  RequesterManaged === true && (RequesterId === 'amazon-rds' || Description === 'RDSNetworkInterface');

export const NETWORK_CHECKS: readonly Check[] = [
  {
    id: 'network.block',
    title: 'The VPC has its slot’s block and nothing else',
    question: 'Is the slot’s block the only address range of the VPC, IPv6 included?',
    severity: 'high',
    control: 'SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const { tenant } = subject;
      const own = (await facts.network.vpcsInSlot()).find(({ VpcId }) => VpcId === vpcOf(subject));
      const { CidrBlockAssociationSet = [], Ipv6CidrBlockAssociationSet = [] } = own ?? {};
      const blocks = CidrBlockAssociationSet.map((each) => each.CidrBlock);
      return finding(
        [
          ...expectExactly('block', blocks, [tenant.slot.cidr]),
          ...Ipv6CidrBlockAssociationSet.map((each) => `it has the IPv6 block ${each.Ipv6CidrBlock}`),
        ],
        tenant.slot.cidr,
      );
    },
  },
  {
    id: 'network.no-overlap',
    title: 'No other network has addresses of this one',
    question:
      'Is the tenant’s VPC the only one of the account with a block that meets its slot’s, the cell’s included?',
    severity: 'high',
    control: 'SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const { cell, tenant } = subject;
      const others = (await facts.network.vpcsInSlot()).filter(({ VpcId }) => VpcId !== vpcOf(subject));
      return finding(
        [
          ...others.map(({ VpcId, CidrBlock }) => `${VpcId} has ${CidrBlock}`),
          ...(overlaps(cell.appCidr, tenant.slot.cidr) ? [`the cell’s ${cell.appCidr} meets it`] : []),
        ],
        `${tenant.slot.cidr} is this VPC’s alone`,
      );
    },
  },
  {
    id: 'network.subnets',
    title: 'The VPC holds private database subnets in two zones',
    question: 'Are the database’s subnets the only ones, in two zones or more, without public addresses?',
    severity: 'high',
    control: 'FSBP EC2.15, SOC 2 CC6.6',
    run: async ({ stacks }, { facts }) => {
      const subnets = await facts.network.subnets();
      const ids = subnets.map(({ SubnetId }) => SubnetId);
      const zones = new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone));
      return finding(
        [
          ...expectExactly('subnet', ids, stacks.network.outputs.DatabaseSubnetIds.split(',')),
          ...subnets
            .filter((each) => each.MapPublicIpOnLaunch)
            .map((each) => `${each.SubnetId} gives public addresses`),
          ...(zones.size < 2 ? ['they are in one zone'] : []),
        ],
        `${subnets.length} subnets in ${zones.size} zones`,
      );
    },
  },
  {
    id: 'network.internet-gateway',
    title: 'The VPC has no internet gateway',
    question: 'Is no internet gateway attached to the VPC?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (_, { facts }) =>
      finding(
        (await facts.network.internetGateways()).map(({ InternetGatewayId }) => `${InternetGatewayId} is attached`),
        'none is attached',
      ),
  },
  {
    id: 'network.nat-gateway',
    title: 'The VPC has no NAT gateway',
    question: 'Is no NAT gateway in the VPC?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (_, { facts }) =>
      finding(
        (await facts.network.natGateways())
          .filter(({ State }) => isThere(State))
          .map(({ NatGatewayId }) => `${NatGatewayId} is in it`),
        'none is in it',
      ),
  },
  {
    id: 'network.vpn-gateway',
    title: 'The VPC has no VPN gateway',
    question: 'Is no virtual private gateway attached to the VPC?',
    severity: 'high',
    control: 'SOC 2 CC6.6',
    run: async (_, { facts }) =>
      finding(
        (await facts.network.vpnGateways())
          .filter(({ VpcAttachments = [] }) => VpcAttachments.some(({ State }) => isThere(State)))
          .map(({ VpnGatewayId }) => `${VpnGatewayId} is attached`),
        'none is attached',
      ),
  },
  {
    id: 'network.routes',
    title: 'The VPC’s routes lead to its cell and its bucket alone',
    question:
      'Does every route of the VPC stay inside it, or lead to the cell’s application subnets or the S3 endpoint?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const [tables, endpoints] = await Promise.all([facts.network.routeTables(), facts.network.endpoints()]);
      const endpointIds = endpoints.map(({ VpcEndpointId }) => VpcEndpointId);
      return finding(
        tables.flatMap((table) => strangeRoutes(table, (route) => isExpected(route, subject, endpointIds))),
        `${tables.length} route tables, no way out but those two`,
      );
    },
  },
  {
    id: 'network.routes-inward',
    title: 'Only the cell’s application subnets have a route to the database',
    question: 'Do only the cell’s three route tables lead to the database’s subnets, and over this peering alone?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ cell, stacks }, { facts }) => {
      const { PeeringConnectionId, RouteTableId, DatabaseCidr } = stacks.network.outputs;
      const tables = await facts.network.routeTablesOverPeering();
      const ids = tables.map((table) => table.RouteTableId);
      const inCell = tables.filter((table) => table.RouteTableId !== RouteTableId);
      const violations = inCell.flatMap((table) =>
        strangeRoutes(table, (route) => {
          const overPeering = route.VpcPeeringConnectionId === PeeringConnectionId;
          const toDatabase = route.DestinationCidrBlock === DatabaseCidr;
          const meets = route.DestinationCidrBlock !== undefined && isInside(route.DestinationCidrBlock, DatabaseCidr);
          return overPeering ? toDatabase : !meets;
        }),
      );
      return finding(
        [...expectExactly('route table', ids, [RouteTableId, ...cell.routeTableIds]), ...violations],
        `${DatabaseCidr} over ${PeeringConnectionId} from the cell’s route tables alone`,
      );
    },
  },
  {
    id: 'network.peering',
    title: 'The VPC is peered to its own cell and to nobody else',
    question: 'Is the peering with the tenant’s cell the only one that the VPC has, from either side?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const { cell, stacks } = subject;
      const living = (await facts.network.peerings()).filter(({ Status }) => isThere(Status?.Code));
      const own = living.find((each) => each.VpcPeeringConnectionId === stacks.network.outputs.PeeringConnectionId);
      const ids = living.map((each) => each.VpcPeeringConnectionId);
      return finding(
        [
          ...expectExactly('peering', ids, [stacks.network.outputs.PeeringConnectionId]),
          ...expectEqual('its far end', own?.AccepterVpcInfo?.VpcId, cell.vpcId),
          ...expectEqual('its state', own?.Status?.Code, 'active'),
        ],
        `${ids.join(', ')} to ${cell.vpcId}`,
      );
    },
  },
  {
    id: 'network.endpoints',
    title: 'The VPC’s endpoint leads to the tenant’s bucket alone',
    question: 'Is the S3 gateway endpoint the only one, and does its policy name the tenant’s bucket alone?',
    severity: 'high',
    control: 'SOC 2 CC6.6',
    run: async (subject, { facts }) => {
      const endpoints = (await facts.network.endpoints()).filter(({ State }) => isThere(State?.toLowerCase()));
      const bucket = `arn:aws:s3:::${bucketOf(subject)}`;
      const reaching = endpoints.flatMap(({ VpcEndpointId, PolicyDocument }) =>
        (PolicyDocument ? parsePolicy(PolicyDocument) : [])
          .filter(({ effect }) => effect === 'Allow')
          .flatMap(({ inverted, resources }) => (inverted ? ['everything but some'] : resources))
          .filter((resource) => resource !== bucket && resource !== `${bucket}/*`)
          .map((resource) => `${VpcEndpointId} reaches ${resource}`),
      );
      const unguarded = endpoints.filter(({ PolicyDocument }) => !PolicyDocument);
      return finding(
        [
          ...expectExactly(
            'endpoint',
            endpoints.map(({ VpcEndpointType, ServiceName }) => `${VpcEndpointType} ${ServiceName}`),
            [`Gateway com.amazonaws.${subject.region}.s3`],
          ),
          ...expectEqual('the number of endpoints', endpoints.length, 1),
          ...unguarded.map(({ VpcEndpointId }) => `${VpcEndpointId} has no policy`),
          ...reaching,
        ],
        'the S3 endpoint, to this bucket alone',
      );
    },
  },
  {
    id: 'network.flow-logs',
    title: 'All traffic of the VPC is logged',
    question: 'Is an active flow log of all traffic in place, into the tenant’s own log group?',
    severity: 'medium',
    control: 'FSBP EC2.6, CIS AWS Foundations 3.7',
    run: async (subject, { facts }) => {
      const group = `/tenants/${tenantIdOf(subject)}/flow-logs`;
      const logs = await facts.network.flowLogs();
      const log = logs.find(
        ({ FlowLogStatus, TrafficType, LogGroupName }) =>
          FlowLogStatus === 'ACTIVE' && TrafficType === 'ALL' && LogGroupName === group,
      );
      const others = logs.map(
        ({ FlowLogId, FlowLogStatus, TrafficType, LogGroupName }) =>
          `${FlowLogId} is ${FlowLogStatus} and sends ${TrafficType} to ${LogGroupName ?? 'no log group'}`,
      );
      const { FlowLogId } = subject.stacks.network.outputs;
      return finding(
        log
          ? []
          : [
              `no active flow log sends all traffic to ${group}: ${others.join(', ') || `${FlowLogId} is gone, and no other is there`}`,
            ],
        `${log?.FlowLogId} to ${group}`,
      );
    },
  },
  {
    id: 'network.interfaces',
    title: 'Nothing but the database is in the VPC',
    question: 'Does every network interface of the VPC belong to RDS, without a public address?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (_, { facts }) => {
      const interfaces = await facts.network.interfaces();
      const violations = interfaces.flatMap((each) => [
        ...(isOfRds(each) ? [] : [`${each.NetworkInterfaceId} is not RDS’s: ${each.Description || 'no description'}`]),
        ...(each.Association?.PublicIp ? [`${each.NetworkInterfaceId} has a public address`] : []),
      ]);
      return finding(violations, `${interfaces.length} interfaces, all RDS’s`);
    },
  },
];

/** Whether a destination is more specific than the block: such a route takes part of the block's traffic elsewhere. */
function isInside(destination: string, block: string): boolean {
  return Number(destination.split('/')[1]) >= Number(block.split('/')[1]) && overlaps(destination, block);
}
