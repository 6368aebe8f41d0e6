import {
  DescribeAddressesCommand,
  EC2Client,
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
} from '@aws-sdk/client-ec2';
import { everyItem } from '../../functions/shared/paging';
import type { AwsAccess } from '../../local/platform';
import { type Holding, holding } from './holding';

async function listed(client: EC2Client) {
  const [vpcs, peerings, tables, subnets, groups, acls] = await Promise.all([
    everyItem(paginateDescribeVpcs({ client }, {}), (page) => page.Vpcs),
    everyItem(paginateDescribeVpcPeeringConnections({ client }, {}), (page) => page.VpcPeeringConnections),
    everyItem(paginateDescribeRouteTables({ client }, {}), (page) => page.RouteTables),
    everyItem(paginateDescribeSubnets({ client }, {}), (page) => page.Subnets),
    everyItem(paginateDescribeSecurityGroups({ client }, {}), (page) => page.SecurityGroups),
    everyItem(paginateDescribeNetworkAcls({ client }, {}), (page) => page.NetworkAcls),
  ]);
  const [endpoints, flowLogs, interfaces, nats, gateways, { Addresses: addresses = [] }] = await Promise.all([
    everyItem(paginateDescribeVpcEndpoints({ client }, {}), (page) => page.VpcEndpoints),
    everyItem(paginateDescribeFlowLogs({ client }, {}), (page) => page.FlowLogs),
    everyItem(paginateDescribeNetworkInterfaces({ client }, {}), (page) => page.NetworkInterfaces),
    everyItem(paginateDescribeNatGateways({ client }, {}), (page) => page.NatGateways),
    everyItem(paginateDescribeInternetGateways({ client }, {}), (page) => page.InternetGateways),
    client.send(new DescribeAddressesCommand()),
  ]);
  return { vpcs, peerings, tables, subnets, groups, acls, endpoints, flowLogs, interfaces, nats, gateways, addresses };
}

/** Routes that lead over a peering: they stay as black holes in the cell's tables when a tenant's stack forgets them. */
const peeringRoutes = (tables: readonly RouteTable[]) =>
  tables.flatMap(({ RouteTableId, Routes = [] }) =>
    Routes.flatMap(({ VpcPeeringConnectionId: peering, DestinationCidrBlock: cidr }) =>
      peering ? [{ name: `${RouteTableId} ${cidr}`, peering }] : [],
    ),
  );

const isGone = (state: string | undefined) => state?.toLowerCase() === 'deleted';

/** Everything in EC2's network that a tenant may have. What carries no tag of its own is its VPC's, and so its VPC's tenant's. */
export async function networkHoldings(aws: AwsAccess): Promise<Holding[]> {
  const client = new EC2Client(aws);
  const found = await listed(client);
  client.destroy();
  const vpcs = new Map(found.vpcs.map((x) => [x.VpcId ?? '', holding('ec2 vpc', x.VpcId, x.Tags)]));
  const ofVpc = (vpcId: string | undefined) => vpcs.get(vpcId ?? '')?.tenantId;
  const peerings = new Map(
    found.peerings
      .filter(({ Status }) => !isGone(Status?.Code))
      .map(({ VpcPeeringConnectionId: id = '', Tags, RequesterVpcInfo }) => [
        id,
        holding('ec2 peering', id, Tags, ofVpc(RequesterVpcInfo?.VpcId)),
      ]),
  );
  return [
    ...vpcs.values(),
    ...peerings.values(),
    ...peeringRoutes(found.tables).map((x) => holding('ec2 route', x.name, [], peerings.get(x.peering)?.tenantId)),
    ...found.tables.map((x) => holding('ec2 route table', x.RouteTableId, x.Tags, ofVpc(x.VpcId))),
    ...found.subnets.map((x) => holding('ec2 subnet', x.SubnetId, x.Tags, ofVpc(x.VpcId))),
    ...found.groups.map((x) => holding('ec2 security group', x.GroupId, x.Tags, ofVpc(x.VpcId))),
    ...found.acls.map((x) => holding('ec2 network acl', x.NetworkAclId, x.Tags, ofVpc(x.VpcId))),
    ...found.endpoints
      .filter(({ State }) => !isGone(State))
      .map((x) => holding('ec2 endpoint', x.VpcEndpointId, x.Tags, ofVpc(x.VpcId))),
    ...found.flowLogs.map((x) => holding('ec2 flow log', x.FlowLogId, x.Tags, ofVpc(x.ResourceId), x.LogGroupName)),
    ...found.interfaces.map((x) => holding('ec2 network interface', x.NetworkInterfaceId, x.TagSet, ofVpc(x.VpcId))),
    ...found.nats.filter(({ State }) => !isGone(State)).map((x) => holding('ec2 nat gateway', x.NatGatewayId, x.Tags)),
    ...found.gateways.map((x) => holding('ec2 internet gateway', x.InternetGatewayId, x.Tags)),
    ...found.addresses.map((x) => holding('ec2 address', x.AllocationId, x.Tags)),
  ];
}
