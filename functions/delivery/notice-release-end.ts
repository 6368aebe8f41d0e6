import { orderOf, TENANT_RELEASE_RETURNED } from '../contract/events';
import { type ReleaseRequest, ReleaseRequestSchema } from '../contract/release';
import type { Failure } from '../contract/tenant';
import { type EventBus, publish } from '../shared/event-publisher';
import { logger } from '../shared/logger';
import type { Meter } from '../shared/meter';
import type { TenantsTable } from '../tenants/tenants-table';
import { note, readClaim } from './release-store';

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
  const tenants = claim.rings.reduce((sum, ring) => sum + ring.tenants, 0);
  await tell(deps, end, request, at, tenants);
  deps.meter.count('UnfinishedRuns', 1);
  logger.error('release.unfinished', { ...request, executionArn: end.executionArn, ...end.failure });
  return 'unfinished';
}
