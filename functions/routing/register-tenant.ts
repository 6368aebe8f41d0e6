import { ECSClient } from '@aws-sdk/client-ecs';
import { DeleteRuleCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { type Containers, requireSteadyService } from '../compute/service-health';
import { itemKeys, type RouteRecord } from '../contract/records';
import { RegisterTenantInput, RegisterTenantOutput } from '../contract/steps';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { claimLost, findTenant, isConditionFailure } from '../tenants/ownership';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type HostRule, holdHost, type LoadBalancer } from './host-rule';

export interface RegisterTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly ecs: Containers;
  readonly now: () => Date;
}

type Input = z.output<typeof RegisterTenantInput>;

/** One transaction: a route without its tenant, or a tenant that forgot its rule, cannot be. */
function registration(table: TenantsTable, input: Input, route: RouteRecord, ruleArn: string, now: Date) {
  const { tenant, stacks } = input;
  const { network, database, storage, access } = stacks;
  return new TransactWriteCommand({
    TransactItems: [
      {
        Update: {
          TableName: table.name,
          Key: itemKeys.tenant(tenant.tenantId),
          UpdateExpression:
            'SET keyArn = :key, roleArn = :role, bucketName = :bucket, ruleArn = :rule, templateVersions = :versions, ' +
            'updatedAt = :now REMOVE verification',
          ConditionExpression: 'executionArn = :execution AND #status = :onboarding',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':key': route.keyArn,
            ':role': route.roleArn,
            ':bucket': route.bucketName,
            ':rule': ruleArn,
            ':versions': {
              network: network.templateVersion,
              database: database.templateVersion,
              storage: storage.templateVersion,
              access: access.templateVersion,
            },
            ':now': now.toISOString(),
            ':execution': input.executionArn,
            ':onboarding': 'ONBOARDING',
          },
        },
      },
      {
        Put: {
          TableName: table.name,
          Item: { ...itemKeys.route(tenant.host), ...route },
          ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
          ExpressionAttributeValues: { ':tenant': tenant.tenantId },
        },
      },
    ],
  });
}

/**
 * The tenant was lost between the rule and its record. A rule made by this call goes, unless the new owner has the same
 * slot and will find it there.
 */
async function withdraw({ table, elb }: RegisterTenantDeps, { tenant }: Input, rule: HostRule): Promise<void> {
  const record = await findTenant(table, tenant.tenantId);
  const adopts =
    (record?.status === 'ONBOARDING' || record?.activatedAt !== undefined) &&
    record.slot?.cell === tenant.slot.cell &&
    record.slot.number === tenant.slot.number;
  if (rule.created && !adopts) await elb.send(new DeleteRuleCommand({ RuleArn: rule.ruleArn }));
}

/**
 * Makes the tenant known to the cell, without a request reaching it yet.
 *
 * 1. The cell's live service must be serving.
 * 2. The tenant must still be this execution's, and ONBOARDING.
 * 3. A listener rule in the tenant's slot answers 503 for its host; after a crash it is found by priority, host and tag.
 * 4. In one transaction: the tenant's record learns its key, role, bucket, rule and template versions and forgets an
 *    earlier attempt's verification; the route item appears, SETTING_UP.
 *
 * A crash after 3 leaves a rule that answers 503: a retry takes it over, the undo finds it in the slot.
 *
 * Undone by DeregisterTenant.
 *
 * Throws `TransientServiceUnsteady`, `ClaimLost`, `SlotOccupied`. "CreateRule" of the Elastic Load Balancing API reference:
 * a listener cannot have two rules of one priority (PriorityInUse). "Quotas for your Application Load Balancers": rules per
 * load balancer (TooManyRules); the cell's capacity stays below it.
 */
export const registerTenant: Action<typeof RegisterTenantInput, typeof RegisterTenantOutput, RegisterTenantDeps> = {
  name: 'RegisterTenant',
  input: RegisterTenantInput,
  output: RegisterTenantOutput,
  run: async (deps, input) => {
    const { table, elb, ecs, now } = deps;
    const { tenant, cell, key, stacks, executionArn } = input;
    await requireSteadyService(ecs, cell);
    const record = await findTenant(table, tenant.tenantId);
    if (record?.executionArn !== executionArn || record.status !== 'ONBOARDING') {
      throw claimLost(tenant.tenantId, executionArn);
    }
    const rule = await holdHost(elb, cell, tenant);
    const route: RouteRecord = {
      host: tenant.host,
      tenantId: tenant.tenantId,
      companyName: record.companyName,
      status: 'SETTING_UP',
      roleArn: stacks.access.outputs.RoleArn,
      externalId: tenant.externalId,
      bucketName: stacks.storage.outputs.BucketName,
      keyArn: key.keyArn,
    };
    try {
      await table.client.send(registration(table, input, route, rule.ruleArn, now()));
    } catch (thrown) {
      if (!isConditionFailure(thrown)) throw thrown;
      await withdraw(deps, input, rule);
      throw claimLost(tenant.tenantId, executionArn);
    }
    return { ruleArn: rule.ruleArn };
  },
};

const realDeps = (): RegisterTenantDeps => ({
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  ecs: new ECSClient(clientOptions),
  now: () => new Date(),
});

export const handler = actionHandler(registerTenant, realDeps());
