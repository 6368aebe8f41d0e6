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

/** The tables that have the rows of the one with that oid: a table in parts has none itself, and its parts are at any depth. */
const WITH_ROWS = (oid: string) => `
  SELECT t.oid, t.relname FROM pg_class t
  WHERE t.relkind = 'r' AND t.oid IN (SELECT ${oid} UNION ALL SELECT relid FROM pg_partition_tree(${oid}))`;

/** The table that refers to another, and the other. What the parts of one refer to is told of the whole. */
const REFERENCES = `
  SELECT DISTINCT c.relname AS table, r.relname AS refers_to
  FROM pg_constraint f, LATERAL (${WITH_ROWS('f.conrelid')}) c, LATERAL (${WITH_ROWS('f.confrelid')}) r
  WHERE f.contype = 'f' AND f.conparentid = 0 AND f.connamespace = '${DATABASE_SCHEMA}'::regnamespace AND c.oid <> r.oid`;

/** Tables in parts that refer to others. They have no rows, and what they refer to is emptied only together with them. */
const REFERRING_PARENTS = `
  SELECT relname AS name FROM pg_class c WHERE relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND relkind = 'p'
    AND EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f')
  ORDER BY relname`;

const IS_OF_EXTENSION = `
  EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')`;
/** Tables that the owner may not empty and fill. */
const OF_OTHERS = `
  SELECT format('%I.%I', '${DATABASE_SCHEMA}', relname) AS name FROM pg_class c
  WHERE relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND relkind IN ('r', 'p')
    AND relowner <> '${DATABASE_OWNER}'::regrole`;
/** What has data that no row of these tables is. An extension's own tables are the extension's. */
const BESIDES = `
  SELECT 'large objects' AS name WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
  UNION ALL SELECT format('%I.%I', nspname, relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND nspname !~ '^pg_' AND NOT ${IS_OF_EXTENSION}
    AND nspname NOT IN ('information_schema', '${DATABASE_SCHEMA}', '${DATABASE_STAGING}')`;

/** Of the tenant's own database: what is not emptied, and keeps what is from it; parts of a table that would not come back. */
const IS_EMPTIED = (of: string) => `EXISTS (
  SELECT FROM pg_class t WHERE t.oid = ${of} AND t.relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND t.relname NOT IN (${KYSELYS})`;
const TIED = `
  SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT ${IS_EMPTIED('c.oid')}) AND (
    EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f' AND ${IS_EMPTIED('confrelid')}))
    OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid AND ${IS_EMPTIED('inhparent')} AND t.relkind = 'p')))`;

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

/** What is emptied with the tables that have the rows, by name. */
export async function referringParents(own: Client): Promise<readonly string[]> {
  return (await own.query<{ name: string }>(REFERRING_PARENTS)).rows.map(({ name }) => name);
}

/**
 * @throws PlatformError when the restored database has more than comes back, as half of the data would be of then, a
 * table is not the owner's, or one elsewhere refers to the tenant's or is a part of one
 */
export async function requireNothingElse({ source, own }: { source: Client; own: Client }): Promise<void> {
  const names = async (client: Client, what: string) =>
    (await client.query<{ name: string }>(`${what} ORDER BY 1 LIMIT 10`)).rows.map(({ name }) => name);
  const left = [
    ...(await names(source, `${OF_OTHERS} UNION ALL ${BESIDES}`)),
    ...(await names(own, `${OF_OTHERS} UNION ALL ${TIED}`)),
  ];
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
