import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  DEFAULT_MIGRATION_LOCK_TABLE,
  DEFAULT_MIGRATION_TABLE,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  sql,
  type TableMetadata,
} from 'kysely';
import type { Client } from 'pg';
import { DATABASE_SCHEMA } from '../contract/naming';
import { codeOf } from '../shared/error-code';

/** "PostgreSQL Error Codes". */
const UNDEFINED_TABLE = '42P01';

const OWN_TABLES = [DEFAULT_MIGRATION_TABLE, DEFAULT_MIGRATION_LOCK_TABLE];

/** kysely asks for all tables, several times, to find its own two; this asks for those alone, if at all. */
class OwnTables implements DatabaseIntrospector {
  constructor(
    private readonly database: Kysely<unknown>,
    private readonly areThere: boolean,
  ) {}

  async getSchemas() {
    return [{ name: DATABASE_SCHEMA }];
  }

  async getTables(): Promise<TableMetadata[]> {
    const names = this.areThere ? OWN_TABLES : await this.found();
    return names.map((name) => ({ name, schema: DATABASE_SCHEMA, isView: false, isForeign: false, columns: [] }));
  }

  private async found(): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`
      SELECT relname AS name FROM pg_class
      WHERE relnamespace = ${DATABASE_SCHEMA}::regnamespace AND relkind = 'r' AND relname LIKE 'kysely%'
    `.execute(this.database);
    return rows.map(({ name }) => name);
  }

  async getMetadata() {
    return { tables: await this.getTables() };
  }
}

/** kysely's own (PostgresAdapter), so that a run of an earlier release is waited for, too. */
export const MIGRATION_LOCK = '3853314791062309107';
/**
 * The settings with which each file begins, whatever the one before it has set for its session, as a dump's first lines do: a
 * file must do the same in a database that gets it alone and in one that gets them all. "RESET": as the session began.
 */
export const AS_BEGUN = `RESET ALL; SET search_path = ${DATABASE_SCHEMA}`;

/**
 * A run waits for another one as long as a statement may take, and for a lock of the application as its session says.
 * "SET": DEFAULT is what the session began with.
 */
const BEGIN_ALONE = `
  BEGIN; ${AS_BEGUN}; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK}); SET LOCAL lock_timeout TO DEFAULT`;

/** The transaction itself takes the advisory lock, which ends with it. kysely asks for lock, begin and unlock one by one. */
class LockingDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(BEGIN_ALONE));
  }
}
class LockedByTransaction extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

class OneSession extends PostgresDialect {
  private readonly session: PostgresDialectConfig;

  constructor(
    client: Client,
    private readonly hasTables: boolean,
  ) {
    const session = {
      pool: { connect: async () => Object.assign(client, { release: () => undefined }), end: async () => undefined },
    };
    super(session);
    this.session = session;
  }

  override createDriver() {
    return new LockingDriver(this.session);
  }

  override createAdapter() {
    return new LockedByTransaction();
  }

  override createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new OwnTables(database, this.hasTables);
  }
}

/**
 * kysely on one session that is open already and stays open: it takes a connection from a pool, and gives
 * it back. The schema must exist.
 *
 * @param hasTables whether kysely's own tables are known to be there
 */
export const onSession = (client: Client, hasTables: boolean) =>
  new Kysely<unknown>({ dialect: new OneSession(client, hasTables) });

/**
 * The migrations that have run, as kysely has them, asked in one round trip after another statement.
 *
 * @returns undefined when kysely's tables are not all there yet; then the other statement was not run
 */
export async function executedAfter(client: Client, statement: string): Promise<readonly string[] | undefined> {
  const known = `SELECT name FROM ${DEFAULT_MIGRATION_TABLE}, (SELECT count(*) FROM ${DEFAULT_MIGRATION_LOCK_TABLE}) locks`;
  try {
    // Of several statements, pg answers with a list.
    const answers = [await client.query<{ name: string }>(`${statement}; ${known}`)].flat();
    return answers.at(-1)?.rows.map(({ name }) => name);
  } catch (thrown) {
    if (codeOf(thrown) !== UNDEFINED_TABLE) throw thrown;
    return undefined;
  }
}
