import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { failureEvent, orderOf, TENANT_ONBOARDING_FAILED } from '../contract/events';
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
 * Tells why the onboarding failed, in the tenant's record and on the bus.
 *
 * 1. A tenant that this very execution has activated has not failed: refuse, and the machine announces it.
 * 2. The record: FAILED after a rollback, HELD where the resources are kept. A signup refused before it was reserved gets a
 *    record of its own, as far as its id can be read. After a lost claim the record is somebody else's and stays.
 * 3. `TenantOnboardingFailed` goes to the bus, at least once: a consumer tells copies by `executionArn`
 *    and `attempt`.
 *
 * Nothing undoes it. A crash between 2 and 3 writes the same record again.
 *
 * Throws `TenantIsActive`; for an entry that the bus refuses, the error that PutEvents names.
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
    const refused = !tenant && !record;
    const report = failureReport({ executionArn, failure, outcome: refused ? 'refused' : outcome });
    if (tenantId && signupId) {
      const recording = { tenantId, executionArn, failure: report, at: at.toISOString() };
      if (record && outcome !== 'claim-lost') await recordFailure(table, recording);
      if (refused) await recordRefusal(table, recording, { signupId, input });
    }
    await publish(
      bus,
      TENANT_ONBOARDING_FAILED,
      failureEvent(report, { signupId, executionArn }, orderOf(redriveCount, at)),
    );
    return { published: true, report };
  },
};

const realDeps = (): PublishFailureDeps => ({
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  now: () => new Date(),
});

export const handler = actionHandler(publishFailure, realDeps());
