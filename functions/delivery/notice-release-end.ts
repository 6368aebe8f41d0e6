import { orderOf, TENANT_RELEASE_COMPLETED, TENANT_RELEASE_RETURNED } from '../contract/events';
import type { ReleaseClaim } from '../contract/records';
import { type ReleaseRequest, ReleaseRequestSchema } from '../contract/release';
import type { Failure } from '../contract/tenant';
import { type EventBus, publish } from '../shared/event-publisher';
import { logger } from '../shared/logger';
import type { Meter } from '../shared/meter';
import type { TenantsTable } from '../tenants/tenants-table';
import { note, readClaim, tenantsMoved } from './release-store';

export interface NoticeReleaseEndDeps {
  readonly table: TenantsTable;
  readonly bus: EventBus;
  readonly meter: Meter;
  readonly now: () => Date;
}

interface End {
  readonly executionArn: string;
  readonly redriveCount: number;
  readonly input: unknown;
  readonly failure: Failure;
}

/** The event of a release that neither completed nor returned. */
async function tell({ bus }: NoticeReleaseEndDeps, end: End, request: ReleaseRequest, at: Date, tenants: number) {
  const { step, error, reason } = end.failure;
  await publish(bus, TENANT_RELEASE_RETURNED, {
    ...{ version: 1, releaseId: request.releaseId, cell: request.cell, digest: request.digest, tenants },
    ...{ failedStep: step, error, reason: `the release was stopped, and its tenants were not returned: ${reason}` },
    ...{ executionArn: end.executionArn, ...orderOf(end.redriveCount, at) },
  });
}

/**
 * Records, publishes and counts the end of a release outside its failure path: it was stopped, or
 * failed at a state that nothing catches. Both colours run at full size then, and every tenant is
 * served; a redrive goes on where the release stopped. The claim stays open for that.
 *
 * It may be called twice for one end.
 */
export async function noticeReleaseEnd(deps: NoticeReleaseEndDeps, end: End): Promise<'unfinished' | 'foreign'> {
  const request = ReleaseRequestSchema.safeParse(end.input).data;
  const claim = request && (await readClaim(deps.table, request.cell));
  if (!request || claim?.executionArn !== end.executionArn || claim.endedAt) return 'foreign';
  const at = deps.now();
  await note(deps.table, request.cell, end.executionArn, { failure: { ...end.failure, at: at.toISOString() } });
  await tell(deps, end, request, at, tenantsMoved(claim));
  deps.meter.count('UnfinishedRuns', 1);
  logger.error('release.unfinished', { ...request, executionArn: end.executionArn, ...end.failure });
  return 'unfinished';
}

/**
 * Publishes how a release has ended that was stopped, and whose execution will never tell: `TenantReleaseCompleted` where its
 * colour had become the live one, else `TenantReleaseReturned`. `attempt` counts that end as one more redrive: a consumer
 * takes two events of one attempt for copies, and the stop has told that the tenants were not returned.
 */
export async function tellEndFor(
  bus: EventBus,
  claim: ReleaseClaim,
  end: { readonly outcome: 'completed' | 'returned'; readonly redriveCount: number; readonly at: Date },
): Promise<void> {
  const { releaseId, cell, digest, executionArn, to, failure } = claim;
  const fields = { version: 1, releaseId, cell, digest, tenants: tenantsMoved(claim), executionArn } as const;
  const order = orderOf(end.redriveCount + 1, end.at);
  if (end.outcome === 'completed')
    return await publish(bus, TENANT_RELEASE_COMPLETED, { ...fields, colour: to, ...order });
  const { step = claim.phase, error = 'RunAborted', reason = 'no reason is known' } = failure ?? {};
  const returned = `the release was stopped and could no longer be redriven; its tenants have been returned: ${reason}`;
  await publish(bus, TENANT_RELEASE_RETURNED, { ...fields, failedStep: step, error, reason: returned, ...order });
}
