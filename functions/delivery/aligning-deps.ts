import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { tableLiveColour } from '../compute/table-live-colour';
import { targetHealth } from '../compute/target-health';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { clientOptions } from '../shared/clients';
import { tenantsTable } from '../tenants/tenants-table';

/** What an action needs on AWS that moves tenants to another colour. */
export function aligningDeps(): AlignRuleDeps & { readonly now: () => Date } {
  const table = tenantsTable();
  const elb = new ElasticLoadBalancingV2Client(clientOptions);
  return { table, elb, compute: { ...tableLiveColour(table), ...targetHealth(elb) }, now: () => new Date() };
}
