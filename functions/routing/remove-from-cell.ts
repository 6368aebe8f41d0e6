import { DeleteRuleCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CellDescriptor } from '../contract/cell';
import type { Tenant } from '../contract/tenant';
import type { HostedZone } from '../dns/hosted-zone';
import { removeName, withdrawName } from '../dns/tenant-name';
import { deleteRoute } from '../tenants/routes';
import type { TenantsTable } from '../tenants/tenants-table';
import { findOwnRule, isRuleGone, type LoadBalancer } from './host-rule';

export interface CellRemovalDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly zone?: HostedZone | undefined;
}

interface Removal {
  readonly tenant: Tenant;
  readonly cell: CellDescriptor;
  readonly ruleArn?: string | undefined;
  readonly permit: () => Promise<void>;
}

async function deleteRule(
  elb: LoadBalancer,
  ruleArn: string | undefined,
  permit: () => Promise<void>,
): Promise<boolean> {
  if (!ruleArn) return false;
  await permit();
  try {
    await elb.send(new DeleteRuleCommand({ RuleArn: ruleArn }));
    return true;
  } catch (thrown) {
    if (isRuleGone(thrown)) return false;
    throw thrown;
  }
}

/**
 * Deletes the tenant's listener rule, then its route and then its DNS records. Tolerates that none
 * of them exists. Records that are not the tenant's stay.
 *
 * @param permit called right before each deletion, because looking for the rule takes a while; throws
 * to stop it
 * @param ruleArn the rule on record. If there is none, or if that rule is gone, the rule is found
 * by the slot's priority, the host and the tag.
 * @returns whether there was a rule, a route or a DNS record
 */
export async function removeFromCell(
  { table, elb, zone }: CellRemovalDeps,
  { tenant, cell, ruleArn, permit }: Removal,
): Promise<boolean> {
  const ruleGone =
    (await deleteRule(elb, ruleArn, permit)) || (await deleteRule(elb, await findOwnRule(elb, cell, tenant), permit));
  await permit();
  const routeGone = await deleteRoute(table, tenant);
  await permit();
  const nameGone = (await withdrawName(zone, tenant, cell)) || (await removeName(zone, tenant));
  return ruleGone || routeGone || nameGone;
}
