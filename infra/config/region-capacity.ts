import { SIZINGS } from '../../functions/contract/plans';

/** What AWS allows an account in a region; all tenants of a stage take from it, whatever their cell. */
export interface RegionQuotas {
  readonly vpcs: number;
  readonly gatewayEndpoints: number;
  readonly databaseInstances: number;
  readonly databaseSubnetGroups: number;
  readonly databaseParameterGroups: number;
  /** Of the account, in all its regions. */
  readonly roles: number;
}

/** The VPC that each region of an account has from the beginning. */
const DEFAULT_VPC = 1;
/** Gateway endpoints of a cell, to S3 and DynamoDB. */
const ENDPOINTS_A_CELL = 2;
/** Roles that are no tenant's: the functions', the cells', the bootstrap's, AWS's own. */
const OWN_ROLES = 100;
/** For the shared service, for flow logs, for database monitoring. */
const ROLES_A_TENANT = 3;
/** Of the largest plan: a customer may buy any. */
const INSTANCES_A_TENANT = Math.max(...Object.values(SIZINGS).map(({ replicas }) => 1 + replicas));

/** How many tenants each of a stage's cells may have of what the region allows them all. */
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
