import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Act } from '../contract/act';
import { readMigration } from '../database/migration-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { type StartedInCell, startInCell } from './start-in-cell';

export interface StartMigrationDeps {
  readonly table: TenantsTable;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly migrationMachineArn: string;
}

/**
 * Starts a migration of a cell's tenants, unless one is under way. Of operators who start one at the same moment, all but the
 * first are told of the first.
 */
export async function startMigration(
  { table, sfn, migrationMachineArn }: StartMigrationDeps,
  { cell, phase, to }: Extract<Act, { kind: 'migrate' }>,
): Promise<StartedInCell> {
  const claim = await readMigration(table, cell);
  const input = { cell, phase, ...(to && { to }) };
  return await startInCell(sfn, { purpose: 'migrate', cell, stateMachineArn: migrationMachineArn, input, claim });
}
