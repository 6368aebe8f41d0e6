import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { type ColourProbe, probeColour as probe } from '../compute/colour-probe';
import { PlatformError } from '../contract/errors';
import { isBehind, MigrationClaimSchema } from '../contract/migration';
import { BEHIND } from '../contract/naming';
import { itemKeys } from '../contract/records';
import { ProbeColourInput, ProbeColourOutput, type Release } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { pause } from '../shared/invocation';
import { someAtOnce } from '../shared/some-at-once';
import type { PlacedTenant } from '../tenants/placed-tenants';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { note } from './release-store';
import { tenantsOf } from './tenants-of-cell';

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
    const { status, version, body } = await probe(release.cell, release.to, host);
    if (status === 200 && version === release.digest) return undefined;
    if (body.startsWith(`${BEHIND} `)) return body.trim();
    seen = status === 200 ? `answers as version ${version ?? 'unknown'}` : `answers ${status}`;
  }
  return seen;
}

/**
 * An image that does not know the last removing migration of its cell may need what is gone.
 *
 * @throws PlatformError `ImageUnusable`
 */
async function requireContracted({ table, probe }: ProbeColourDeps, { cell, to, digest }: Release): Promise<void> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.migration(cell.name), ConsistentRead: true }),
  );
  const contracted = MigrationClaimSchema.safeParse(Item).data?.contracted;
  if (contracted === undefined) return;
  const { migration } = await probe(cell, to);
  if (!isBehind(migration, contracted)) return;
  const why = `image ${digest} may need what ${contracted} has removed in cell ${cell.name}: it does not know that file`;
  throw new PlatformError('ImageUnusable', why);
}

/**
 * Asks the new colour for its health, and for the page of each tenant, before any tenant is moved. It
 * finds what breaks only for one plan or one tenant, and no visitor has seen it.
 *
 * 1. The colour must be healthy, and tell that it is the version of this release. It must know the last
 *    migration that has removed something from the databases of the cell.
 * 2. For each ACTIVE tenant of the cell, the colour must serve the tenant's page. Three wrong answers
 *    in a row are a failure. A version that needs a migration which the tenant's database lacks says so.
 *
 * It has no undo, because it changes nothing.
 *
 * Throws `ReleaseUnhealthy`, with the tenants and what was answered; `TenantBehind`, with the tenants and
 * the migration that the image needs; `ImageUnusable`; `ClaimLost`.
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
    await requireContracted(deps, release);
    const tenants = await tenantsOf(deps.table, cell, ['ACTIVE']);
    const failed: { tenant: PlacedTenant; seen: string }[] = [];
    await someAtOnce(tenants, async (tenant) => {
      const seen = await wrong(deps, release, tenant.host);
      if (seen) failed.push({ tenant, seen });
    });
    const behind = failed.filter(({ seen }) => seen.startsWith(BEHIND));
    if (behind.length > 0) {
      const hosts = behind.slice(0, 5).map(({ tenant }) => tenant.host);
      throw new PlatformError(
        'TenantBehind',
        `${behind.length} of ${tenants.length} tenants are ${behind[0]?.seen}, which image ${digest} needs: ${hosts.join(', ')}`,
      );
    }
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
