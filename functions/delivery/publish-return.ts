import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { orderOf, TENANT_RELEASE_RETURNED } from '../contract/events';
import { PublishReturnInput, PublishReturnOutput } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { type EventBus, eventBus, publish } from '../shared/event-publisher';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { findOwnClaim, note, tenantsMoved } from './release-store';

export interface PublishReturnDeps {
  readonly table: TenantsTable;
  readonly bus: EventBus;
  readonly now: () => Date;
}

/**
 * Publishes `TenantReleaseReturned`, at least once, and ends the claim: the cell is free for the next
 * release. The claim stays readable, with the reason.
 *
 * It has no undo. Called again after the claim has ended, it does nothing.
 *
 * Throws, for an event that the bus refuses, the error of the entry.
 */
export const publishReturn: Action<typeof PublishReturnInput, typeof PublishReturnOutput, PublishReturnDeps> = {
  name: 'PublishReturn',
  input: PublishReturnInput,
  output: PublishReturnOutput,
  run: async ({ table, bus, now }, { release, executionArn, redriveCount, failure }) => {
    const { cell, releaseId, digest } = release;
    const claim = await findOwnClaim(table, { release, executionArn });
    if (!claim) return { published: true };
    const at = now();
    const { step, error, reason } = failure;
    const tenants = tenantsMoved(claim);
    await publish(bus, TENANT_RELEASE_RETURNED, {
      ...{ version: 1, releaseId, cell: cell.name, digest, failedStep: step, error, reason, tenants, executionArn },
      ...orderOf(redriveCount, at),
    });
    await note(table, cell.name, executionArn, {
      ...{ phase: 'PublishReturn', outcome: 'returned', endedAt: at.toISOString(), waiting: undefined },
      failure: { ...failure, at: at.toISOString() },
    });
    return { published: true };
  },
};

export const handler = actionHandler(publishReturn, {
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  now: () => new Date(),
});
