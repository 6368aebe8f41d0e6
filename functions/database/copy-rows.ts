import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { PlatformError } from '../contract/errors';
import { DATABASE_OWNER, DATABASE_SCHEMA } from '../contract/naming';

/** Rows that are in memory at a time. */
const AT_A_TIME = 1_000;

/**
 * A large table takes as long as it needs, within the function's time. A session whose function was killed gives its
 * locks back when it idles.
 */
const LIMITS = 'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 60000';

/** Of copies into one database: the second one waits, and then sees what the first one has left. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtext('tenant-onboarding restore'))`;

/** What a copy leaves in the transaction of its rows: it is there exactly when they are. */
const LEFT = `SELECT obj_description('${DATABASE_SCHEMA}'::regnamespace, 'pg_namespace') AS left`;
const LEFT_FORM = /^restored from (\S+): (\d+) rows$/;

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

const SEQUENCES = `SELECT sequencename AS name, last_value AS value FROM pg_sequences WHERE schemaname = '${DATABASE_SCHEMA}'`;

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly generated: boolean;
}

const nameOf = (table: string) => `${escapeIdentifier(DATABASE_SCHEMA)}.${escapeIdentifier(table)}`;

/** Tables in an order in which each comes after those that it refers to. @throws PlatformError when there is none */
async function inOrder(own: Client, tables: readonly string[]): Promise<readonly string[]> {
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

/** A number that two tables with the same rows have in common. */
async function digestOf(client: Client, table: string): Promise<string> {
  const { rows } = await client.query<{ digest: string }>(
    `SELECT concat(count(*), ' ', sum(hashtextextended(t::text, 0))) AS digest FROM ${nameOf(table)} t`,
  );
  return rows[0]?.digest ?? '';
}

/** Rows pass as PostgreSQL's own text of a row, so that each value is what it was. @returns how many */
async function copyTable(source: Client, own: Client, table: string, columns: readonly Column[]): Promise<number> {
  const name = nameOf(table);
  const written = columns.filter(({ generated }) => !generated).map(({ column }) => escapeIdentifier(column));
  const insert = `INSERT INTO ${name} (${written.join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${written.map((column) => `(line::${name}).${column}`).join(', ')} FROM unnest($1::text[]) line`;
  await source.query(`DECLARE copied CURSOR FOR SELECT t::text AS line FROM ${name} t`);
  let copied = 0;
  for (;;) {
    const { rows } = await source.query<{ line: string }>(`FETCH ${AT_A_TIME} FROM copied`);
    if (rows.length === 0) break;
    copied += (await own.query(insert, [rows.map(({ line }) => line)])).rowCount ?? 0;
  }
  await source.query('CLOSE copied');
  if ((await digestOf(source, table)) !== (await digestOf(own, table)))
    throw new PlatformError('UnexpectedFailure', `the copy of table ${table} differs from the restored one`);
  return copied;
}

/** The next number of a sequence is not one that a copied row has. */
async function copySequences(source: Client, own: Client): Promise<void> {
  const { rows } = await source.query<{ name: string; value: string | null }>(SEQUENCES);
  for (const { name, value } of rows)
    if (value !== null) await own.query('SELECT setval($1::regclass, $2)', [nameOf(name), value]);
}

/** How many rows were copied from that restored instance before; undefined: none were. */
async function copiedBefore(own: Client, from: string): Promise<number | undefined> {
  const { rows } = await own.query<{ left: string | null }>(LEFT);
  const [, instance, copied] = LEFT_FORM.exec(rows[0]?.left ?? '') ?? [];
  return instance === from ? Number(copied) : undefined;
}

/**
 * Replaces all rows of a tenant's database by those of another one with the same tables, in one transaction: nobody sees
 * half of it, and a session that ends in the middle leaves everything as it was.
 *
 * Each table is compared with its source before the transaction commits. The transaction leaves the source's id in a
 * comment on the schema, and rows of a source that it names are not copied again: what was written since would be lost.
 *
 * @param own as its owner
 * @param source as a member of the owner
 * @param from the restored instance's `DbiResourceId`; callers of earlier releases name none
 * @returns how many rows were copied from the source, now or before
 * @throws PlatformError `ConfigurationInvalid` when the tables differ, or refer to each other; errors of `pg`
 */
export async function copyRows(source: Client, own: Client, from?: string): Promise<number> {
  await own.query(LIMITS);
  await source.query(LIMITS);
  await own.query('BEGIN');
  await own.query(LOCK);
  const before = from === undefined ? undefined : await copiedBefore(own, from);
  if (before !== undefined) return before;
  await source.query(`SET ROLE ${escapeIdentifier(DATABASE_OWNER)}`);
  await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const [{ rows: columns }, { rows: theirs }] = [await own.query<Column>(COLUMNS), await source.query<Column>(COLUMNS)];
  if (JSON.stringify(columns) !== JSON.stringify(theirs))
    throw new PlatformError('ConfigurationInvalid', 'the restored database has other tables than the tenant’s own');
  const tables = await inOrder(own, [...new Set(columns.map(({ table }) => table))]);
  if (tables.length > 0) await own.query(`TRUNCATE ${tables.map(nameOf).join(', ')}`);
  let copied = 0;
  for (const table of tables) {
    const ofTable = columns.filter((each) => each.table === table);
    copied += await copyTable(source, own, table, ofTable);
  }
  await copySequences(source, own);
  if (from !== undefined) {
    const left = escapeLiteral(`restored from ${from}: ${copied} rows`);
    await own.query(`COMMENT ON SCHEMA ${escapeIdentifier(DATABASE_SCHEMA)} IS ${left}`);
  }
  await own.query('COMMIT');
  return copied;
}
