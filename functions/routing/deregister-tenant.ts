import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { failingEvent, type Order, orderOf, TENANT_ONBOARDING_FAILING } from '../contract/events';
import { failureReport } from '../contract/failure-report';
import { tenantNames } from '../contract/naming';
import { DeregisterTenantInput, DeregisterTenantOutput } from '../contract/onboarding';
import type { TenantRecord } from '../contract/records';
import { STACK_KINDS } from '../contract/stacks';
import type { Failure, FailureReport } from '../contract/tenant';
import { hostedZone } from '../dns/hosted-zone';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { type EventBus, eventBus, publish } from '../shared/event-publisher';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { isTenantsStack, requireOwnStack } from '../stacks/own-stack';
import { type CloudFormation, describeStack } from '../stacks/stacks';
import { beginRollback, guardUndo } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { type CellRemovalDeps, removeFromCell } from './remove-from-cell';

export interface DeregisterTenantDeps extends CellRemovalDeps {
  readonly cloudformation: CloudFormation;
  readonly bus: EventBus;
  readonly now: () => Date;
}

/**
 * The stacks of a tenant in service are protected from deletion. They are looked at before the first
 * effect of the rollback, which takes the tenant's route away. One that somebody else has made and protected is none of them.
 *
 * @throws PlatformError `TenantRecordLost`
 */
async function requireOwnStacks(
  cloudformation: CloudFormation,
  tenantId: string,
  record: TenantRecord | undefined,
): Promise<void> {
  const names = STACK_KINDS.map((kind) => tenantNames.stack(tenantId, kind));
  const found = await settled(names.map((name) => describeStack(cloudformation, name)));
  for (const stack of found) if (stack && isTenantsStack(stack, tenantId)) requireOwnStack(stack, record);
}

/**
 * Sets the record to ROLLING_BACK with the failure, if the lifecycle permits it.
 *
 * @returns the failure as the record has it
 */
async function fenceOff(
  { table }: DeregisterTenantDeps,
  { tenantId, executionArn }: TenantRecord,
  failure: Failure,
  at: Date,
): Promise<FailureReport> {
  const owned = { tenantId, executionArn };
  const report = failureReport({ executionArn, failure, outcome: 'rolling-back' });
  try {
    await beginRollback(table, owned, { ...report, at: at.toISOString() });
    return report;
  } catch (thrown) {
    // The second read throws TenantIsActive if that is the reason.
    if (isNamed(thrown, 'ClaimLost')) await guardUndo(table, 'beginRollback', owned);
    throw thrown;
  }
}

/**
 * Tells at once that the run is failing, and why: the rollback may take many minutes. It does not wait
 * for the bus. If the bus refuses the event, PublishFailure tells the same at the end of the rollback.
 */
async function tellFailing(bus: EventBus, record: TenantRecord, report: FailureReport, order: Order): Promise<void> {
  try {
    await publish(bus, TENANT_ONBOARDING_FAILING, failingEvent(report, record, order));
  } catch (thrown) {
    logger.warn('failing.not-told', { error: thrown instanceof Error ? thrown.name : String(thrown) });
  }
}

/**
 * Removes the tenant from the cell: the undo of RegisterTenant and ActivateTenant. It is the first
 * undo, so that no request reaches resources that the next undos remove.
 *
 * 1. Refuse a tenant that has been ACTIVE, or that another execution owns, or that is in service
 *    although its record is gone.
 * 2. Set the record to ROLLING_BACK with the reason. This comes first: it stops a sibling branch
 *    that is still launching a stack.
 * 3. Publish `TenantOnboardingFailing` with the reason.
 * 4. Delete the listener rule on record. If the record has no rule, or one of an earlier run that
 *    is gone, find the rule by the slot's priority, the host and the tag. Ask for the permission
 *    again right before this and each further deletion.
 * 5. Delete the route.
 * 6. Delete the DNS records of the host, if they are the tenant's.
 *
 * Each part tolerates that its resource never existed. DeleteStack removes the termination
 * protection that ActivateTenant has set.
 *
 * Throws `TenantIsActive`, `TenantRecordLost`, `ClaimLost`.
 */
export const deregisterTenant: Action<
  typeof DeregisterTenantInput,
  typeof DeregisterTenantOutput,
  DeregisterTenantDeps
> = {
  name: 'DeregisterTenant',
  input: DeregisterTenantInput,
  output: DeregisterTenantOutput,
  run: async (deps, { tenant, cell, failure, executionArn, redriveCount }) => {
    const { tenantId } = tenant;
    const owned = { tenantId, executionArn };
    const record = await guardUndo(deps.table, 'beginRollback', owned);
    await requireOwnStacks(deps.cloudformation, tenantId, record);
    if (record) {
      const at = deps.now();
      const report = await fenceOff(deps, record, failure, at);
      await tellFailing(deps.bus, record, report, orderOf(redriveCount, at));
    }
    const permit = async () => void (await guardUndo(deps.table, 'beginRollback', owned));
    return { deregistered: await removeFromCell(deps, { tenant, cell, ruleArn: record?.ruleArn, permit }) };
  },
};

const realDeps = (): DeregisterTenantDeps => ({
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  zone: hostedZone(),
  cloudformation: new CloudFormationClient(clientOptions),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  now: () => new Date(),
});

export const handler = actionHandler(deregisterTenant, realDeps());
