import {
  type NetworkInterface,
  type Route,
  RouteState,
  type RouteTable,
  type VpcCidrBlockState,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEach, expectEqual, expectExactly, expectNoOther, finding } from '../check';
import { overlaps } from '../cidr';
import { grantsBeyond } from '../comparison/policy-difference';
import type { Facts } from '../facts/facts';
import { differencesOf, isPlaced as isPlacedLog, undelivered } from '../flow-log';
import { NETWORK_METADATA } from '../metadata/network';
import { policyIfAny } from '../policy-document';
import { policyIn, propertiesOf } from '../release/expected';
import { bucketOf, type Subject, tenantIdOf, vpcOf } from '../subject';
import { undeliverable } from './service-role-shortfalls';

/**
 * States in which EC2 still lists a resource for a while after its end ("NatGateway",
 * "VpcPeeringConnection").
 */
const GONE = ['deleted', 'deleting', 'failed', 'rejected', 'expired', 'detached', 'detaching'];
const isThere = (state: string | undefined) => !GONE.includes(state ?? '');

/**
 * "VPC peering connection lifecycle": traffic flows only when the owner of the accepter VPC has
 * accepted. Anybody may send a request.
 */
const UNANSWERED_REQUEST = ['initiating-request', 'pending-acceptance', 'provisioning'];

/** EC2 lists a block that a VPC has given up, or never got, for a while ("VpcCidrBlockState"). */
const isHeld = (state: VpcCidrBlockState | undefined) => !['disassociated', 'failed'].includes(state?.State ?? '');

const destinationOf = (route: Route) =>
  route.DestinationCidrBlock ??
  route.DestinationPrefixListId ??
  route.DestinationIpv6CidrBlock ??
  'an unknown destination';

/** The target of a route. A blackhole route keeps the name of its deleted target. */
const routeTargetOf = (route: Route) =>
  route.VpcPeeringConnectionId ??
  route.GatewayId ??
  route.NatGatewayId ??
  route.TransitGatewayId ??
  route.EgressOnlyInternetGatewayId ??
  route.NetworkInterfaceId ??
  route.InstanceId ??
  'an unknown target';

function isExpected(route: Route, { cell, stacks }: Subject, endpointIds: readonly (string | undefined)[]): boolean {
  if (route.GatewayId === 'local') return true;
  if (route.VpcPeeringConnectionId === stacks.network.outputs.PeeringConnectionId)
    return route.DestinationCidrBlock === cell.appCidr;
  return route.DestinationPrefixListId !== undefined && endpointIds.includes(route.GatewayId);
}

const unexpectedRoutes = ({ RouteTableId, Routes = [] }: RouteTable, isFine: (route: Route) => boolean) =>
  Routes.filter((route) => !isFine(route)).map(
    (route) => `route table ${RouteTableId} routes ${destinationOf(route)} to ${routeTargetOf(route)}`,
  );

/**
 * An interface endpoint of a service on the stage's list. The name of an AWS service is AWS's own: an
 * endpoint service of an account is called `com.amazonaws.vpce...` ("Share your services").
 */
const isPlaced = ({ VpcEndpointType, ServiceName }: VpcEndpoint, { region, placed }: Subject) =>
  VpcEndpointType === 'Interface' &&
  placed.endpointServices.some((service) => ServiceName === `com.amazonaws.${region}.${service}`);

/** Anyone can write the description, but only EC2 marks an interface as managed by a service. */
const isOfRds = ({ RequesterManaged, RequesterId, Description }: NetworkInterface) =>
  RequesterManaged === true && (RequesterId === 'amazon-rds' || Description === 'RDSNetworkInterface');

/** A subnet without an association follows the VPC's main table, which leads nowhere. */
function unrouted(tables: readonly RouteTable[], { stacks }: Subject): string[] {
  const { DatabaseSubnetIds, RouteTableId: own } = stacks.network.outputs;
  return DatabaseSubnetIds.split(',').flatMap((subnet) => {
    const table = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet));
    return table?.RouteTableId === own
      ? []
      : [`subnet ${subnet} follows route table ${table?.RouteTableId ?? 'of the VPC'}, not ${own}`];
  });
}

