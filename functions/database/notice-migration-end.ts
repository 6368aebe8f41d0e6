import { MigrationRequestSchema } from '../contract/migration';
import type { Failure } from '../contract/tenant';
import { logger } from '../shared/logger';
import type { Meter } from '../shared/meter';
import type { TenantsTable } from '../tenants/tenants-table';
import { noteUnfinished, readMigration } from './migration-store';

interface NoticeMigrationEndDeps {
  readonly table: TenantsTable;
  readonly meter: Meter;
  readonly now: () => Date;
}

interface End {
  readonly executionArn: string;
  readonly input: unknown;
  readonly failure: Failure;
}

/**
 * Records and counts the end of a migration outside its failure path: it was stopped, or failed at a
 * state that nothing catches. A redrive goes on with the tenants that are left; until then another
 * migration, or a release, may have the cell.
 *
 * It may be called twice for one end.
 */
export async function noticeMigrationEnd(
  { table, meter, now }: NoticeMigrationEndDeps,
  { executionArn, input, failure }: End,
): Promise<'unfinished' | 'foreign'> {
  const request = MigrationRequestSchema.safeParse(input).data;
  const claim = request && (await readMigration(table, request.cell));
  if (!request || claim?.executionArn !== executionArn || claim.endedAt) return 'foreign';
  const { cell } = request;
  await noteUnfinished(table, { cell, executionArn }, { ...failure, at: now().toISOString() });
  meter.count('UnfinishedRuns', 1);
  logger.error('migration.unfinished', { cell, executionArn, ...failure });
  return 'unfinished';
}
