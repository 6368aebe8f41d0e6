import { type RegionQuotas, regionShare } from './region-capacity';

/** What AWS allows one cell; each tenant takes one rule, one peering and one route per route table. */
export interface CellQuotas {
  readonly rulesPerLoadBalancer: number;
  readonly peeringsPerVpc: number;
  readonly routesPerRouteTable: number;
}

/**
 * Routes of a cell's application route table before the first tenant: the VPC's own route, the
 * route to the internet, and one for each gateway endpoint ("AWS-managed prefix lists": those of
 * S3 and DynamoDB have weight 1).
 */
const OWN_ROUTES = 4;
/**
 * Rules of the load balancer that no tenant uses: one per colour, by which a release checks its
 * health, and that of ring 0.
 */
const OWN_RULES = 3;
/** The highest priority of a listener rule ("CreateRule", Elastic Load Balancing API reference). */
const HIGHEST_PRIORITY = 50_000;
const SLOT_PREFIX = 24;

/** How many /24 blocks a range holds. */
function blocksIn(range: string): number {
  const prefix = Number(range.split('/')[1]);
  return 2 ** (SLOT_PREFIX - prefix);
}

/**
 * Number of slots of a cell: the smallest of its quotas and of its share in the region's quotas,
 * and never more than its tenant range or its priorities allow.
 *
 * @throws Error when no slot is left, which is a mistake in the stage's configuration
 */
export function cellCapacity(
  cell: { readonly quotas: CellQuotas; readonly tenantRange: string; readonly firstPriority: number },
  stage: { readonly regionQuotas: RegionQuotas; readonly cells: readonly unknown[] },
): number {
  const capacity = Math.min(
    regionShare(stage.regionQuotas, stage.cells.length),
    cell.quotas.rulesPerLoadBalancer - OWN_RULES,
    cell.quotas.peeringsPerVpc,
    cell.quotas.routesPerRouteTable - OWN_ROUTES,
    blocksIn(cell.tenantRange),
    HIGHEST_PRIORITY - cell.firstPriority + 1,
  );
  if (!(capacity >= 1)) throw new Error(`a cell with capacity ${capacity} can take no tenant`);
  return Math.floor(capacity);
}
