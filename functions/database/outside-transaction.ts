import { type Kysely, type Migration, sql } from 'kysely';
import type { Client } from 'pg';
import type { MigrationFile } from '../../service/migrations/manifest';
import { PlatformError } from '../contract/errors';
import { DATABASE_SCHEMA } from '../contract/naming';
import { AS_BEGUN } from './one-session';
import { statementsOf } from './sql-statements';

/** Of PostgreSQL's advisory locks of this database: one run at a time has a file outside a transaction. */
const LOCK = 7_306_915;

/**
 * What is built beside the application keeps nobody waiting, and takes as long as the table is large. The
 * function that asks has 300 s (contract/time-limits.ts).
 */
const LIMITS = `${AS_BEGUN}; SET statement_timeout = '60s'; SET lock_timeout = 0`;

async function requireValidIndexes(database: Kysely<unknown>, name: string): Promise<void> {
  const { rows } = await sql<{ index: string }>`
    SELECT indexrelid::regclass::text AS index FROM pg_index JOIN pg_class ON oid = indexrelid
    WHERE NOT indisvalid AND relnamespace = ${DATABASE_SCHEMA}::regnamespace
  `.execute(database);
  if (rows.length === 0) return;
  const invalid = rows.map(({ index }) => index).join(', ');
  throw new PlatformError('MigrationFailed', `migration ${name}: ${invalid} is invalid: drop it in the file, first`);
}

/**
 * A file whose statements each are a transaction of their own, as `CREATE INDEX CONCURRENTLY` requires. A failed build
 * leaves an invalid index behind, which `IF NOT EXISTS` takes for a good one: then the file has not run.
 *
 * "Building Indexes Concurrently" (PostgreSQL: CREATE INDEX).
 */
export const outsideMigration = ({ name, text }: MigrationFile): Migration => ({
  up: async (database) => {
    for (const statement of statementsOf(text)) await sql.raw(statement.text).execute(database);
    await requireValidIndexes(database, name);
  },
});

/** For a run that meets such a file in a transaction: another run has just done what was before it. */
export const notInTransaction = ({ name }: MigrationFile): Migration => ({
  up: async () => {
    throw new PlatformError('TransientConflict', `migration ${name}: another run is ahead of this one`);
  },
});

/**
 * Does the work while no other run has such a file. Nobody waits for the lock: an index that is built concurrently
 * waits for every statement that has a snapshot, and so for whoever waits for the builder's lock
 * (golang-migrate/migrate #960).
 *
 * @throws PlatformError `TransientConflict` when another run has the lock
 */
export async function alone<T>(client: Client, work: () => Promise<T>): Promise<T> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [LOCK]);
  if (!rows[0]?.locked) throw new PlatformError('TransientConflict', 'another run is building beside the application');
  try {
    await client.query(LIMITS);
    return await work();
  } finally {
    await client.query(AS_BEGUN);
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  }
}
