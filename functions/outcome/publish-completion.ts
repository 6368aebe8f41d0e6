import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { orderOf, TENANT_ONBOARDED } from '../contract/events';
import { PublishCompletionInput, PublishCompletionOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { type EventBus, eventBus, publish } from '../shared/event-publisher';
import { claimLost } from '../tenants/lifecycle';
import { findTenant, forgetFailure } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';

export interface PublishCompletionDeps {
  readonly table: TenantsTable;
  readonly bus: EventBus;
  readonly now: () => Date;
}

/**
 * Announces the tenant, so that billing and customer success can act.
 *
 * 1. The record must say that this execution has activated the tenant: the refusal of an undo leads here too.
 * 2. `TenantOnboarded` goes to the bus, at least once: a consumer that must act once tells copies by `executionArn`
 *    and `attempt`.
 * 3. The record forgets an earlier attempt that failed.
 *
 * Nothing undoes it, and nothing is undone when it fails: the run stops here and redrive resumes it.
 *
 * Throws `ClaimLost` when the tenant is not this execution's or has never been ACTIVE; for an entry that the bus refuses,
 * the error that PutEvents names ("PutEvents" of the EventBridge API reference).
 */
export const publishCompletion: Action<
  typeof PublishCompletionInput,
  typeof PublishCompletionOutput,
  PublishCompletionDeps
> = {
  name: 'PublishCompletion',
  input: PublishCompletionInput,
  output: PublishCompletionOutput,
  run: async ({ table, bus, now }, { tenant, executionArn, redriveCount }) => {
    const { tenantId, signupId, subdomain, url, slot } = tenant;
    const record = await findTenant(table, tenantId);
    if (!record?.activatedAt || record.executionArn !== executionArn)
      throw claimLost('forgetFailure', tenantId, executionArn);
    const detail = { version: 1, signupId, tenantId, subdomain, url, cell: slot.cell, executionArn } as const;
    await publish(bus, TENANT_ONBOARDED, { ...detail, ...orderOf(redriveCount, now()) });
    // An earlier attempt to announce may have failed, and the watchdog noted that.
    if (record.failure) await forgetFailure(table, { tenantId, executionArn });
    return { tenantId, url };
  },
};

const realDeps = (): PublishCompletionDeps => ({
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  now: () => new Date(),
});

export const handler = actionHandler(publishCompletion, realDeps());
