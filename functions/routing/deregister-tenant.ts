import { DeleteRuleCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { failureReport } from '../contract/failure-report';
import { itemKeys, stateKeys, type TenantRecord } from '../contract/records';
import { DeregisterTenantInput, DeregisterTenantOutput } from '../contract/steps';
import type { Failure } from '../contract/tenant';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { claimLost, guardUndo, isConditionFailure } from '../tenants/ownership';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { findOwnRule, isRuleGone, type LoadBalancer } from './host-rule';

export interface DeregisterTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly now: () => Date;
}

/** From here on no step forward of this execution can write the record: each demands the status ONBOARDING. */
async function beginRollback(table: TenantsTable, record: TenantRecord, failure: Failure, now: Date): Promise<void> {
  const at = now.toISOString();
  const keys = stateKeys.tenant('ROLLING_BACK', record.tenantId);
  const report = failureReport({ executionArn: record.executionArn, failure, outcome: 'rolling-back' });
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: itemKeys.tenant(record.tenantId),
      UpdateExpression:
        'SET #status = :rollingBack, failure = :failure, updatedAt = :now, statePk = :statePk, stateSk = :stateSk',
      ConditionExpression: 'executionArn = :execution AND attribute_not_exists(activatedAt)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':rollingBack': 'ROLLING_BACK',
        ':failure': { ...report, at },
        ':now': at,
        ':statePk': keys.statePk,
        ':stateSk': keys.stateSk,
        ':execution': record.executionArn,
      },
    }),
  );
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

/** A route of that host that is another tenant's stays. */
async function deleteRoute(table: TenantsTable, host: string, tenantId: string): Promise<boolean> {
  try {
    const { Attributes } = await table.client.send(
      new DeleteCommand({
        TableName: table.name,
        Key: itemKeys.route(host),
        ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
        ExpressionAttributeValues: { ':tenant': tenantId },
        ReturnValues: 'ALL_OLD',
      }),
    );
    return Attributes !== undefined;
  } catch (thrown) {
    if (isConditionFailure(thrown)) return false;
    throw thrown;
  }
}

/**
 * Takes the tenant off the cell: the undo of RegisterTenant and ActivateTenant, and the first of all undos, so that no
 * request reaches what the next ones take apart.
 *
 * 1. Refuse a tenant that has been ACTIVE, or belongs to another execution.
 * 2. The record says ROLLING_BACK and why. First, because it fences off a sibling that is still launching a stack.
 * 3. The listener rule goes: by the ARN on record or, where a crash lost it or the one on record is an earlier run's that is
 *    gone, by the slot's priority, the host and the tag.
 * 4. The route item goes.
 *
 * Each part tolerates that it never happened. What ActivateTenant protects from deletion, DeleteStack unlocks.
 *
 * Throws `TenantIsActive`, `ClaimLost`.
 */
export const deregisterTenant: Action<
  typeof DeregisterTenantInput,
  typeof DeregisterTenantOutput,
  DeregisterTenantDeps
> = {
  name: 'DeregisterTenant',
  input: DeregisterTenantInput,
  output: DeregisterTenantOutput,
  run: async ({ table, elb, now }, { tenant, cell, failure, executionArn }) => {
    const record = await guardUndo(table, tenant.tenantId, executionArn);
    if (record) {
      try {
        await beginRollback(table, record, failure, now());
      } catch (thrown) {
        if (!isConditionFailure(thrown)) throw thrown;
        await guardUndo(table, tenant.tenantId, executionArn);
        throw claimLost(tenant.tenantId, executionArn);
      }
    }
    const ruleGone =
      (await deleteRule(elb, record?.ruleArn)) || (await deleteRule(elb, await findOwnRule(elb, cell, tenant)));
    const routeGone = await deleteRoute(table, tenant.host, tenant.tenantId);
    return { deregistered: ruleGone || routeGone };
  },
};

const realDeps = (): DeregisterTenantDeps => ({
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  now: () => new Date(),
});

export const handler = actionHandler(deregisterTenant, realDeps());
