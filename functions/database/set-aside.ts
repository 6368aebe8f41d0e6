import type { Client } from 'pg';
import { DATABASE_SCHEMA } from '../contract/naming';

const IN_SCHEMA = `relnamespace = '${DATABASE_SCHEMA}'::regnamespace`;
const AGAIN = (of: string) => `CASE ${of} WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END`;

/**
 * Triggers and rules would act on rows that are put back, and policies would hide them from the owner. Those of a table in
 * parts alone (ONLY), as each part has its own copy of a trigger, which may be enabled otherwise.
 */
const ACTING = `
  SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', c.oid::regclass, tgname) AS aside,
    format('ALTER TABLE ONLY %s %s TRIGGER %I', c.oid::regclass, ${AGAIN('tgenabled')}, tgname) AS again
  FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
  WHERE ${IN_SCHEMA} AND relkind IN ('r', 'p') AND NOT tgisinternal AND tgenabled IN ('O', 'A')
  UNION ALL SELECT format('ALTER TABLE %s DISABLE RULE %I', c.oid::regclass, rulename),
    format('ALTER TABLE %s %s RULE %I', c.oid::regclass, ${AGAIN('ev_enabled')}, rulename)
  FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class
  WHERE ${IN_SCHEMA} AND relkind IN ('r', 'p') AND ev_enabled IN ('O', 'A')
  UNION ALL SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', oid::regclass),
    format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', oid::regclass)
  FROM pg_class WHERE ${IN_SCHEMA} AND relkind IN ('r', 'p') AND relforcerowsecurity`;

/** References that wait for the end of the transaction: of a table in parts, those of its parts follow. */
const REFERENCES = `
  SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', conrelid::regclass, conname) AS aside,
    format('ALTER TABLE %s ALTER CONSTRAINT %I %s', conrelid::regclass, conname,
      CASE WHEN condeferrable THEN 'DEFERRABLE INITIALLY IMMEDIATE' ELSE 'NOT DEFERRABLE' END) AS again
  FROM pg_constraint JOIN pg_class c ON c.oid = conrelid
  WHERE contype = 'f' AND conparentid = 0 AND NOT condeferred AND ${IN_SCHEMA}`;

/** Views that have rows of their own, each after those that it was made of. */
const VIEWS = `
  SELECT format('REFRESH MATERIALIZED VIEW %s', oid::regclass) AS again
  FROM pg_class WHERE ${IN_SCHEMA} AND relkind = 'm' AND relispopulated ORDER BY oid`;

interface SetAside {
  /** Statements before rows are replaced. */
  readonly before: readonly string[];
  /** Statements after it, in the same transaction: then all is as it was. What waits for its end is looked at. */
  readonly after: readonly string[];
}

/**
 * Statements that keep a tenant's own triggers, rules, policies and references from the rows of a restore: these have been
 * through all of it once, and come table by table. Constraints hold at the end.
 *
 * @param refersAhead whether rows come before those that they refer to
 */
export async function setAside(own: Client, refersAhead: boolean): Promise<SetAside> {
  const { rows: acting } = await own.query<{ aside: string; again: string }>(ACTING);
  const { rows: references } = await own.query<{ aside: string; again: string }>(REFERENCES);
  const { rows: views } = await own.query<{ again: string }>(VIEWS);
  const all = refersAhead ? [...acting, ...references] : acting;
  return {
    before: all.map(({ aside }) => aside),
    after: ['SET CONSTRAINTS ALL IMMEDIATE', ...all.map(({ again }) => again), ...views.map(({ again }) => again)],
  };
}
