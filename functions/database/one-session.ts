import { type DatabaseIntrospector, Kysely, PostgresDialect, sql, type TableMetadata } from 'kysely';
import type { Client } from 'pg';
import { DATABASE_SCHEMA } from '../contract/naming';

/** kysely asks for all tables to find its own two; this asks for those alone. */
class OwnTables implements DatabaseIntrospector {
  constructor(private readonly database: Kysely<unknown>) {}

  async getSchemas() {
    return [{ name: DATABASE_SCHEMA }];
  }

  async getTables(): Promise<TableMetadata[]> {
    const { rows } = await sql<{ name: string }>`
      SELECT relname AS name FROM pg_class
      WHERE relnamespace = ${DATABASE_SCHEMA}::regnamespace AND relkind = 'r' AND relname LIKE 'kysely%'
    `.execute(this.database);
    return rows.map(({ name }) => ({ name, schema: DATABASE_SCHEMA, isView: false, isForeign: false, columns: [] }));
  }

  async getMetadata() {
    return { tables: await this.getTables() };
  }
}

class OneSession extends PostgresDialect {
  override createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new OwnTables(database);
  }
}

/**
 * kysely on one session that is open already and stays open: it takes a connection from a pool, and gives
 * it back. The schema must exist.
 */
export const onSession = (client: Client) =>
  new Kysely<unknown>({
    dialect: new OneSession({
      pool: { connect: async () => Object.assign(client, { release: () => undefined }), end: async () => undefined },
    }),
  });
