import { SSMClient } from '@aws-sdk/client-ssm';
import { MIGRATION_FILES, type MigrationFile } from '../../service/migrations/manifest';
import { type ColourProbe, probeColour } from '../compute/colour-probe';
import { type Compute, cellNamed } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { tableLiveColour } from '../compute/table-live-colour';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { ClaimMigrationInput, ClaimMigrationOutput, isBehind, MigrationRequestSchema } from '../contract/migration';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { parseAt } from '../shared/parse-at';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { contractedBy, targetOf } from './migration-plan';
import { openMigration, readMigration } from './migration-store';

export interface ClaimMigrationDeps {
  readonly table: TenantsTable;
  readonly compute: Pick<Compute, 'readableCells' | 'live'>;
  readonly probe: ColourProbe;
  readonly files: readonly MigrationFile[];
  readonly now: () => Date;
}

/**
 * Whoever wrote the version that is live must have known the migration: an earlier version may need what
 * it removes.
 *
 * @throws PlatformError `InvalidRequest`; `TransientServiceUnsteady` when the version does not answer
 */
async function requireKnown({ compute, probe }: ClaimMigrationDeps, cell: CellDescriptor, removing: string) {
  const { colour } = await compute.live(cell);
  const { status, version, migration } = await probe(cell, colour);
  if (status !== 200)
    throw new PlatformError('TransientServiceUnsteady', `${colour} of cell ${cell.name} answers ${status}`);
  if (!isBehind(migration, removing)) return;
  const why = `the live version ${version ?? ''} of cell ${cell.name} may need what ${removing} removes`;
  throw new PlatformError('InvalidRequest', `${why}: it does not know that file. Release one that does first`);
}

/**
 * Gives a migration the tenants of its cell. Only one migration has them at a time, and no release
 * begins meanwhile.
 *
 * 1. Find the last file of the phase, or the one that the request names.
 * 2. Before a contraction, ask the live version whether it knows what is removed.
 * 3. Write the claim. A contraction also allows the cell's new tenants what it removes.
 *
 * A redriven run claims the cell anew, and its first failure is forgotten.
 *
 * Undone by SettleMigration.
 *
 * Throws `InvalidRequest` for a malformed request, a file that there is not, one that the phase does not reach,
 * or one that the live version does not know;
 * `ConfigurationInvalid` when the cell does not exist; `MigrationUnderWay`; `ReleaseUnderWay` for a
 * contraction; `TransientConflict`.
 */
export const claimMigration: Action<typeof ClaimMigrationInput, typeof ClaimMigrationOutput, ClaimMigrationDeps> = {
  name: 'ClaimMigration',
  input: ClaimMigrationInput,
  output: ClaimMigrationOutput,
  run: async (deps, { executionArn, request }) => {
    const { table, compute, files, now } = deps;
    const { cell, phase, to } = parseAt('migration', MigrationRequestSchema, request);
    const descriptor = cellNamed(await compute.readableCells(), cell);
    const before = await readMigration(table, cell);
    const target = targetOf(files, { phase, to }, before?.contracted);
    const removing = phase === 'contract' ? contractedBy(files, target) : undefined;
    if (removing !== undefined) await requireKnown(deps, descriptor, removing);
    const contracted = removing ?? before?.contracted;
    await openMigration(table, { cell, executionArn, phase, target, startedAt: now().toISOString(), contracted });
    logger.info('migration.claimed', { cell, phase, target });
    return { cell, phase, target };
  },
};

const realDeps = (): ClaimMigrationDeps => {
  const table = tenantsTable();
  return {
    table,
    compute: { ...ssmCells(new SSMClient(clientOptions)), ...tableLiveColour(table) },
    probe: probeColour,
    files: MIGRATION_FILES,
    now: () => new Date(),
  };
};

export const handler = actionHandler(claimMigration, realDeps());
