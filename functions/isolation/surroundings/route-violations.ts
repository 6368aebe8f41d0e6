import type { Route, RouteTable } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { CellDescriptor } from '../../contract/cell';
import { overlaps } from '../cidr';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, ofType } from './expected-of';

const RouteSchema = z.object({
  RouteTableId: z.string(),
  DestinationCidrBlock: z.string(),
  GatewayId: z.string().optional(),
  NatGatewayId: z.string().optional(),
});
type Expected = z.output<typeof RouteSchema>;

const destinationOf = (route: Route) =>
  route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? route.DestinationPrefixListId ?? 'nowhere';

const VpcSchema = z.object({ CidrBlock: z.string() });
/** The blocks of a cell's VPC. */
export const blocksOf = (resources: readonly ExpectedResource[]) =>
  ofType(resources, 'AWS::EC2::VPC').map(({ properties }) => VpcSchema.parse(properties).CidrBlock);

/** Where a route leads, whatever it is: EC2 has a field for each kind of target ("Route"). */
const targetOf = (route: Route) =>
  route.GatewayId ??
  route.NatGatewayId ??
  route.VpcPeeringConnectionId ??
  route.NetworkInterfaceId ??
  route.TransitGatewayId ??
  route.InstanceId ??
  route.EgressOnlyInternetGatewayId ??
  'an unknown target';

const isIn = (expected: readonly Expected[], table: string | undefined, route: Route) =>
  expected.some(
    ({ RouteTableId, DestinationCidrBlock, GatewayId, NatGatewayId }) =>
      RouteTableId === table &&
      DestinationCidrBlock === route.DestinationCidrBlock &&
      (GatewayId ?? NatGatewayId) === targetOf(route),
  );

/** A tenant's stack routes its own block over its peering, which `cell.network` judges. */
const isTenants = ({ VpcPeeringConnectionId, DestinationCidrBlock }: Route, { tenantRange }: CellDescriptor) =>
  VpcPeeringConnectionId !== undefined &&
  DestinationCidrBlock !== undefined &&
  Number(DestinationCidrBlock.split('/')[1]) >= Number(tenantRange.split('/')[1]) &&
  overlaps(DestinationCidrBlock, tenantRange);

const AssociationSchema = z.object({ SubnetId: z.string(), RouteTableId: z.string() });

/** Subnets that follow another table than that of the cell's stack: their tasks have another way out. */
function strayed(tables: readonly RouteTable[], resources: readonly ExpectedResource[]): string[] {
  return ofType(resources, 'AWS::EC2::SubnetRouteTableAssociation')
    .map(({ properties }) => AssociationSchema.parse(properties))
    .flatMap(({ SubnetId, RouteTableId }) => {
      const table = tables.find(({ Associations = [] }) => Associations.some((each) => each.SubnetId === SubnetId));
      return table?.RouteTableId === RouteTableId
        ? []
        : [`subnet ${SubnetId} follows route table ${table?.RouteTableId ?? 'of the VPC'}, not ${RouteTableId}`];
    });
}

/** Routes of the cell's network that neither its stack nor a tenant's makes, and routes of its stack that are gone. */
export function routeViolations(
  tables: readonly RouteTable[],
  resources: readonly ExpectedResource[],
  cell: CellDescriptor,
): string[] {
  const expected = ofType(resources, 'AWS::EC2::Route').map(({ properties }) => RouteSchema.parse(properties));
  // "Route tables": each block of a VPC has a route that nobody can delete. A further block may be one of tenants.
  const isLocal = ({ GatewayId, DestinationCidrBlock: block }: Route) =>
    GatewayId === 'local' && blocksOf(resources).some((own) => own === block);
  const endpoints = idsOf(resources, 'AWS::EC2::VPCEndpoint');
  const strange = tables.flatMap(({ RouteTableId, Routes = [] }) =>
    Routes.filter(
      (route) =>
        !isLocal(route) &&
        !endpoints.includes(route.GatewayId ?? '') &&
        !isTenants(route, cell) &&
        !isIn(expected, RouteTableId, route),
    ).map((route) => `route table ${RouteTableId} routes ${destinationOf(route)} to ${targetOf(route)}`),
  );
  const gone = expected.filter(
    (each) =>
      !tables.some(({ RouteTableId, Routes = [] }) => Routes.some((route) => isIn([each], RouteTableId, route))),
  );
  return [
    ...strange,
    ...strayed(tables, resources),
    ...tables.flatMap(({ RouteTableId, PropagatingVgws = [] }) =>
      PropagatingVgws.map(({ GatewayId }) => `route table ${RouteTableId} takes the routes of gateway ${GatewayId}`),
    ),
    ...gone.map(
      ({ RouteTableId, DestinationCidrBlock }) => `route table ${RouteTableId} lacks ${DestinationCidrBlock}`,
    ),
  ];
}