/** The one way from the database to its cell: answers take it, too. EC2 keeps a route whose target is gone, as a black hole. */
function cutOff(tables: readonly RouteTable[], { cell, stacks }: Subject): string[] {
  const { PeeringConnectionId, RouteTableId } = stacks.network.outputs;
  const { Routes = [] } = tables.find((table) => table.RouteTableId === RouteTableId) ?? {};
  const leads = Routes.some(
    ({ VpcPeeringConnectionId, DestinationCidrBlock, State }) =>
      VpcPeeringConnectionId === PeeringConnectionId &&
      DestinationCidrBlock === cell.appCidr &&
      State !== RouteState.blackhole,
  );
  return leads ? [] : [`route table ${RouteTableId} leads nothing to ${cell.appCidr}: the cell is cut off`];
}

/** What the endpoints' policies allow beyond that of the tenant's release. */
async function allowedBeyondRelease(endpoints: readonly VpcEndpoint[], { release }: Facts): Promise<string[]> {
  const expected = policyIn(propertiesOf(await release.network(), 'AWS::EC2::VPCEndpoint'), 'PolicyDocument');
  return endpoints.flatMap(({ VpcEndpointId, PolicyDocument }) =>
    grantsBeyond(policyIfAny(PolicyDocument), expected).map((each) => `endpoint ${VpcEndpointId}: ${each}`),
  );
}

