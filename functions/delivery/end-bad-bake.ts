import { SendTaskFailureCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { targetStates } from '../compute/target-health';
import type { CellDescriptor } from '../contract/cell';
import type { PlatformErrorName } from '../contract/errors';
import type { LoadBalancer } from '../routing/host-rule';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { unless } from '../shared/unless';
import { isTaskGone } from '../stacks/settle-stack';
import type { TenantsTable } from '../tenants/tenants-table';
import { type ObserveColourDeps, observeColour } from './observe-colour';
import { readClaim } from './release-store';

export interface EndBadBakeDeps extends ObserveColourDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly sfn: Pick<SFNClient, 'send'>;
}

const UNHEALTHY: PlatformErrorName = 'ReleaseUnhealthy';

/**
 * Ends the bake of a ring whose visitors fare badly: a bake may take an hour. The release returns its
 * tenants then. Called when an alarm of the cell begins to ring, and by the sweep.
 *
 * @returns whether a bake was ended
 */
export async function endBadBake(deps: EndBadBakeDeps, cell: CellDescriptor): Promise<boolean> {
  const claim = await readClaim(deps.table, cell.name);
  if (!claim || claim.endedAt || claim.waiting?.for !== 'bake') return false;
  const [states, observed] = await settled([
    targetStates(deps.elb, cell.targetGroupArns[claim.to]),
    observeColour(deps, cell, claim),
  ]);
  const because = states.includes('healthy')
    ? observed.verdict === 'bad' && observed.because
    : `targets of ${claim.to} are ${states.join(', ') || 'gone'}`;
  if (!because) return false;
  const { taskToken } = claim.waiting;
  const failure = new SendTaskFailureCommand({ taskToken, error: UNHEALTHY, cause: because });
  // The bake may have ended meanwhile, or its execution was stopped.
  if (!(await unless(deps.sfn.send(failure), isTaskGone))) return false;
  logger.warn('release.bake-ended', { cell: cell.name, releaseId: claim.releaseId, because });
  return true;
}
