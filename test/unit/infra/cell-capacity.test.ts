import fc from 'fast-check';
import { cellCapacity } from '../../../infra/config/cell-capacity';
import { fullSizeCells, stages } from '../../../infra/config/stages';

const cell = {
  quotas: { rulesPerLoadBalancer: 1000, peeringsPerVpc: 1000, routesPerRouteTable: 1000 },
  tenantRange: '10.64.0.0/12',
  firstPriority: 100,
};
const stage = {
  cells: [cell],
  regionQuotas: {
    vpcs: 10_000,
    gatewayEndpoints: 10_000,
    databaseInstances: 10_000,
    databaseSubnetGroups: 10_000,
    databaseParameterGroups: 10_000,
    roles: 10_000,
  },
};
const capacityWith = (quotas: Partial<typeof cell.quotas>) =>
  cellCapacity({ ...cell, quotas: { ...cell.quotas, ...quotas } }, stage);
const capacityInRegion = (quotas: Partial<typeof stage.regionQuotas>, cells = 1) =>
  cellCapacity(cell, {
    cells: Array.from({ length: cells }, () => cell),
    regionQuotas: { ...stage.regionQuotas, ...quotas },
  });

test.each([
  ['peerings per VPC', capacityWith({ peeringsPerVpc: 125 }), 125],
  ['rules per load balancer, less the two colours’ own and ring 0’s', capacityWith({ rulesPerLoadBalancer: 100 }), 97],
  ['D8: routes per route table, less its own four', capacityWith({ routesPerRouteTable: 50 }), 46],
  ['the /24 blocks of its tenant range', cellCapacity({ ...cell, tenantRange: '10.64.0.0/20' }, stage), 16],
  ['the priorities that are left', cellCapacity({ ...cell, firstPriority: 49_991 }, stage), 10],
])('a cell has no more slots than %s', (_, capacity, expected) => {
  expect(capacity).toBe(expected);
});

test.each([
  ['VPCs, less the region’s default one and the cell’s own', capacityInRegion({ vpcs: 5 }), 3],
  ['D8: gateway endpoints, less the cell’s own two', capacityInRegion({ gatewayEndpoints: 20 }), 18],
  ['database instances, of which the largest plan takes two', capacityInRegion({ databaseInstances: 41 }), 20],
  ['database subnet groups', capacityInRegion({ databaseSubnetGroups: 50 }), 50],
  ['database parameter groups', capacityInRegion({ databaseParameterGroups: 50 }), 50],
  ['roles, three a tenant, less the platform’s', capacityInRegion({ roles: 1000 }), 300],
  ['its share of what the region allows four cells', capacityInRegion({ gatewayEndpoints: 111 }, 4), 25],
])('a cell has no more slots than the region has %s', (_, capacity, expected) => {
  expect(capacity).toBe(expected);
});

test('the default quotas of an account allow three tenants, raised quotas a whole cell', () => {
  const capacities = [stages.dev, stages.prod].flatMap((config) =>
    config.cells.map((each) => cellCapacity(each, config)),
  );
  expect(capacities).toEqual([3, 125]);
});

test('a cell without room for one tenant is refused', () => {
  expect(() => capacityWith({ rulesPerLoadBalancer: 2 })).toThrow('can take no tenant');
  expect(() => cellCapacity({ ...cell, tenantRange: '10.64.0.0' }, stage)).toThrow('can take no tenant');
});

test('every slot has a priority that a load balancer accepts, and a block inside the tenants’ range', () => {
  const quota = fc.integer({ min: 5, max: 5000 });
  fc.assert(
    fc.property(
      quota,
      quota,
      quota,
      fc.integer({ min: 10, max: 24 }),
      fc.integer({ min: 3, max: 50_000 }),
      (r, p, t, prefix, firstPriority) => {
        const capacity = cellCapacity(
          {
            quotas: { rulesPerLoadBalancer: r, peeringsPerVpc: p, routesPerRouteTable: t },
            tenantRange: `10.64.0.0/${prefix}`,
            firstPriority,
          },
          stage,
        );
        expect(firstPriority + capacity - 1).toBeLessThanOrEqual(50_000);
        expect(capacity).toBeLessThanOrEqual(2 ** (24 - prefix));
        expect(capacity).toBeLessThanOrEqual(Math.min(r, p, t));
      },
    ),
  );
});

test('full cells take as many tenants as AWS allows peerings, each cell in address ranges of its own', () => {
  const cells = fullSizeCells(5);
  expect(cells.map((each) => cellCapacity(each, stages.local))).toEqual([125, 125, 125, 125, 125]);
  const ranges = cells.flatMap(({ name, vpcCidr, tenantRange }) => [name, vpcCidr, tenantRange]);
  expect(new Set(ranges).size).toBe(ranges.length);
});
