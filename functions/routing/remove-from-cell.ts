import { DeleteRuleCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CellDescriptor } from '../contract/cell';
import type { Tenant } from '../contract/tenant';
import { deleteRoute } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { findOwnRule, isRuleGone, type LoadBalancer } from './host-rule';

export interface CellRemovalDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
}

async function deleteRule(elb: LoadBalancer, ruleArn: string | undefined): Promise<boolean> {
  if (!ruleArn) return false;
  try {
    await elb.send(new DeleteRuleCommand({ RuleArn: ruleArn }));
    return true;
  } catch (thrown) {
    if (isRuleGone(thrown)) return false;
    throw thrown;
  }
}

/**
 * Deletes the tenant's listener rule and then its route. Tolerates that neither exists.
 *
 * This is only the effect: the caller has checked the permission.
 *
 * @param ruleArn the rule on record. If there is none, or if that rule is gone, the rule is found
 * by the slot's priority, the host and the tag.
 * @returns whether there was a rule or a route
 */
export async function removeFromCell(
  { table, elb }: CellRemovalDeps,
  { tenant, cell, ruleArn }: { tenant: Tenant; cell: CellDescriptor; ruleArn?: string | undefined },
): Promise<boolean> {
  const ruleGone = (await deleteRule(elb, ruleArn)) || (await deleteRule(elb, await findOwnRule(elb, cell, tenant)));
  const routeGone = await deleteRoute(table, tenant);
  return ruleGone || routeGone;
}
