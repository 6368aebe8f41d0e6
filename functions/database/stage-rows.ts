import { type Client, escapeIdentifier } from 'pg';
import { PlatformError } from '../contract/errors';
import { DATABASE_OWNER, DATABASE_SCHEMA, DATABASE_STAGING } from '../contract/naming';
import { settled } from '../shared/settled';
import { ALIKE, columnsIn, inOrder, nameOf, requireNothingElse } from './restored-tables';

/**
 * A chunk takes as long as it needs, within the function's time. A session whose function was killed gives its locks back
 * when it idles.
 */
export const LIMITS = `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 60000; ${ALIKE}`;

/** Of this session until it ends, so that of two runs one does nothing. */
const TAKE = `SELECT pg_try_advisory_lock(hashtext('tenant-onboarding restore')) AS taken`;

/** What the rows' transaction leaves: it is there exactly when they are. */
const LEFT = `SELECT obj_description('${DATABASE_SCHEMA}'::regnamespace, 'pg_namespace') AS left`;
const LEFT_FORM = /^restored from (\S+): (\d+) rows$/;

const [OWNER, STAGING] = [DATABASE_OWNER, DATABASE_STAGING].map(escapeIdentifier);

/** Only the owner of a database may make schemas in it; what is in the schema is its owner's, and granted to nobody. */
const MAKE = `
  RESET ROLE;
  CREATE SCHEMA ${STAGING} AUTHORIZATION ${OWNER};
  SET ROLE ${OWNER};
  CREATE TABLE ${STAGING}.source (instance text, version text, columns text, failure text);
  CREATE TABLE ${STAGING}.tables (n int, name text, blocks bigint, next bigint, rows bigint, digest numeric);
  CREATE TABLE ${STAGING}.sequences (name text, value bigint)`;

const SEQUENCES = `
  SELECT sequencename AS name, last_value AS value FROM pg_sequences
  WHERE schemaname = '${DATABASE_SCHEMA}' AND last_value IS NOT NULL`;

/** Of the restored database: a policy that binds the owner, too, would hide rows. Its tables' blocks stay as they are. */
const SHOW = `
  DO $$ DECLARE hiding regclass; BEGIN
    FOR hiding IN SELECT oid FROM pg_class WHERE relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND relforcerowsecurity
    LOOP EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', hiding); END LOOP;
  END $$`;

/** A rough measure: the disk has the rows three times when they are put in place, and what is written besides. */
const SIZE = `
  SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::float8 / 2 ^ 30 AS gib FROM pg_class
  WHERE relnamespace = '${DATABASE_SCHEMA}'::regnamespace AND relkind = 'r'`;
const FILLED = 0.9;

/** Blocks of a table that are read at a time: the first, and the most. A row's large values are elsewhere. */
const [FEWEST, MOST] = [16, 4_096];
/** Milliseconds that a chunk should take. */
const CHUNK_MS = 1_000;
/** Characters that should be in memory at a time, and rows, at most. */
const [CHARACTERS, ROWS] = [4_000_000, 1_000];

/** A copy of a restored instance: `instance` is its `DbiResourceId`, `version` the last migration of both. */
export interface Copy {
  readonly instance: string;
  readonly version: string;
}

/** A table whose rows are being staged. */
interface Staged {
  readonly n: number;
  readonly name: string;
  readonly blocks: string;
  readonly next: string;
}

/** @returns whether nobody else is at a copy into this database */
export async function take(own: Client): Promise<boolean> {
  return (await own.query<{ taken: boolean }>(TAKE)).rows[0]?.taken === true;
}

/** How many rows were put in place from that instance before; undefined: none were. */
export async function placedBefore(own: Client, { instance }: Copy): Promise<number | undefined> {
  const { rows } = await own.query<{ left: string | null }>(LEFT);
  const [, from, placed] = LEFT_FORM.exec(rows[0]?.left ?? '') ?? [];
  return from === instance ? Number(placed) : undefined;
}

/** What `placedBefore` looks for. */
export const leftBy = ({ instance }: Copy, rows: number) => `restored from ${instance}: ${rows} rows`;

export const stagedName = (n: number) => `${STAGING}.t${n}`;

