#!/usr/bin/env bash
# Behaviour: all pending migrations run in one transaction. When the second fails, the first is rolled
# back with it, and the result still lists the first with status 'Success'.
# Version:   kysely 0.28.19 on PostgreSQL (@electric-sql/pglite 0.4.6, kysely-pglite-dialect 1.3.1)
# One would guess: what the result lists as 'Success' is in the database.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund kysely@0.28.19 @electric-sql/pglite@0.4.6 kysely-pglite-dialect@1.3.1
cat > migrate.mjs <<'CODE'
import assert from 'node:assert/strict';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, Migrator, sql } from 'kysely';
import { PGliteDialect } from 'kysely-pglite-dialect';

const db = new Kysely({ dialect: new PGliteDialect(new PGlite()) });
const migrations = {
  '001_orders': { up: (trx) => trx.schema.createTable('orders').addColumn('id', 'integer').execute() },
  '002_index': { up: (trx) => trx.schema.createIndex('by_day').on('orders').column('day').execute() },
};
const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });

const { error, results } = await migrator.migrateToLatest();
const recorded = await sql`select name from kysely_migration`.execute(db);
const tables = await sql`select table_name from information_schema.tables where table_name = 'orders'`.execute(db);
console.log({ error: error?.message, results, recorded: recorded.rows, tables: tables.rows });

assert.match(error.message, /column "day" does not exist/);
assert.deepEqual(
  results.map(({ migrationName, status }) => [migrationName, status]),
  [
    ['001_orders', 'Success'],
    ['002_index', 'Error'],
  ],
);
assert.deepEqual(recorded.rows, []);
assert.deepEqual(tables.rows, []);
await db.destroy();
CODE
node migrate.mjs
