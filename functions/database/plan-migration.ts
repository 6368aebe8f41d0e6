import { MIGRATION_FILES, type MigrationFile } from '../../service/migrations/manifest';
import { PlanMigrationInput, PlanMigrationOutput } from '../contract/migration';
import { rolesRevisionOf } from '../contract/records';
import { type Action, actionHandler } from '../shared/action-handler';
import { tenantsInService } from '../tenants/every-tenant';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { filesBehind, targetOf } from './migration-plan';
import { requireSound } from './migration-rules';
import { readMigration } from './migration-store';
import { ROLES_REVISION } from './release-facts';

export interface PlanMigrationDeps {
  readonly table: TenantsTable;
  readonly files: readonly MigrationFile[];
}

/**
 * Lists the tenants in service of a cell whose database lacks migrations, or has the roles of an earlier release, by their
 * records. It changes nothing: an operator's preview asks it, too.
 *
 * A record that cannot be parsed is named and passed over: it stops nobody else.
 *
 * Throws `InvalidRequest` for a file that there is not, or that the phase does not reach; `MigrationFailed` for files with
 * what no file may have, before any tenant gets one.
 */
export const planMigration: Action<typeof PlanMigrationInput, typeof PlanMigrationOutput, PlanMigrationDeps> = {
  name: 'PlanMigration',
  input: PlanMigrationInput,
  output: PlanMigrationOutput,
  run: async ({ table, files }, { cell, phase, to }) => {
    const claim = await readMigration(table, cell);
    const target = targetOf(files, { phase, to }, claim?.contracted);
    const behind: { tenantId: string; host: string; files: string[] }[] = [];
    const unreadable: string[] = [];
    let current = 0;
    for await (const { tenantId, record } of tenantsInService(table)) {
      if (!record) unreadable.push(tenantId);
      else if (record.slot?.cell === cell) {
        const lacking = filesBehind(files, record.database?.version, target);
        if (lacking.length > 0 || rolesRevisionOf(record) < ROLES_REVISION)
          behind.push({ tenantId, host: record.host, files: lacking });
        else current += 1;
      }
    }
    const pending = new Set(behind.flatMap((each) => each.files));
    requireSound(files, (name) => pending.has(name));
    return { target, behind, current, unreadable };
  },
};

export const handler = actionHandler(planMigration, { table: tenantsTable(), files: MIGRATION_FILES });