async function isStaging(own: Client): Promise<boolean> {
  const { rows } = await own.query<{ there: boolean }>(
    `SELECT to_regnamespace('${DATABASE_STAGING}') IS NOT NULL AS there`,
  );
  return rows[0]?.there === true;
}

/** Whether what is staged is of this copy, and the tenant's tables are still those that it was made for. */
export async function isOf(own: Client, { instance, version }: Copy): Promise<boolean> {
  if (!(await isStaging(own))) return false;
  const columns = JSON.stringify(await columnsIn(own));
  const { rows } = await own.query(
    `SELECT FROM ${STAGING}.source WHERE instance = $1 AND version = $2 AND columns = $3`,
    [instance, version, columns],
  );
  return rows.length === 1;
}

/** Nothing of a copy stays. */
export async function dropStaging(own: Client): Promise<boolean> {
  const was = await isStaging(own);
  await own.query(`DROP SCHEMA IF EXISTS ${STAGING} CASCADE`);
  return was;
}

/** Tables that are not staged yet, and the rows that are. */
export async function progressOf(
  own: Client,
): Promise<{ readonly pending: Staged | undefined; readonly rows: number }> {
  const pending = `SELECT n, name, blocks, next FROM ${STAGING}.tables WHERE next < blocks ORDER BY n LIMIT 1`;
  const all = `SELECT coalesce(sum(rows), 0)::float8 AS rows FROM ${STAGING}.tables`;
  const [next, sum] = [await own.query<Staged>(pending), await own.query<{ rows: number }>(all)];
  return { pending: next.rows[0], rows: sum.rows[0]?.rows ?? 0 };
}

/** @throws PlatformError when the disk of the tenant's database may not suffice */
async function requireRoom(source: Client, own: Client, gib: number): Promise<void> {
  const [has, comes] = await settled(
    [own, source].map(async (client) => (await client.query<{ gib: number }>(SIZE)).rows[0]?.gib ?? 0),
  );
  const needed = Math.ceil(((has ?? 0) + 2 * (comes ?? 0)) / FILLED);
  if (needed <= gib) return;
  const message = `the disk of the tenant's database has ${gib} GiB, and the copy needs ${needed} GiB: enlarge it first`;
  throw new PlatformError('ConfigurationInvalid', message);
}

/** An empty table without constraints for each of the tenant's, and what is to come into them. */
async function begin(source: Client, own: Client, { instance, version }: Copy): Promise<void> {
  const columns = await columnsIn(own);
  if (JSON.stringify(columns) !== JSON.stringify(await columnsIn(source)))
    throw new PlatformError('ConfigurationInvalid', 'the restored database has other tables than the tenant’s own');
  await requireNothingElse({ source, own });
  const tables = await inOrder(own, [...new Set(columns.map(({ table }) => table))]);
  await own.query('BEGIN');
  await dropStaging(own);
  await own.query(MAKE);
  const made = [instance, version, JSON.stringify(columns)];
  await own.query(`INSERT INTO ${STAGING}.source VALUES ($1, $2, $3)`, made);
  for (const [n, table] of tables.entries()) {
    await own.query(`CREATE TABLE ${stagedName(n)} (LIKE ${nameOf(table)})`);
    const blocks = `SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int AS blocks`;
    const { rows } = await source.query<{ blocks: string }>(blocks, [nameOf(table)]);
    const row = [n, table, rows[0]?.blocks ?? 0];
    await own.query(`INSERT INTO ${STAGING}.tables VALUES ($1, $2, $3, 0, 0, 0)`, row);
  }
  await source.query(SHOW);
  const { rows: sequences } = await source.query<{ name: string; value: string }>(SEQUENCES);
  for (const { name, value } of sequences)
    await own.query(`INSERT INTO ${STAGING}.sequences VALUES ($1, $2)`, [name, value]);
  await own.query('COMMIT');
}

/** Two numbers that the same rows have in common, in whatever order they are. */
interface Digest {
  readonly rows: string;
  readonly digest: string;
}
const digest = (hashes: string) => `count(*) AS rows, coalesce(sum(${hashes}), 0) AS digest`;
const NOTHING: Digest = { rows: '0', digest: '0' };
const plus = (one: Digest, other: Digest = NOTHING): Digest => ({
  rows: String(BigInt(one.rows) + BigInt(other.rows)),
  digest: String(BigInt(one.digest) + BigInt(other.digest)),
});

