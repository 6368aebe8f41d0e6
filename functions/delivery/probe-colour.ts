import { type ColourProbe, probeColour as probe } from '../compute/colour-probe';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { ProbeColourInput, ProbeColourOutput, type Release } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { pause } from '../shared/invocation';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { note } from './release-store';
import { forEachTenant, tenantsOf } from './tenants-of-cell';

export interface ProbeColourDeps {
  readonly table: TenantsTable;
  readonly probe: ColourProbe;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** A tenant fails when so many requests in a row do; milliseconds between them. */
const TRIES = 3;
const BETWEEN_MS = 300;

/** What is wrong with the last of three answers in a row; undefined when one of them is right. */
async function wrong({ probe, wait = pause }: ProbeColourDeps, release: Release, host?: string) {
  let seen = '';
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await wait(BETWEEN_MS);
    const { status, version } = await probe(release.cell, release.to, host);
    if (status === 200 && version === release.digest) return undefined;
    seen = status === 200 ? `answers as version ${version ?? 'unknown'}` : `answers ${status}`;
  }
  return seen;
}

/**
 * Asks the new colour for its health, and for the page of each tenant, before any tenant is moved. It
 * finds what breaks only for one plan or one tenant, and no visitor has seen it.
 *
 * 1. The colour must be healthy, and tell that it is the version of this release.
 * 2. For each ACTIVE tenant of the cell, the colour must serve the tenant's page. Three wrong answers
 *    in a row are a failure.
 *
 * It has no undo, because it changes nothing.
 *
 * Throws `ReleaseUnhealthy`, with the tenants and what was answered; `ClaimLost`.
 *
 * Retry budget: 20 retries, 2 + 4 + 8 + 16 + 32 + 15 x 60 = 962 s at most, half on average.
 */
export const probeColour: Action<typeof ProbeColourInput, typeof ProbeColourOutput, ProbeColourDeps> = {
  name: 'ProbeColour',
  input: ProbeColourInput,
  output: ProbeColourOutput,
  run: async (deps, { release, executionArn }) => {
    const { cell, to, digest } = release;
    await note(deps.table, cell.name, executionArn, { phase: 'ProbeColour' });
    const sick = await wrong(deps, release);
    if (sick) throw new PlatformError('ReleaseUnhealthy', `${to} of cell ${cell.name}, image ${digest}, ${sick}`);
    const tenants = await tenantsOf(deps.table, cell, ['ACTIVE']);
    const failed: { tenant: TenantRecord; seen: string }[] = [];
    await forEachTenant(tenants, async (tenant) => {
      const seen = await wrong(deps, release, tenant.host);
      if (seen) failed.push({ tenant, seen });
    });
    if (failed.length > 0) {
      const told = failed.slice(0, 5).map(({ tenant, seen }) => `${tenant.host} (${tenant.plan}) ${seen}`);
      throw new PlatformError(
        'ReleaseUnhealthy',
        `before any tenant was moved, ${failed.length} of ${tenants.length} pages failed: ${told.join('; ')}`,
      );
    }
    return { probed: tenants.length };
  },
};

export const handler = actionHandler(probeColour, { table: tenantsTable(), probe });