export const NETWORK_CHECKS: readonly Check[] = checksOf(NETWORK_METADATA, {
  'network.block': async (subject, { facts }) => {
    const { tenant } = subject;
    const own = (await facts.network.vpcsInSlot()).find(({ VpcId }) => VpcId === vpcOf(subject));
    const { CidrBlockAssociationSet = [], Ipv6CidrBlockAssociationSet = [] } = own ?? {};
    const blocks = CidrBlockAssociationSet.filter((each) => isHeld(each.CidrBlockState)).map((each) => each.CidrBlock);
    const further = Ipv6CidrBlockAssociationSet.filter((each) => isHeld(each.Ipv6CidrBlockState));
    return finding(
      [
        ...expectExactly('block', blocks, [tenant.slot.cidr]),
        ...further.map((each) => `the VPC has the IPv6 block ${each.Ipv6CidrBlock}`),
      ],
      `the VPC’s only block is ${tenant.slot.cidr}`,
    );
  },
  'network.no-overlap': async (subject, { facts }) => {
    const { cell, tenant } = subject;
    const others = (await facts.network.vpcsInSlot()).filter(({ VpcId }) => VpcId !== vpcOf(subject));
    return finding(
      [
        ...others.map(({ VpcId, CidrBlock }) => `VPC ${VpcId} overlaps with ${CidrBlock}`),
        ...(overlaps(cell.appCidr, tenant.slot.cidr) ? [`the cell’s block ${cell.appCidr} overlaps it`] : []),
      ],
      `no other VPC overlaps ${tenant.slot.cidr}`,
    );
  },
  'network.subnets': async ({ stacks }, { facts }) => {
    const subnets = await facts.network.subnets();
    const ids = subnets.map(({ SubnetId }) => SubnetId);
    const zones = new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone));
    return finding(
      [
        ...expectExactly('subnet', ids, stacks.network.outputs.DatabaseSubnetIds.split(',')),
        ...subnets
          .filter((each) => each.MapPublicIpOnLaunch)
          .map((each) => `subnet ${each.SubnetId} assigns public addresses`),
        ...(zones.size < 2 ? ['all subnets are in one Availability Zone'] : []),
      ],
      `${subnets.length} subnets in ${zones.size} Availability Zones`,
    );
  },
  'network.internet-gateway': async (_, { facts }) =>
    finding(
      (await facts.network.internetGateways()).map(
        ({ InternetGatewayId }) => `internet gateway ${InternetGatewayId} is attached`,
      ),
      'none is attached to the VPC',
    ),
  'network.nat-gateway': async (_, { facts }) =>
    finding(
      (await facts.network.natGateways())
        .filter(({ State }) => isThere(State))
        .map(({ NatGatewayId }) => `NAT gateway ${NatGatewayId} is in the VPC`),
      'no NAT gateway is in the VPC',
    ),
  'network.vpn-gateway': async (_, { facts }) =>
    finding(
      (await facts.network.vpnGateways())
        .filter(({ VpcAttachments = [] }) => VpcAttachments.some(({ State }) => isThere(State)))
        .map(({ VpnGatewayId }) => `VPN gateway ${VpnGatewayId} is attached`),
      'none is attached to the VPC',
    ),
  'network.routes': async (subject, { facts }) => {
    const [tables, endpoints] = await settled([facts.network.routeTables(), facts.network.endpoints()]);
    const endpointIds = endpoints.map(({ VpcEndpointId }) => VpcEndpointId);
    return finding(
      tables.flatMap((table) => unexpectedRoutes(table, (route) => isExpected(route, subject, endpointIds))),
      `${tables.length} route tables, all routes as expected`,
      // The routes of all tables are judged, whichever a subnet follows.
      [...unrouted(tables, subject), ...cutOff(tables, subject)],
    );
  },
  'network.routes-inward': async ({ cell, stacks }, { facts }) => {
    const { PeeringConnectionId, RouteTableId, DatabaseCidr } = stacks.network.outputs;
    const tables = await facts.network.routeTablesOverPeering();
    const ids = tables.map((table) => table.RouteTableId);
    const expected = [RouteTableId, ...cell.routeTableIds];
    const inCell = tables.filter((table) => table.RouteTableId !== RouteTableId);
    const violations = inCell.flatMap((table) =>
      unexpectedRoutes(table, (route) => {
        const overPeering = route.VpcPeeringConnectionId === PeeringConnectionId;
        const toDatabase = route.DestinationCidrBlock === DatabaseCidr;
        const meets = route.DestinationCidrBlock !== undefined && isInside(route.DestinationCidrBlock, DatabaseCidr);
        return overPeering ? toDatabase : !meets;
      }),
    );
    return finding(
      [...expectNoOther('route table', ids, expected), ...violations],
      `${DatabaseCidr} over ${PeeringConnectionId} from the cell’s route tables only`,
      expectEach('route table', ids, expected),
    );
  },
  'network.peering': async (subject, { facts }) => {
    const { cell, stacks } = subject;
    const { PeeringConnectionId } = stacks.network.outputs;
    const living = (await facts.network.peerings()).filter(({ Status }) => isThere(Status?.Code));
    const own = living.find((each) => each.VpcPeeringConnectionId === PeeringConnectionId);
    const ids = living
      .filter((each) => each === own || !UNANSWERED_REQUEST.includes(each.Status?.Code ?? ''))
      .map((each) => each.VpcPeeringConnectionId);
    return finding(
      [
        ...expectNoOther('peering', ids, [PeeringConnectionId]),
        ...(own ? expectEqual('the peering’s accepter VPC', own.AccepterVpcInfo?.VpcId, cell.vpcId) : []),
      ],
      `the only peering is ${ids.join(', ')}, with ${cell.vpcId}`,
      [
        ...expectEach('peering', ids, [PeeringConnectionId]),
        ...expectEqual('the peering’s state', own?.Status?.Code, 'active'),
      ],
    );
  },
  'network.endpoints': async (subject, { facts }) => {
    const all = (await facts.network.endpoints()).filter(({ State }) => isThere(State?.toLowerCase()));
    const endpoints = all.filter((each) => !isPlaced(each, subject));
    const bucket = `arn:aws:s3:::${bucketOf(subject)}`;
    const reaching = endpoints.flatMap(({ VpcEndpointId, PolicyDocument }) =>
      policyIfAny(PolicyDocument)
        .filter(({ effect }) => effect === 'Allow')
        .flatMap(({ inverted, resources }) =>
          inverted ? ['all resources except those listed (NotResource)'] : resources,
        )
        .filter((resource) => resource !== bucket && resource !== `${bucket}/*`)
        .map((resource) => `endpoint ${VpcEndpointId} reaches ${resource}`),
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
        ...endpoints.flatMap(({ VpcEndpointId, RouteTableIds = [] }) =>
          expectExactly(`route table of endpoint ${VpcEndpointId}`, RouteTableIds, [
            subject.stacks.network.outputs.RouteTableId,
          ]),
        ),
        ...unguarded.map(({ VpcEndpointId }) => `endpoint ${VpcEndpointId} has no policy`),
        ...(reaching.length > 0 ? reaching : await allowedBeyondRelease(endpoints, facts)),
      ],
      endpoints.length === all.length
        ? 'the only endpoint is for S3, and reaches this bucket only'
        : `the endpoint for S3 reaches this bucket only; the organization has placed ${all.length - endpoints.length} more`,
    );
  },
  'network.flow-logs': async (subject, { facts }) => {
    const group = `/tenants/${tenantIdOf(subject)}/flow-logs`;
    const logs = (await facts.network.flowLogs()).filter((each) => !isPlacedLog(each, subject.placed));
    const log = logs.find(
      ({ FlowLogStatus, TrafficType, LogGroupName }) =>
        FlowLogStatus === 'ACTIVE' && TrafficType === 'ALL' && LogGroupName === group,
    );
    const others = logs.map(
      ({ FlowLogId, FlowLogStatus, TrafficType, LogGroupName }) =>
        `flow log ${FlowLogId} is ${FlowLogStatus} and sends ${TrafficType} to ${LogGroupName ?? 'no log group'}`,
    );
    const { FlowLogId } = subject.stacks.network.outputs;
    const elsewhere = logs.filter((each) => each.LogGroupName !== group);
    if (log)
      return finding(
        [
          ...elsewhere.map(
            ({ FlowLogId: id, ResourceId, LogDestination, LogGroupName }) =>
              `flow log ${id} of ${ResourceId} sends traffic to ${LogDestination ?? LogGroupName}`,
          ),
          ...logs.flatMap((each) => differencesOf(each, subject.accountId)),
          ...logs.flatMap(undelivered),
          ...(await undeliverable(subject, facts, 'flow-logs')),
        ],
        `flow log ${log.FlowLogId} sends all traffic to ${group}, no other flow log exists`,
      );
    return finding(
      [
        `no active flow log sends all traffic to ${group}: ${others.join(', ') || `${FlowLogId} does not exist, and the VPC has no other`}`,
      ],
      '',
    );
  },
  'network.interfaces': async (subject, { facts }) => {
    const [interfaces, endpoints] = await settled([facts.network.interfaces(), facts.network.endpoints()]);
    const placed = endpoints
      .filter((each) => isPlaced(each, subject))
      .flatMap(({ NetworkInterfaceIds = [] }) => NetworkInterfaceIds);
    const isExpectedHere = (each: NetworkInterface) =>
      isOfRds(each) || placed.some((id) => id === each.NetworkInterfaceId);
    const violations = interfaces.flatMap((each) => [
      ...(isExpectedHere(each)
        ? []
        : [
            `network interface ${each.NetworkInterfaceId} does not belong to RDS: ${each.Description || 'no description'}`,
          ]),
      ...(each.Association?.PublicIp ? [`network interface ${each.NetworkInterfaceId} has a public address`] : []),
      // Another database in the tenant's subnets has an interface of RDS, too, with security groups of its own.
      ...(isOfRds(each) ? (each.Groups ?? []) : [])
        .filter(({ GroupId }) => GroupId !== subject.stacks.network.outputs.DatabaseSecurityGroupId)
        .map(({ GroupId }) => `network interface ${each.NetworkInterfaceId} of RDS has the security group ${GroupId}`),
    ]);
    const others = interfaces.filter((each) => !isOfRds(each)).length;
    return finding(
      violations,
      `${interfaces.length} network interfaces, ${others === 0 ? 'all of RDS' : `${others} of endpoints that the organization has placed, the others of RDS`}`,
    );
  },
});

/**
 * Whether a destination is as specific as the block, or more: such a route diverts traffic of the
 * block.
 */
function isInside(destination: string, block: string): boolean {
  return Number(destination.split('/')[1]) >= Number(block.split('/')[1]) && overlaps(destination, block);
}
