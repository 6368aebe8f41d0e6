import { Kysely, Migrator, PostgresDialect } from 'kysely';
import { Pool, type PoolConfig } from 'pg';
import { PlatformError } from '../contract/errors';
import { DATABASE_OWNER, DATABASE_SCHEMA } from '../contract/naming';
import { databaseError } from './database-errors';
import { MIGRATIONS } from './migrations';

/**
 * Runs the migrations that have not run yet, in one transaction and under a lock: of two runs at a time one
 * waits, and a run that is killed leaves nothing behind.
 *
 * Every session begins as the owner, so that the tables and the list of migrations are the owner's. A file
 * must not change the role: kysely writes its list in the same session.
 *
 * @returns the last migration
 * @throws PlatformError `MigrationFailed` with the file and the SQL state
 */
export async function migrate(access: PoolConfig): Promise<string> {
  const pool = new Pool({ ...access, max: 2, options: `-c role=${DATABASE_OWNER} -c search_path=${DATABASE_SCHEMA}` });
  // A server that stops would otherwise end this process.
  pool.on('error', () => undefined);
  const database = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => MIGRATIONS },
    migrationTableSchema: DATABASE_SCHEMA,
  });
  try {
    const { error, results = [] } = await migrator.migrateToLatest();
    const failed = results.find(({ status }) => status === 'Error')?.migrationName;
    if (error) throw databaseError(error, failed ? `migration ${failed}` : 'migrations', 'MigrationFailed');
  } catch (thrown) {
    throw thrown instanceof PlatformError || !(thrown instanceof Error)
      ? thrown
      : new PlatformError('MigrationFailed', `migrations: ${thrown.message}`, { cause: thrown });
  } finally {
    await database.destroy();
  }
  return Object.keys(MIGRATIONS).sort().at(-1) ?? 'none';
}
