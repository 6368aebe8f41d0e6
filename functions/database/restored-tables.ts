import { type Client, escapeIdentifier } from 'pg';
import { PlatformError } from '../contract/errors';
import { DATABASE_SCHEMA } from '../contract/naming';

/** What decides whether the rows of one table are rows of the other. kysely's own tables stay. */
const COLUMNS = `
  SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
    a.attgenerated <> '' AS generated
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'kysely%'
    AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY c.relname, a.attnum`;

/** The table that refers to another, and the other. */
const REFERENCES = `
  SELECT c.relname AS table, r.relname AS refers_to
  FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
  WHERE f.contype = 'f' AND c.relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND c.oid <> r.oid`;

export interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly generated: boolean;
}

/** Of a table or a sequence of the tenant, as SQL has it. */
export const nameOf = (table: string) => `${escapeIdentifier(DATABASE_SCHEMA)}.${escapeIdentifier(table)}`;

/** The columns of all tables of a tenant, in an order that two equal databases have in common. */
export async function columnsIn(client: Client): Promise<readonly Column[]> {
  return (await client.query<Column>(COLUMNS)).rows;
}

/** Tables in an order in which each comes after those that it refers to. @throws PlatformError when there is none */
export async function inOrder(own: Client, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await own.query<{ table: string; refers_to: string }>(REFERENCES);
  const ordered: string[] = [];
  while (ordered.length < tables.length) {
    const next = tables.find(
      (each) =>
        !ordered.includes(each) && rows.every(({ table, refers_to }) => table !== each || ordered.includes(refers_to)),
    );
    if (next === undefined)
      throw new PlatformError('ConfigurationInvalid', 'tables that refer to each other cannot be copied');
    ordered.push(next);
  }
  return ordered;
}
