import { EC2Client } from '@aws-sdk/client-ec2';
import { Route53Client } from '@aws-sdk/client-route-53';
import { networkFacts } from '../../../functions/isolation/facts/network-facts';
import { vpcOf } from '../../../functions/isolation/subject';
import { FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

test('reads the route tables of the tenant and of its cell by one request', async () => {
  const subject = aSubject();
  const { PeeringConnectionId: VpcPeeringConnectionId } = subject.stacks.network.outputs;
  const [own, cells] = [vpcOf(subject), subject.cell.vpcId];
  const table = (RouteTableId: string, VpcId: string, ...Routes: object[]) => ({ RouteTableId, VpcId, Routes });
  const fake = new FakeClient({
    DescribeRouteTablesCommand: {
      RouteTables: [
        table('own', own, { VpcPeeringConnectionId }),
        table('second', own),
        table('cell', cells, { VpcPeeringConnectionId }),
        table('public', cells, { VpcPeeringConnectionId: 'pcx-neighbour' }),
      ],
    },
  });
  const ec2 = Object.assign(new EC2Client({ region: 'eu-central-1' }), { send: fake.send });
  const facts = networkFacts(ec2, new Route53Client({ region: 'eu-central-1' }), subject);
  const ids = (tables: readonly { RouteTableId?: string | undefined }[]) => tables.map((each) => each.RouteTableId);
  expect(ids(await facts.routeTables())).toEqual(['own', 'second']);
  expect(ids(await facts.routeTablesOverPeering())).toEqual(['own', 'cell']);
  expect(fake.inputs('DescribeRouteTablesCommand')).toEqual([
    expect.objectContaining({ Filters: [{ Name: 'vpc-id', Values: [own, cells] }] }),
  ]);
});
