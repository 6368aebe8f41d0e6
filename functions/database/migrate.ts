import { type Migration, type MigrationProvider, Migrator, sql } from 'kysely';
import { type Client, escapeIdentifier } from 'pg';
import type { MigrationFile } from '../../service/migrations/manifest';
import { PlatformError } from '../contract/errors';
import { isBehind } from '../contract/migration';
import { DATABASE_OWNER, DATABASE_SCHEMA } from '../contract/naming';
import { codeOf } from '../shared/error-code';
import { databaseError } from './database-errors';
import { isOutside, requireSound } from './migration-rules';
import { AS_BEGUN, executedAfter, onSession } from './one-session';
import { alone, notInTransaction, outsideMigration } from './outside-transaction';

/** SQL state of a statement that its time limit has ended, where no other run's lock was waited for. */
const TOOK_TOO_LONG = '57014';

export interface Migrating {
  readonly files: readonly MigrationFile[];
  /** The last file to run. */
  readonly target: string;
  /**
   * Whether an application uses the database. A statement that takes too long is then no passing
   * failure: each attempt would keep the application waiting.
   */
  readonly living: boolean;
}

const migrationOf = ({ text }: MigrationFile): Migration => ({
  up: async (database) => {
    await sql.raw(text).execute(database);
  },
});
const inTransaction = (file: MigrationFile) => (isOutside(file) ? notInTransaction(file) : migrationOf(file));

/** kysely's migrations: those files that it must know at the moment. */
const providing = (files: readonly MigrationFile[], of: (file: MigrationFile) => Migration): MigrationProvider => ({
  getMigrations: async () => Object.fromEntries(files.map((each) => [each.name, of(each)])),
});

const executedIn = async (migrator: Migrator): Promise<string[]> =>
  (await migrator.getMigrations()).filter(({ executedAt }) => executedAt).map(({ name }) => name);

function failureOf(error: unknown, failed: string | undefined, { living }: Migrating): unknown {
  const what = failed ? `migration ${failed}` : 'migrations';
  if (living && failed && codeOf(error) === TOOK_TOO_LONG && error instanceof Error)
    return new PlatformError('MigrationFailed', `${what}: ${error.message} (${TOOK_TOO_LONG})`, { cause: error });
  const translated = databaseError(error, what, 'MigrationFailed');
  if (translated instanceof PlatformError || !(translated instanceof Error)) return translated;
  return new PlatformError('MigrationFailed', `${what}: ${translated.message}`, { cause: error });
}

/**
 * Runs the migrations that have not run yet, up to the target: each file in a transaction of its own, so
 * that the locks of one are gone before the next begins, and all under one advisory lock at a time. Of
 * two runs one waits. A run that is killed leaves whole files behind, and the next one goes on.
 *
 * A file that is marked so runs outside a transaction, and alone: see outside-transaction.ts.
 *
 * The session becomes the owner, so that the tables and the list of migrations are the owner's.
 * Nothing runs when one of the files has what no file may have (migration-rules.ts).
 *
 * @returns the last migration that the database has
 * @throws PlatformError `MigrationFailed` with the file, and the SQL state of a statement that failed; `TransientConflict` when a lock
 * of the application was not had in time
 */
export async function migrate(client: Client, migrating: Migrating): Promise<string> {
  const { files, target } = migrating;
  const become = `SET ROLE ${escapeIdentifier(DATABASE_OWNER)}; ${AS_BEGUN}`;
  const found = await executedAfter(client, become);
  if (!found) await client.query(become);
  const executed = found ?? [];
  // Up to the target, and what the database has besides: kysely must know that.
  const known = files.filter(({ name }) => executed.includes(name) || !isBehind(target, name));
  requireSound(known, (name) => !executed.includes(name));
  const common = { db: onSession(client, found !== undefined), migrationTableSchema: DATABASE_SCHEMA };
  const migrator = new Migrator({ ...common, provider: providing(known, inTransaction) });
  /** One file by itself. While the lock is held, nobody gets past it. */
  const outside = (file: MigrationFile) =>
    alone(client, async () => {
      if ((await executedIn(migrator)).includes(file.name)) return {};
      const provider = providing(known.slice(0, known.indexOf(file) + 1), outsideMigration);
      return await new Migrator({ ...common, provider, disableTransactions: true }).migrateUp();
    });
  try {
    // A step that finds nothing to do any more has met another run.
    for (const file of known.filter(({ name }) => !executed.includes(name))) {
      const { error, results = [] } = await (isOutside(file) ? outside(file) : migrator.migrateUp());
      if (error) throw failureOf(error, results.find(({ status }) => status === 'Error')?.migrationName, migrating);
    }
  } catch (thrown) {
    throw thrown instanceof PlatformError ? thrown : failureOf(thrown, undefined, migrating);
  }
  return known.at(-1)?.name ?? target;
}
