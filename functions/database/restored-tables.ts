import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE } from 'kysely';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { PlatformError } from '../contract/errors';
import { DATABASE_OWNER, DATABASE_SCHEMA, DATABASE_STAGING } from '../contract/naming';

/**
 * Of both sessions: names of types and the texts of values are then the same, and exact, whatever role or database says.
 * Rows that a policy would hide are an error.
 */
export const ALIKE = `
  SET search_path = ${DATABASE_SCHEMA}; SET row_security = off; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres;
  SET TimeZone = UTC; SET extra_float_digits = 1; SET bytea_output = hex; SET xmloption = content`;

const KYSELYS = [DEFAULT_MIGRATION_TABLE, DEFAULT_MIGRATION_LOCK_TABLE].map((each) => escapeLiteral(each)).join(', ');

/** What decides whether the rows of one table are rows of the other. kysely's own tables stay. */
const COLUMNS = `
  SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
    a.attgenerated <> '' AS generated
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN (${KYSELYS})
    AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY c.relname, a.attnum`;

/** The table that refers to another, and the other. */
const REFERENCES = `
  SELECT c.relname AS table, r.relname AS refers_to
  FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
  WHERE f.contype = 'f' AND c.relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND c.oid <> r.oid
    AND c.relkind = 'r' AND r.relkind = 'r'`;

const IS_OF_EXTENSION = `
  EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')`;
/** Tables that the owner may not empty and fill. */
const OF_OTHERS = `
  SELECT format('%I.%I', '${DATABASE_SCHEMA}', relname) AS name FROM pg_class c
  WHERE relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND relkind = 'r' AND relowner <> '${DATABASE_OWNER}'::regrole`;
/** What has data that no row of these tables is. An extension's own tables are the extension's. */
const BESIDES = `
  SELECT 'large objects' AS name WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
  UNION ALL SELECT format('%I.%I', nspname, relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND nspname !~ '^pg_' AND NOT ${IS_OF_EXTENSION}
    AND nspname NOT IN ('information_schema', '${DATABASE_SCHEMA}', '${DATABASE_STAGING}')`;

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

/**
 * @throws PlatformError when the restored database has more than comes back, as half of the data would be of then, or a
 * table is not the owner's
 */
export async function requireNothingElse({ source, own }: { source: Client; own: Client }): Promise<void> {
  const names = async (client: Client, what: string) =>
    (await client.query<{ name: string }>(`${what} ORDER BY 1 LIMIT 10`)).rows.map(({ name }) => name);
  const left = [...(await names(source, `${OF_OTHERS} UNION ALL ${BESIDES}`)), ...(await names(own, OF_OTHERS))];
  if (left.length === 0) return;
  const brought = `only the tables of ${DATABASE_OWNER} in the schema ${DATABASE_SCHEMA}`;
  throw new PlatformError(
    'ConfigurationInvalid',
    `a restore does not bring back ${[...new Set(left)].join(', ')}: ${brought}`,
  );
}

/** Tables in an order in which each comes after those that it refers to, but for those that refer to each other in a circle. */
export async function inOrder(own: Client, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await own.query<{ table: string; refers_to: string }>(REFERENCES);
  const ordered: string[] = [];
  while (ordered.length < tables.length) {
    const left = tables.filter((each) => !ordered.includes(each));
    const isReady = (each: string) => rows.every(({ table, refers_to }) => table !== each || !left.includes(refers_to));
    ordered.push(...[left.find(isReady) ?? left[0] ?? []].flat());
  }
  return ordered;
}

/** Whether a row may come before one that it refers to, when tables are filled in that order. */
export async function refersAhead(own: Client, ordered: readonly string[]): Promise<boolean> {
  const { rows } = await own.query<{ table: string; refers_to: string }>(REFERENCES);
  return rows.some(({ table, refers_to }) => ordered.indexOf(refers_to) > ordered.indexOf(table));
}