/**
 * Stages the rows that some blocks of a table have. Rows pass as PostgreSQL's own text of a row, so that each value is
 * what it was. Rows and progress are one transaction. The restored database does not change, so that blocks one after
 * another are all of a table ("System Columns", ctid; "TID Range Scan", PostgreSQL 14).
 *
 * @returns the block after the last
 */
async function stageChunk(
  source: Client,
  own: Client,
  { n, name, blocks, next }: Staged,
  size: number,
): Promise<string> {
  const [from, last] = [BigInt(next), BigInt(blocks)];
  const to = from + BigInt(size) < last ? from + BigInt(size) : last;
  const chunk = `ONLY ${nameOf(name)} t WHERE t.ctid >= '(${from},0)'${to < last ? ` AND t.ctid < '(${to},0)'` : ''}`;
  const add = `
    WITH added AS (
      INSERT INTO ${stagedName(n)} AS t
      SELECT (q.r).* FROM (SELECT line::${stagedName(n)} AS r FROM unnest($1::text[]) line OFFSET 0) q
      RETURNING hashtextextended((t.*)::text, 0) AS hash
    ) SELECT ${digest('hash')} FROM added`;
  await own.query('BEGIN');
  await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  await source.query(`DECLARE staged CURSOR FOR SELECT (t.*)::text AS line FROM ${chunk}`);
  let staged = NOTHING;
  for (let count = FEWEST; ; ) {
    const { rows } = await source.query<{ line: string }>(`FETCH ${count} FROM staged`);
    if (rows.length === 0) break;
    staged = plus(staged, (await own.query<Digest>(add, [rows.map(({ line }) => line)])).rows[0]);
    const characters = rows.reduce((sum, { line }) => sum + line.length, 0) / rows.length;
    count = Math.max(1, Math.min(ROWS, Math.floor(CHARACTERS / characters)));
  }
  const hashes = digest('hashtextextended((t.*)::text, 0)');
  const { rows: [restored = NOTHING] = [] } = await source.query<Digest>(`SELECT ${hashes} FROM ${chunk}`);
  await source.query('COMMIT');
  if (restored.rows !== staged.rows || restored.digest !== staged.digest)
    throw new PlatformError('UnexpectedFailure', `the copy of table ${name} differs from the restored one`);
  const done = `UPDATE ${STAGING}.tables SET next = $2, rows = rows + $3, digest = digest + $4 WHERE n = $1`;
  await own.query(done, [n, String(to), staged.rows, staged.digest]);
  await own.query('COMMIT');
  return String(to);
}

/**
 * Brings rows of a restored database into a schema beside the tenant's, in chunks: as many as can be done in the time, and
 * one at least. The next call goes on where this one has ended, or was killed.
 *
 * The schema belongs to the owner of the tables. Neither application nor reader may look into it, and nothing of the
 * tenant's tables is locked. Every chunk is compared with its source, by number and digest of the rows.
 *
 * What is staged of another restored instance, or was made for other tables or another migration, is begun anew.
 *
 * @param own as its owner, of a session of the master user
 * @param source as the master user
 * @param gib size of the disk of the tenant's database
 * @returns whether all rows are staged, and how many are
 * @throws PlatformError `ConfigurationInvalid` when the tables differ, are not all there is, or have no room
 */
export async function stageRows(
  { source, own, gib, hasTime }: { source: Client; own: Client; gib: number; hasTime: () => boolean },
  copy: Copy,
): Promise<{ readonly isStaged: boolean; readonly rows: number }> {
  await source.query(`${LIMITS}; SET ROLE ${OWNER}`);
  if (!(await isOf(own, copy))) {
    await requireRoom(source, own, gib);
    await begin(source, own, copy);
  }
  let size = FEWEST;
  do {
    const { pending, rows } = await progressOf(own);
    if (!pending) return { isStaged: true, rows };
    const began = performance.now();
    const next = await stageChunk(source, own, pending, size);
    const took = (performance.now() - began) / (Number(next) - Number(pending.next));
    size = Math.max(FEWEST, Math.min(MOST, size * 2, Math.floor(CHUNK_MS / took)));
  } while (hasTime());
  const { pending, rows } = await progressOf(own);
  return { isStaged: pending === undefined, rows };
}
