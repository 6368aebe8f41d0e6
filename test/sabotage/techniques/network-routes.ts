import {
  AssociateRouteTableCommand,
  CreateEgressOnlyInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateVpcEndpointCommand,
  DeleteEgressOnlyInternetGatewayCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteVpcEndpointsCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
} from '@aws-sdk/client-ec2';
import { vpcOf } from '../../../functions/isolation/subject';
import {
  addressIn,
  anInternetGateway,
  aPeering,
  aVpc,
  ELSEWHERE,
  endpointPolicy,
  firstSubnetOf,
  type Made,
  networkOf,
  routed,
  withMade,
} from '../network-changes';
import type { AttackTechnique } from '../technique';

export const NETWORK_ROUTE_TECHNIQUES: readonly AttackTechnique[] = [
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
    name: 'have a subnet of the database follow the VPC’s main table',
    check: 'network.routes',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { RouteTableId } = networkOf(subject);
      const SubnetId = firstSubnetOf(subject);
      const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId] }));
      const own = RouteTables[0]?.Associations?.find((each) => each.SubnetId === SubnetId);
      await ec2.send(new DisassociateRouteTableCommand({ AssociationId: own?.RouteTableAssociationId }));
      return {
        expectedEvidence: `subnet ${SubnetId} follows route table`,
        revert: () => ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId })),
      };
    },
  },
  {
    name: 'take the way back to the cell out of the database’s table',
    check: 'network.routes',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { RouteTableId, PeeringConnectionId: VpcPeeringConnectionId } = networkOf(subject);
      const route = { RouteTableId, DestinationCidrBlock: subject.cell.appCidr };
      await ec2.send(new DeleteRouteCommand(route));
      return {
        expectedEvidence: `route table ${RouteTableId} leads nothing to ${subject.cell.appCidr}`,
        revert: () => ec2.send(new CreateRouteCommand({ ...route, VpcPeeringConnectionId })),
      };
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
];
