import { CreateRuleCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { tenantIdOf } from '../../functions/contract/naming';
import { itemKeys, type RouteRecord, stateKeys, type TenantRecord } from '../../functions/contract/records';
import { tenantsOf } from '../../functions/delivery/tenants-of-cell';
import { prioritiesInUse } from '../../functions/routing/host-rule';
import { findRoute } from '../../functions/tenants/routes';
import { findTenants } from '../../functions/tenants/tenant-store';
import type { ReleaseStage } from './stage';

/**
 * Tenants for a release, as many as a cell has: each has a record, a route and a listener rule of its own, as
 * RegisterTenant and ActivateTenant make them. Their pages, roles and databases are those of the stage's five real tenants:
 * a hundred databases are more than one machine serves.
 *
 * @param total tenants of the cell in the end, the real ones included
 * @returns the hosts of all of them
 */
export async function copyTenants(stage: ReleaseStage, total: number): Promise<string[]> {
  const { table } = stage.client;
  const placed = await tenantsOf(table, stage.cell, ['ACTIVE']);
  const real = await findTenants(
    table,
    placed.map(({ tenantId }) => tenantId),
  );
  const elb = new ElasticLoadBalancingV2Client(stage.platform.aws);
  const hosts = real.map(({ host }) => host);
  const taken = await prioritiesInUse(elb, stage.cell);
  let priority = stage.cell.firstPriority;
  for (let number = real.length; number < total; number++) {
    const model = real[number % real.length];
    const route = model && (await findRoute(table, model.host));
    if (!model || !route) throw new Error('the stage has no tenant in service');
    while (taken.has(priority)) priority++;
    hosts.push(await copyTenant(stage, elb, { model, route, priority: priority++ }));
  }
  return hosts;
}

interface Copy {
  readonly model: TenantRecord;
  readonly route: RouteRecord;
  readonly priority: number;
}

async function copyTenant(
  stage: ReleaseStage,
  elb: ElasticLoadBalancingV2Client,
  { model, route, priority }: Copy,
): Promise<string> {
  const { cell, client, connection } = stage;
  const number = priority - cell.firstPriority;
  const subdomain = `copy-${number}`;
  const host = `${subdomain}.${connection.domain}`;
  const tenantId = tenantIdOf(subdomain);
  const slot = { ...model.slot, number, priority };
  const live = await stage.liveColour();
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: cell.listenerArn,
      Priority: slot.priority,
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
      Actions: [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns[live] }],
      Tags: [{ Key: 'tenantId', Value: tenantId }],
    }),
  );
  const record = { ...model, tenantId, subdomain, host, slot, signupId: subdomain, ruleArn: Rules?.[0]?.RuleArn };
  const items = [
    { ...record, ...itemKeys.tenant(tenantId), ...stateKeys.tenant('ACTIVE', tenantId) },
    { ...route, ...itemKeys.route(host), host },
  ];
  for (const Item of items) await client.table.client.send(new PutCommand({ TableName: client.table.name, Item }));
  return host;
}
