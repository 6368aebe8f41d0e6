import { createHash } from 'node:crypto';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Compute, cellNamed } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { OTHER_COLOUR } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { ClaimReleaseInput, ClaimReleaseOutput, ReleaseRequestSchema } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { isNoExecution } from '../shared/no-execution';
import { parseAt } from '../shared/parse-at';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type OwnedRelease, openClaim, readClaim, requireLiveColour } from './release-store';

export interface ClaimReleaseDeps {
  readonly table: TenantsTable;
  readonly executions: Pick<SFNClient, 'send'>;
  readonly compute: Pick<Compute, 'cells'>;
  readonly now: () => Date;
}

/**
 * The name of one attempt of a release. A release that was returned may be started again, with the same id: tenants still have
 * the placements of the execution before, and would count as moved before the new colour has its tasks.
 */
export function attemptOf(releaseId: string, executionArn: string, redriveCount: number): string {
  const execution = createHash('sha256').update(executionArn).digest('hex').slice(0, 8);
  return `${releaseId}.${execution}.${redriveCount}`;
}

/**
 * Whether an execution will never have its cell again: AWS has deleted it, or can no longer redrive it ("RedriveExecution": within
 * 14 days of its end).
 */
async function isOver(executions: ClaimReleaseDeps['executions'], executionArn: string): Promise<boolean> {
  try {
    const { status, redriveStatus } = await executions.send(new DescribeExecutionCommand({ executionArn }));
    return status !== 'RUNNING' && status !== 'PENDING_REDRIVE' && redriveStatus === 'NOT_REDRIVABLE';
  } catch (thrown) {
    if (!isNoExecution(thrown)) throw thrown;
    return true;
  }
}

/** Claims the cell, also after a release that was stopped and can never go on. @throws as `openClaim` */
async function claim({ table, executions, now }: ClaimReleaseDeps, owned: OwnedRelease): Promise<void> {
  const at = now().toISOString();
  try {
    await openClaim(table, owned, at);
  } catch (thrown) {
    const { cell, releaseId } = owned.release;
    const other = isNamed(thrown, 'ReleaseUnderWay') ? await readClaim(table, cell.name) : undefined;
    if (!other || other.endedAt || !(await isOver(executions, other.executionArn))) throw thrown;
    await openClaim(table, owned, at, other.executionArn);
    logger.warn('release.taken-over', { cell: cell.name, releaseId, from: other.releaseId, of: other.executionArn });
  }
}

/**
 * Gives a release its cell. Only one release has a cell at a time.
 *
 * 1. Read which colour is live. The release fills the other one.
 * 2. A release that has settled before, of the same id and digest, is done.
 * 3. In one transaction, write the claim and let the placements of this attempt count. A claim of a stopped release that AWS can
 *    no longer redrive is taken over.
 *
 * A redriven release, or one that is started again, claims the cell anew, under a new attempt: placements of its former attempt
 * do not count, so every tenant is served by the live colour.
 *
 * Undone by ReturnTenants and PublishReturn.
 *
 * Throws `InvalidRequest` for a malformed request, and for the id of another release; `ConfigurationInvalid` when the
 * cell does not exist; `ReleaseUnderWay`; `MigrationUnderWay`; `TransientConflict`.
 *
 * Retry budget: 20 retries, 2 + 4 + 8 + 16 + 32 + 15 x 60 = 962 s at most, half on average.
 */
export const claimRelease: Action<typeof ClaimReleaseInput, typeof ClaimReleaseOutput, ClaimReleaseDeps> = {
  name: 'ClaimRelease',
  input: ClaimReleaseInput,
  output: ClaimReleaseOutput,
  run: async (deps, { executionArn, redriveCount, request }) => {
    const { table, compute } = deps;
    const { cell: name, digest, releaseId } = parseAt('release', ReleaseRequestSchema, request);
    const cell = cellNamed(await compute.cells(), name);
    const live = await requireLiveColour(table, name);
    if (live.releaseId === releaseId) {
      if (live.digest === digest) return { outcome: 'done' };
      throw new PlatformError('InvalidRequest', `release ${releaseId} of cell ${name} had the image ${live.digest}`);
    }
    const from = live.colour;
    const attempt = attemptOf(releaseId, executionArn, redriveCount);
    const release = { cell, digest, releaseId, from, to: OTHER_COLOUR[from], attempt };
    await claim(deps, { release, executionArn });
    logger.info('release.claimed', { cell: name, releaseId, digest, from });
    return { outcome: 'claimed', release };
  },
};

export const handler = actionHandler(claimRelease, {
  table: tenantsTable(),
  executions: new SFNClient(clientOptions),
  compute: ssmCells(new SSMClient(clientOptions)),
  now: () => new Date(),
});
