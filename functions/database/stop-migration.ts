import type * as z from 'zod';
import { StopMigrationInput, StopMigrationOutput } from '../contract/migration';
import { type Action, actionHandler } from '../shared/action-handler';
import { logger } from '../shared/logger';
import { unlessNamed } from '../shared/unless';
import { recordMigrationFailure } from '../tenants/service-store';
import { findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { stopMigration as stopClaim } from './migration-store';

export interface StopMigrationDeps {
  readonly table: TenantsTable;
  readonly now: () => Date;
}

type Input = z.output<typeof StopMigrationInput>;

/** A tenant that has left meanwhile needs no outcome. */
async function recordOutcome(table: TenantsTable, { migration, executionArn, tenantId, failure }: Input, at: string) {
  const outcome = {
    by: executionArn,
    at,
    outcome: 'failed',
    target: migration.target,
    reason: failure.reason,
  } as const;
  await unlessNamed(recordMigrationFailure(table, tenantId, outcome), 'TransientConflict');
}

/**
 * Stops a migration after the first tenant that failed: those under way finish, and no further one is
 * begun. The claim names the tenant, and the error's reason the file and the SQL state.
 *
 * Throws `ClaimLost`.
 */
export const stopMigration: Action<typeof StopMigrationInput, typeof StopMigrationOutput, StopMigrationDeps> = {
  name: 'StopMigration',
  input: StopMigrationInput,
  output: StopMigrationOutput,
  run: async ({ table, now }, input) => {
    const { migration, executionArn, tenantId, failure } = input;
    const at = now().toISOString();
    const host = (await findTenant(table, tenantId))?.host;
    await stopClaim(table, { cell: migration.cell, executionArn }, { tenantId, ...(host && { host }), ...failure, at });
    await recordOutcome(table, input, at);
    logger.error('migration.stopped', { tenantId, ...failure });
    return { tenantId, outcome: 'failed' };
  },
};

export const handler = actionHandler(stopMigration, { table: tenantsTable(), now: () => new Date() });
