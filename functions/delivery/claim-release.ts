import { createHash } from 'node:crypto';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Compute, cellNamed } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { OTHER_COLOUR } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { ClaimReleaseInput, ClaimReleaseOutput, ReleaseRequestSchema } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { parseAt } from '../shared/parse-at';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { openClaim, requireLiveColour, requireNoOther } from './release-store';

export interface ClaimReleaseDeps {
  readonly table: TenantsTable;
  readonly compute: Pick<Compute, 'readableCells'>;
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
 * Gives a release its cell. Only one release has a cell at a time.
 *
 * 1. Read which colour is live. The release fills the other one.
 * 2. A release that has settled before, of the same id and digest, is done, unless another one has the cell: that may have
 *    moved tenants to its own image.
 * 3. In one transaction, write the claim and let the placements of this attempt count. A stopped release keeps its cell until it
 *    is redriven, or until KeepCells ends it: its tenants may be on the colour that this release would fill.
 *
 * A redriven release, or one that is started again, claims the cell anew, under a new attempt: placements of its former attempt
 * do not count, so every tenant is served by the live colour.
 *
 * Undone by ReturnTenants and PublishReturn.
 *
 * Throws `InvalidRequest` for a malformed request, and for the id of another release; `ConfigurationInvalid` when the
 * cell does not exist; `ReleaseUnderWay`; `MigrationUnderWay`; `TransientConflict`.
 */
export const claimRelease: Action<typeof ClaimReleaseInput, typeof ClaimReleaseOutput, ClaimReleaseDeps> = {
  name: 'ClaimRelease',
  input: ClaimReleaseInput,
  output: ClaimReleaseOutput,
  run: async ({ table, compute, now }, { executionArn, redriveCount, request }) => {
    const { cell: name, digest, releaseId, slower } = parseAt('release', ReleaseRequestSchema, request);
    const cell = cellNamed(await compute.readableCells(), name);
    const live = await requireLiveColour(table, name);
    if (live.releaseId === releaseId) {
      if (live.digest !== digest)
        throw new PlatformError('InvalidRequest', `release ${releaseId} of cell ${name} had the image ${live.digest}`);
      await requireNoOther(table, name, releaseId);
      return { outcome: 'done' };
    }
    const from = live.colour;
    const attempt = attemptOf(releaseId, executionArn, redriveCount);
    const release = { cell, digest, releaseId, from, to: OTHER_COLOUR[from], attempt, ...(slower && { slower }) };
    await openClaim(table, { release, executionArn }, now().toISOString());
    logger.info('release.claimed', { cell: name, releaseId, digest, from });
    return { outcome: 'claimed', release };
  },
};

export const handler = actionHandler(claimRelease, {
  table: tenantsTable(),
  compute: ssmCells(new SSMClient(clientOptions)),
  now: () => new Date(),
});
