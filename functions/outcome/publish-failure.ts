import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { conflictEvent, failureEvent, orderOf, SIGNUP_CONFLICT, TENANT_ONBOARDING_FAILED } from '../contract/events';
import { failureReport } from '../contract/failure-report';
import { tenantIdOf } from '../contract/naming';
import { PublishFailureInput, PublishFailureOutput } from '../contract/onboarding';
import { readableSignupId } from '../contract/signup';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { type EventBus, eventBus, publish } from '../shared/event-publisher';
import { tenantIsActive } from '../tenants/lifecycle';
import { findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { recordFailure, recordRefusal } from './record-failure';

export interface PublishFailureDeps {
  readonly table: TenantsTable;
  readonly bus: EventBus;
  readonly now: () => Date;
}

/**
 * Records and publishes why the onboarding failed.
 *
 * 1. Refuse a tenant that this execution has activated: the state machine then goes to
 *    PublishCompletion.
 * 2. Set the record to FAILED after a rollback, or to HELD when the resources are kept. A signup
 *    that was refused before its reservation gets a record of its own, if its id can be read. A
 *    record that another execution owns stays.
 * 3. Publish `TenantOnboardingFailed`, at least once. Consumers recognize copies by `executionArn`
 *    and `attempt`. A signup that differs from the accepted one is told as `SignupConflict`. The
 *    failure of a later run of a tenant in service is no failure of the tenant: no event tells it,
 *    also when the record of that tenant was lost. Neither is the failure of a run that found the
 *    tenant with another one, under way or held.
 *
 * It has no undo. After a crash between 2 and 3 the retry writes the same record again.
 *
 * Throws `TenantIsActive`. For an event that the bus refuses, it throws the error of the entry.
 */
export const publishFailure: Action<typeof PublishFailureInput, typeof PublishFailureOutput, PublishFailureDeps> = {
  name: 'PublishFailure',
  input: PublishFailureInput,
  output: PublishFailureOutput,
  run: async ({ table, bus, now }, { executionArn, redriveCount, input, tenant, failure, outcome }) => {
    const at = now();
    const signupId = tenant?.signupId ?? readableSignupId(input);
    const tenantId = signupId === undefined ? undefined : tenantIdOf(signupId);
    const record = tenantId === undefined ? undefined : await findTenant(table, tenantId);
    if (record?.activatedAt && record.executionArn === executionArn) {
      throw tenantIsActive(record);
    }
    const foreign = record !== undefined && record.executionArn !== executionArn;
    const lost = failure.error === 'TenantRecordLost';
    const refused = !tenant && (!record || foreign);
    // The run never had the tenant: the one that has it tells what becomes of it.
    const anothers = refused && record?.slot !== undefined;
    const report = failureReport({ executionArn, failure, outcome: refused ? 'refused' : outcome });
    if (tenantId && signupId) {
      const recording = { tenantId, executionArn, failure: report, at: at.toISOString() };
      if (record && !foreign && outcome !== 'claim-lost') await recordFailure(table, recording);
      if (refused && !record && !lost) await recordRefusal(table, recording, { signupId, input });
    }
    const order = orderOf(redriveCount, at);
    if (record && failure.error === 'SignupConflict') {
      await publish(bus, SIGNUP_CONFLICT, conflictEvent(record, { input, executionArn }, order));
    } else if (!record?.activatedAt && !anothers && !lost) {
      await publish(bus, TENANT_ONBOARDING_FAILED, failureEvent(report, { signupId, executionArn }, order));
    }
    return { published: true, report };
  },
};

const realDeps = (): PublishFailureDeps => ({
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  now: () => new Date(),
});

export const handler = actionHandler(publishFailure, realDeps());
