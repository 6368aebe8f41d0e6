import { EC2Client } from '@aws-sdk/client-ec2';
import { Route53Client } from '@aws-sdk/client-route-53';
import { NETWORK_CHECKS } from '../../../functions/isolation/checks/network';
import { networkFacts } from '../../../functions/isolation/facts/network-facts';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { REGION } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { aSubject, policyOf } from '../../support/isolated-tenant';

testBreaches(NETWORK_CHECKS, [
  [
    'network.block',
    'with a second block',
    ({ facts }) => facts.network.vpcsInSlot[0].CidrBlockAssociationSet.push({ CidrBlock: '10.64.9.0/24' }),
    '10.64.9.0/24 is unexpected',
  ],
  ['network.block', 'elsewhere', ({ facts }) => facts.network.vpcsInSlot.pop(), '10.64.0.0/24 is missing'],
  [
    'network.block',
    'with IPv6',
    ({ facts }) => (facts.network.vpcsInSlot[0].Ipv6CidrBlockAssociationSet = [{ Ipv6CidrBlock: '2001:db8::/56' }]),
    'IPv6 block 2001:db8::/56',
  ],
  [
    'network.no-overlap',
    'met by another VPC',
    ({ facts }) => facts.network.vpcsInSlot.push({ VpcId: 'vpc-0other', CidrBlock: '10.64.0.0/20' }),
    'vpc-0other overlaps with 10.64.0.0/20',
  ],
  [
    'network.no-overlap',
    'met by the cell',
    ({ subject }) => (subject.cell.appCidr = '10.64.0.0/18'),
    'the cell’s block 10.64.0.0/18 overlaps it',
  ],
  [
    'network.subnets',
    'with one more',
    ({ facts }) => facts.network.subnets.push({ SubnetId: 'subnet-0new', AvailabilityZone: 'x' }),
    'subnet-0new is unexpected',
  ],
  [
    'network.subnets',
    'giving public addresses',
    ({ facts }) => (facts.network.subnets[0].MapPublicIpOnLaunch = true),
    'assigns public addresses',
  ],
  [
    'network.subnets',
    'in one zone',
    ({ facts }) => (facts.network.subnets[1].AvailabilityZone = `${REGION}a`),
    'one Availability Zone',
  ],
  [
    'network.internet-gateway',
    'attached',
    ({ facts }) => facts.network.internetGateways.push({ InternetGatewayId: 'igw-0' }),
    'igw-0 is attached',
  ],
  [
    'network.nat-gateway',
    'there',
    ({ facts }) => facts.network.natGateways.push({ NatGatewayId: 'nat-0', State: 'available' }),
    'nat-0 is in the VPC',
  ],
  [
    'network.vpn-gateway',
    'attached',
    ({ facts }) => facts.network.vpnGateways.push({ VpnGatewayId: 'vgw-0', VpcAttachments: [{ State: 'attached' }] }),
    'vgw-0 is attached',
  ],
  [
    'network.routes',
    'to the internet',
    ({ facts }) => facts.network.routeTables[1].Routes.push({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-0' }),
    'rtb-0main routes 0.0.0.0/0 to igw-0',
  ],
  [
    'network.routes',
    'over the peering to more than the application subnets',
    ({ facts }) => (facts.network.routeTables[0].Routes[1].DestinationCidrBlock = '10.0.0.0/8'),
    'routes 10.0.0.0/8 to pcx-0acme',
  ],
  [
    'network.routes',
    'not back to the cell',
    ({ facts }) => facts.network.routeTables[0].Routes.splice(1, 1),
    'the cell is cut off',
  ],
  [
    'network.routes',
    'to the cell over a peering that is gone',
    ({ facts }) => (facts.network.routeTables[0].Routes[1].State = 'blackhole'),
    'the cell is cut off',
  ],
  [
    'network.routes',
    'to a transit gateway',
    ({ facts }) =>
      facts.network.routeTables[0].Routes.push({ DestinationCidrBlock: '10.9.0.0/16', TransitGatewayId: 'tgw-0' }),
    'routes 10.9.0.0/16 to tgw-0',
  ],
  [
    'network.routes-inward',
    'from another route table',
    ({ facts }) => facts.network.routeTablesOverPeering.push({ RouteTableId: 'rtb-0public', Routes: [] }),
    'rtb-0public is unexpected',
  ],
  [
    'network.routes-inward',
    'diverted',
    ({ facts }) =>
      facts.network.routeTablesOverPeering[1].Routes.push({
        DestinationCidrBlock: '10.64.0.0/26',
        NetworkInterfaceId: 'eni-0tap',
      }),
    'routes 10.64.0.0/26 to eni-0tap',
  ],
  [
    'network.routes-inward',
    'to more than the database',
    ({ facts }) => (facts.network.routeTablesOverPeering[2].Routes[2].DestinationCidrBlock = '10.64.0.0/24'),
    'routes 10.64.0.0/24 to pcx-0acme',
  ],
  [
    'network.peering',
    'with another VPC',
    ({ facts }) => facts.network.peerings.push({ VpcPeeringConnectionId: 'pcx-0extra', Status: { Code: 'active' } }),
    'pcx-0extra is unexpected',
  ],
  [
    'network.peering',
    'with another cell',
    ({ facts }) => (facts.network.peerings[0].AccepterVpcInfo.VpcId = 'vpc-0other'),
    'the peering’s accepter VPC is vpc-0other',
  ],
  [
    'network.peering',
    'its own, which waits to be accepted',
    ({ facts }) => (facts.network.peerings[0].Status.Code = 'pending-acceptance'),
    'the peering’s state is pending-acceptance',
  ],
  [
    'network.endpoints',
    'a second one',
    ({ facts }) =>
      facts.network.endpoints.push({
        ...facts.network.endpoints[0],
        VpcEndpointId: 'vpce-0sts',
        VpcEndpointType: 'Interface',
        ServiceName: `com.amazonaws.${REGION}.sts`,
      }),
    `Interface com.amazonaws.${REGION}.sts is unexpected`,
  ],
  [
    'network.endpoints',
    'that no subnet leads to',
    ({ facts }) => (facts.network.endpoints[0].RouteTableIds = []),
    'route table of endpoint vpce-0s3',
  ],
  [
    'network.endpoints',
    'of a stranger’s service that is called like one of the list',
    ({ facts }) =>
      facts.network.endpoints.push({
        VpcEndpointId: 'vpce-0stranger',
        VpcEndpointType: 'Interface',
        ServiceName: `com.amazonaws.vpce.${REGION}.guardduty-data`,
      }),
    `Interface com.amazonaws.vpce.${REGION}.guardduty-data is unexpected`,
  ],
  [
    'network.endpoints',
    'reaching every bucket',
    ({ facts }) => {
      const statement = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
      facts.network.endpoints[0].PolicyDocument = JSON.stringify({ Statement: [statement] });
    },
    'vpce-0s3 reaches *',
  ],
  [
    'network.flow-logs',
    'delivered by a role that is denied it',
    ({ facts }) =>
      facts.identity.serviceRoles[0].inline.push(
        ...policyOf({ Sid: 'Quiet', Effect: 'Deny', Action: 'logs:Put*', Resource: '*' }),
      ),
    'has the statement Deny Quiet',
  ],
  [
    'network.flow-logs',
    'by a role that nobody may assume',
    ({ facts }) => (facts.identity.serviceRoles[0].trust[0].principals = ['AWS:AROA1234567890ABCDEFG']),
    '-flow-logs does not allow sts:AssumeRole as the release does',
  ],
  [
    'network.flow-logs',
    'a second one, of a subnet, to a stranger',
    ({ facts }) =>
      facts.network.flowLogs.push({
        FlowLogId: 'fl-0copy',
        ResourceId: 'subnet-0a',
        FlowLogStatus: 'ACTIVE',
        LogDestination: 'arn:aws:s3:::stranger',
      }),
    'flow log fl-0copy of subnet-0a sends traffic to arn:aws:s3:::stranger',
  ],
  [
    'network.flow-logs',
    'to a group of the same name in another account',
    ({ facts }) =>
      Object.assign(facts.network.flowLogs[0], {
        LogDestination: 'arn:aws:logs:eu-central-1:999999999999:log-group:/tenants/copy',
        DeliverCrossAccountRole: 'arn:aws:iam::999999999999:role/deliver',
      }),
    'delivers by arn:aws:iam::999999999999:role/deliver',
  ],
  [
    'network.flow-logs',
    'without addresses',
    ({ facts }) => (facts.network.flowLogs[0].LogFormat = '$' + '{version} $' + '{dstport} $' + '{action}'),
    'leaves srcaddr out',
  ],
  [
    'network.routes',
    'a subnet that follows the main table',
    ({ facts }) => facts.network.routeTables[0].Associations.pop(),
    'follows route table of the VPC, not',
  ],
  [
    'network.routes',
    'a subnet that follows another table',
    ({ facts }) => (facts.network.routeTables[1].Associations = [facts.network.routeTables[0].Associations.shift()]),
    'follows route table rtb-0main, not',
  ],
  [
    'network.flow-logs',
    'undelivered',
    ({ facts }) => (facts.network.flowLogs[0].DeliverLogsStatus = 'FAILED'),
    'delivers nothing',
  ],
  [
    'network.flow-logs',
    'by a role without a policy',
    ({ facts }) => (facts.identity.serviceRoles[0].inline = []),
    'may not logs:CreateLogStream, logs:PutLogEvents',
  ],
  [
    'network.flow-logs',
    'gone',
    ({ facts }) => (facts.network.flowLogs = []),
    'does not exist, and the VPC has no other',
  ],
  [
    'network.flow-logs',
    'of refusals only',
    ({ facts }) => (facts.network.flowLogs[0].TrafficType = 'REJECT'),
    'is ACTIVE and sends REJECT to',
  ],
  [
    'network.interfaces',
    'another database',
    ({ facts }) =>
      facts.network.interfaces.push({
        ...{ NetworkInterfaceId: 'eni-other', RequesterManaged: true, Description: 'RDSNetworkInterface' },
        Groups: [{ GroupId: 'sg-default' }],
      }),
    'network interface eni-other of RDS has the security group sg-default',
  ],
  [
    'network.interfaces',
    'a stranger',
    ({ facts }) => facts.network.interfaces.push({ NetworkInterfaceId: 'eni-0', Description: 'jump host' }),
    'eni-0 does not belong to RDS: jump host',
  ],
  [
    'network.interfaces',
    'a stranger that calls itself RDS',
    ({ facts }) => facts.network.interfaces.push({ NetworkInterfaceId: 'eni-0', Description: 'RDSNetworkInterface' }),
    'eni-0 does not belong to RDS',
  ],
  [
    'network.interfaces',
    'with a public address',
    ({ facts }) => (facts.network.interfaces[0].Association = { PublicIp: '203.0.113.1' }),
    'has a public address',
  ],
]);

test.each<[string, string, (scene: Scene) => void]>([
  [
    'network.block',
    'blocks that the VPC has given up, or never got',
    ({ facts }) => {
      const [vpc] = facts.network.vpcsInSlot;
      vpc.CidrBlockAssociationSet.push({ CidrBlock: '10.99.0.0/24', CidrBlockState: { State: 'failed' } });
      vpc.Ipv6CidrBlockAssociationSet = [
        { Ipv6CidrBlock: '2001:db8::/56', Ipv6CidrBlockState: { State: 'disassociated' } },
      ];
    },
  ],
  [
    'network.flow-logs',
    'records that CloudWatch Logs takes a moment later',
    ({ facts }) =>
      Object.assign(facts.network.flowLogs[0], {
        DeliverLogsStatus: 'FAILED',
        DeliverLogsErrorMessage: 'Rate limited',
      }),
  ],
  [
    'network.flow-logs',
    'one of the organization, to a bucket on the list',
    ({ facts }) =>
      facts.network.flowLogs.push({
        ...{ FlowLogId: 'fl-0organization', FlowLogStatus: 'ACTIVE', TrafficType: 'ALL' },
        LogDestination: 'arn:aws:s3:::organization-traffic',
      }),
  ],
  [
    'network.peering',
    'a request of a stranger that nobody has accepted',
    ({ facts }) =>
      facts.network.peerings.push({ VpcPeeringConnectionId: 'pcx-0new', Status: { Code: 'pending-acceptance' } }),
  ],
  [
    'network.endpoints',
    'the endpoint of a security product on the list',
    ({ facts }) =>
      facts.network.endpoints.push({
        VpcEndpointId: 'vpce-0guardduty',
        VpcEndpointType: 'Interface',
        ServiceName: `com.amazonaws.${REGION}.guardduty-data`,
      }),
  ],
  [
    'network.interfaces',
    'the interface of that endpoint',
    ({ facts }) => {
      facts.network.endpoints.push({
        VpcEndpointType: 'Interface',
        ServiceName: `com.amazonaws.${REGION}.guardduty-data`,
        NetworkInterfaceIds: ['eni-0guardduty'],
      });
      facts.network.interfaces.push({ NetworkInterfaceId: 'eni-0guardduty', Description: 'VPC Endpoint Interface' });
    },
  ],
])('%s passes: %s', async (id, _, spoil) => {
  const check = NETWORK_CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`there is no check ${id}`);
  expect(await ask(check, spoil)).toMatchObject({ passed: true });
});

test('asks for flow logs of the VPC, its subnets and the interfaces in it', async () => {
  const fake = new FakeClient({
    DescribeNetworkInterfacesCommand: { NetworkInterfaces: [{ NetworkInterfaceId: 'eni-0db' }] },
    DescribeFlowLogsCommand: { FlowLogs: [] },
  });
  const ec2 = Object.assign(new EC2Client({ region: REGION }), { send: fake.send });
  const subject = aSubject();
  await networkFacts(ec2, new Route53Client({ region: REGION }), subject).flowLogs();
  const { VpcId, DatabaseSubnetIds } = subject.stacks.network.outputs;
  expect(fake.inputs('DescribeFlowLogsCommand')).toEqual([
    expect.objectContaining({
      Filter: [{ Name: 'resource-id', Values: [VpcId, ...DatabaseSubnetIds.split(','), 'eni-0db'] }],
    }),
  ]);
});
