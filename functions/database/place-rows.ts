import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_MIGRATION_TABLE } from 'kysely';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { PlatformError } from '../contract/errors';
import { DATABASE_SCHEMA, DATABASE_STAGING } from '../contract/naming';
import { MIGRATION_LOCK } from './one-session';
import { columnsIn, nameOf, referringParents, refersAhead } from './restored-tables';
import { setAside } from './set-aside';
import { type Copy, isOf, leftBy, placedBefore, progressOf, stagedName } from './stage-rows';

const STAGING = escapeIdentifier(DATABASE_STAGING);

/**
 * Of the session that switches: the server is not to look whether somebody still waits for the end ("Connections and
 * Authentication", client_connection_check_interval), and says nothing on the way, for which it would need somebody.
 */
const ALONE = `SET client_connection_check_interval = 0; SET client_min_messages = error; SET lock_timeout = 60000`;

/** The staged rows are those of a migration, and one under way may be changing the tenant's. */
const unlessMigrated = ({ version }: Copy) => `
  PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});
  IF EXISTS (SELECT FROM ${nameOf(DEFAULT_MIGRATION_TABLE)} WHERE name COLLATE "C" > ${escapeLiteral(version)}) THEN
    RAISE lock_not_available USING MESSAGE = 'a migration has run meanwhile';
  END IF;`;

/** A lock that somebody else has, such as a session that is to be ended. */
const PASSING = /\((?:55P03|40P01)\)$/;

interface Table {
  readonly n: number;
  readonly name: string;
  readonly rows: string;
  readonly digest: string;
}

/** Replaces the rows of a table, and compares them with what was staged of the restored one. */
function replaced({ n, name, rows, digest }: Table, written: readonly string[]): string {
  const columns = written.map(escapeIdentifier).join(', ');
  return `
    INSERT INTO ${nameOf(name)} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${stagedName(n)};
    SELECT concat(count(*), ' ', coalesce(sum(hashtextextended((t.*)::text, 0)), 0)) INTO restored_digest
      FROM ONLY ${nameOf(name)} t;
    IF restored_digest <> ${escapeLiteral(`${rows} ${digest}`)} THEN
      RAISE EXCEPTION USING MESSAGE = ${escapeLiteral(`table ${name} differs from the restored one`)};
    END IF;`;
}

/**
 * All of it as one statement, which the server does to its end also when nobody waits for it any more. What keeps
 * it from that is left as a text.
 */
async function statementFor(own: Client, copy: Copy, rows: number): Promise<string> {
  const tables = `SELECT n, name, rows, digest FROM ${STAGING}.tables ORDER BY n`;
  const columns = await columnsIn(own);
  const { rows: staged } = await own.query<Table>(tables);
  const { rows: sequences } = await own.query<{ name: string; value: string }>(`SELECT * FROM ${STAGING}.sequences`);
  const writtenOf = (table: string) =>
    columns.filter((each) => each.table === table && !each.generated).map(({ column }) => column);
  const names = staged.map(({ name }) => name);
  const { before, after } = await setAside(own, await refersAhead(own, names));
  // Nothing but these tables: one that inherits may be elsewhere. A table in parts can only be emptied with all of them.
  const emptied = [...names.map((each) => `ONLY ${nameOf(each)}`), ...(await referringParents(own)).map(nameOf)];
  const body = `
    #variable_conflict use_column
    DECLARE restored_digest text;
    BEGIN
      ${unlessMigrated(copy)}
      ${before.map((each) => `${each};`).join('')}
      ${emptied.length > 0 ? `TRUNCATE ${emptied.join(', ')};` : ''}
      ${staged.map((table) => replaced(table, writtenOf(table.name))).join('')}
      ${after.map((each) => `${each};`).join('')}
      ${sequences.map(({ name, value }) => `PERFORM setval(${escapeLiteral(nameOf(name))}, ${value});`).join('')}
      COMMENT ON SCHEMA ${escapeIdentifier(DATABASE_SCHEMA)} IS ${escapeLiteral(leftBy(copy, rows))};
      DROP SCHEMA ${STAGING} CASCADE;
    EXCEPTION WHEN OTHERS THEN
      UPDATE ${STAGING}.source SET failure = concat(SQLERRM, ' (', SQLSTATE, ')');
    END`;
  return `DO ${escapeLiteral(body)}`;
}

/** Throws what has kept rows from being put in place, once. */
async function throwFailure(own: Client): Promise<void> {
  const { rows } = await own.query<{ failure: string }>(
    `SELECT failure FROM ${STAGING}.source WHERE failure IS NOT NULL`,
  );
  const [{ failure } = {}] = rows;
  if (failure === undefined) return;
  await own.query(`UPDATE ${STAGING}.source SET failure = NULL`);
  throw new PlatformError(
    PASSING.test(failure) ? 'TransientConflict' : 'UnexpectedFailure',
    `the tenant's database keeps its rows: ${failure}`,
  );
}

/**
 * Replaces all rows of a tenant's database by those that are staged, and drops the stage, in one transaction: nobody sees
 * half of it. Tables stay what they are: constraints, indexes, identities, privileges, triggers, policies.
 *
 * The transaction is one statement of the server. It goes on when the function's time is over, or the function was killed,
 * so that it may take as long as it needs; a later call finds it at work, or done. It leaves the source's id in a
 * comment on the schema, and rows of a source that it names are not put in place again: what was written since would be lost.
 *
 * @param own as its owner
 * @param ms how long to wait for the end
 * @returns the number of rows, when they are in place; `staging` when they are not all staged, `switching` while the server
 * is still at it
 * @throws PlatformError `UnexpectedFailure` when the tenant's tables refuse a row; then they are as they were
 */
export async function placeRows(
  own: Client,
  copy: Copy,
  ms: number,
): Promise<{ readonly is: 'placed'; readonly rows: number } | { readonly is: 'staging' | 'switching' }> {
  const before = await placedBefore(own, copy);
  if (before !== undefined) return { is: 'placed', rows: before };
  if (!(await isOf(own, copy))) return { is: 'staging' };
  await throwFailure(own);
  const { pending, rows } = await progressOf(own);
  if (pending) return { is: 'staging' };
  const statement = await statementFor(own, copy, rows);
  await own.query(ALONE);
  const waiting = new AbortController();
  const ended = own.query(statement).then(() => true);
  const isOver = pause(ms, false, { signal: waiting.signal }).catch(() => false);
  try {
    if (!(await Promise.race([ended, isOver]))) {
      // Its session is closed while it runs.
      ended.catch(() => undefined);
      return { is: 'switching' };
    }
  } finally {
    waiting.abort();
  }
  if ((await placedBefore(own, copy)) === undefined) await throwFailure(own);
  return { is: 'placed', rows };
}
