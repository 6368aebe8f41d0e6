import fc from 'fast-check';
import { cellCapacity } from '../../../infra/config/cell-capacity';
import { fullSizeCells } from '../../../infra/config/stages';

const cell = {
  quotas: { rulesPerLoadBalancer: 1000, peeringsPerVpc: 1000, routesPerRouteTable: 1000 },
  tenantRange: '10.64.0.0/12',
  firstPriority: 100,
};
const capacityWith = (quotas: Partial<typeof cell.quotas>) =>
  cellCapacity({ ...cell, quotas: { ...cell.quotas, ...quotas } });

test.each([
  ['peerings per VPC', capacityWith({ peeringsPerVpc: 125 }), 125],
  ['rules per load balancer, less the two colours’ own', capacityWith({ rulesPerLoadBalancer: 100 }), 98],
  ['routes per route table, less its own two', capacityWith({ routesPerRouteTable: 50 }), 48],
  ['the /24 blocks of its tenant range', cellCapacity({ ...cell, tenantRange: '10.64.0.0/20' }), 16],
  ['the priorities that are left', cellCapacity({ ...cell, firstPriority: 49_991 }), 10],
])('a cell has no more slots than %s', (_, capacity, expected) => {
  expect(capacity).toBe(expected);
});

test('a cell that can take nobody is refused', () => {
  expect(() => capacityWith({ rulesPerLoadBalancer: 2 })).toThrow('can take no tenant');
  expect(() => cellCapacity({ ...cell, tenantRange: '10.64.0.0' })).toThrow('can take no tenant');
});

test('every slot has a priority that a load balancer takes and a block inside the range', () => {
  const quota = fc.integer({ min: 3, max: 5000 });
  fc.assert(
    fc.property(
      quota,
      quota,
      quota,
      fc.integer({ min: 10, max: 24 }),
      fc.integer({ min: 3, max: 50_000 }),
      (r, p, t, prefix, firstPriority) => {
        const capacity = cellCapacity({
          quotas: { rulesPerLoadBalancer: r, peeringsPerVpc: p, routesPerRouteTable: t },
          tenantRange: `10.64.0.0/${prefix}`,
          firstPriority,
        });
        expect(firstPriority + capacity - 1).toBeLessThanOrEqual(50_000);
        expect(capacity).toBeLessThanOrEqual(2 ** (24 - prefix));
        expect(capacity).toBeLessThanOrEqual(Math.min(r, p, t));
      },
    ),
  );
});

test('cells of full size take as many tenants as AWS has peerings for, each in address ranges of its own', () => {
  const cells = fullSizeCells(5);
  expect(cells.map(cellCapacity)).toEqual([125, 125, 125, 125, 125]);
  const ranges = cells.flatMap(({ name, vpcCidr, tenantRange }) => [name, vpcCidr, tenantRange]);
  expect(new Set(ranges).size).toBe(ranges.length);
});
