import type { SFNClient } from '@aws-sdk/client-sfn';
import type * as z from 'zod';
import type { Act, MigrateAnswer } from '../contract/act';
import { readMigration } from '../database/migration-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { describe, isUnderWay, start } from './executions';

export interface StartMigrationDeps {
  readonly table: TenantsTable;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly migrationMachineArn: string;
}

/**
 * Starts a migration of a cell's tenants, unless one is under way. Of two that are started at the same
 * moment one gets the cell, and the other ends as `MigrationUnderWay`.
 */
export async function startMigration(
  { table, sfn, migrationMachineArn }: StartMigrationDeps,
  { cell, phase, to }: Extract<Act, { kind: 'migrate' }>,
): Promise<z.output<typeof MigrateAnswer>> {
  const claim = await readMigration(table, cell);
  const before = claim && !claim.endedAt ? await describe(sfn, claim.executionArn) : undefined;
  if (before && claim && isUnderWay(before)) {
    const because = `a migration has the tenants of cell ${cell} since ${claim.startedAt}: ${claim.executionArn}`;
    return { how: 'nothing', because, executionArn: claim.executionArn };
  }
  const input = { cell, phase, ...(to && { to }) };
  return { how: 'started', executionArn: await start(sfn, input, { stateMachineArn: migrationMachineArn }) };
}
