import { SIZINGS } from '../../functions/contract/plans';

/** Quotas of an account in a region. All tenants of a stage share them, whatever their cell. */
export interface RegionQuotas {
  readonly vpcs: number;
  readonly gatewayEndpoints: number;
  readonly databaseInstances: number;
  readonly databaseSubnetGroups: number;
  readonly databaseParameterGroups: number;
  /** Quota of the account for all its regions together. */
  readonly roles: number;
}

/** The VPC that each region of an account has from the beginning. */
const DEFAULT_VPC = 1;
/** Each cell has a gateway endpoint to S3 and one to DynamoDB. */
const ENDPOINTS_A_CELL = 2;
/** Roles that no tenant has: those of functions, cells, the CDK bootstrap and AWS itself. */
const OWN_ROLES = 100;
/** One role each for the shared service, flow logs and database monitoring. */
const ROLES_A_TENANT = 3;
/** Instances of the largest plan, as any customer may buy it. */
const INSTANCES_A_TENANT = Math.max(...Object.values(SIZINGS).map(({ replicas }) => 1 + replicas));

/** How many tenants each cell of a stage may have, by the quotas of the region. */
export function regionShare(quotas: RegionQuotas, cells: number): number {
  const tenants = Math.min(
    quotas.vpcs - DEFAULT_VPC - cells,
    quotas.gatewayEndpoints - ENDPOINTS_A_CELL * cells,
    quotas.databaseInstances / INSTANCES_A_TENANT,
    quotas.databaseSubnetGroups,
    quotas.databaseParameterGroups,
    (quotas.roles - OWN_ROLES) / ROLES_A_TENANT,
  );
  return Math.floor(tenants / cells);
}
