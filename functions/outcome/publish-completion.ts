import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { isShown, MANY_NODES, type PageRequest, requestPage, untilServed } from '../compute/tenant-page';
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
  readonly page: PageRequest;
  readonly now: () => Date;
}

/**
 * Announces the tenant, so that billing and customer success can act.
 *
 * 1. The record must say that this execution has activated the tenant. (The state machine also
 *    comes here when an undo refuses an ACTIVE tenant.) For an equal event, it must say that the
 *    execution did which ended before it had announced the tenant for certain.
 * 2. The shared service must answer 200 with the tenant's page through the load balancer, whichever node of it is asked: an
 *    announced URL works. An answer of something else counts for nothing.
 * 3. Publish `TenantOnboarded`, at least once. Consumers recognize copies by `executionArn` and
 *    `attempt`.
 * 4. Remove the failure of an earlier attempt from the record. An equal event notes that it has announced the tenant: the
 *    execution that did not has still ended, and the watchdog may notice that later.
 *
 * It has no undo. If it fails, nothing is undone: the run stops here, and a redrive resumes it.
 *
 * Throws `ClaimLost` when this execution does not own the tenant or the tenant has never been
 * ACTIVE, `TransientServiceUnsteady` while the page does not answer 200. For an event that the bus
 * refuses, it throws the error of the entry ("PutEvents").
 *
 * Besides the common retries, for a page that nobody serves: 60 retries, 60 x 60 = 3600 s at most, half on average.
 */
export const publishCompletion: Action<
  typeof PublishCompletionInput,
  typeof PublishCompletionOutput,
  PublishCompletionDeps
> = {
  name: 'PublishCompletion',
  input: PublishCompletionInput,
  output: PublishCompletionOutput,
  run: async ({ table, bus, page, now }, { tenant, cell, executionArn, redriveCount, activatedBy }) => {
    const { tenantId, signupId, subdomain, host, url, slot } = tenant;
    const owner = activatedBy ?? executionArn;
    const record = await findTenant(table, tenantId);
    if (!record?.activatedAt || record.executionArn !== owner) throw claimLost('forgetFailure', tenantId, owner);
    // A tenant that an audit has suspended meanwhile answers 503 on purpose.
    if (cell && record.status === 'ACTIVE')
      await untilServed(() => page(cell, host), host, isShown, { connections: MANY_NODES });
    const detail = { version: 1, signupId, tenantId, subdomain, url, cell: slot.cell, executionArn } as const;
    await publish(bus, TENANT_ONBOARDED, { ...detail, ...orderOf(redriveCount, now()) });
    // An earlier attempt to publish may have failed, and the watchdog has recorded that, or is about to.
    if (record.failure || activatedBy)
      await forgetFailure(table, { tenantId, executionArn: owner }, activatedBy ? now().toISOString() : undefined);
    return { tenantId, url };
  },
};

const realDeps = (): PublishCompletionDeps => ({
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  page: requestPage,
  now: () => new Date(),
});

export const handler = actionHandler(publishCompletion, realDeps());
