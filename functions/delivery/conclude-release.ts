import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { orderOf, TENANT_RELEASE_COMPLETED } from '../contract/events';
import { ConcludeReleaseInput, ConcludeReleaseOutput } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { type EventBus, eventBus, publish } from '../shared/event-publisher';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { note, readClaim, tenantsMoved } from './release-store';

export interface ConcludeReleaseDeps {
  readonly table: TenantsTable;
  readonly bus: EventBus;
  readonly now: () => Date;
}

/**
 * Publishes `TenantReleaseCompleted`, at least once, and ends the claim: the cell is free for the next
 * release.
 *
 * It has no undo. Called again after the claim has ended, it does nothing.
 *
 * Throws, for an event that the bus refuses, the error of the entry.
 */
export const concludeRelease: Action<typeof ConcludeReleaseInput, typeof ConcludeReleaseOutput, ConcludeReleaseDeps> = {
  name: 'ConcludeRelease',
  input: ConcludeReleaseInput,
  output: ConcludeReleaseOutput,
  run: async ({ table, bus, now }, { release, executionArn, redriveCount }) => {
    const { cell, releaseId, digest, to } = release;
    const claim = await readClaim(table, cell.name);
    const tenants = claim ? tenantsMoved(claim) : 0;
    if (claim?.executionArn !== executionArn || claim.endedAt) return { tenants };
    const at = now();
    await publish(bus, TENANT_RELEASE_COMPLETED, {
      ...{ version: 1, releaseId, cell: cell.name, digest, colour: to, tenants, executionArn },
      ...orderOf(redriveCount, at),
    });
    await note(table, cell.name, executionArn, {
      ...{ phase: 'ConcludeRelease', outcome: 'completed', endedAt: at.toISOString() },
      ...{ waiting: undefined, failure: undefined },
    });
    return { tenants };
  },
};

export const handler = actionHandler(concludeRelease, {
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  now: () => new Date(),
});
