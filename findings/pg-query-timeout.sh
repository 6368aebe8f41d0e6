#!/usr/bin/env bash
# Behaviour: a query that takes longer than `query_timeout` is rejected, and its connection stays with it until the server
# has ended it. Whoever takes that connection out of the pool next, after a `release()` without an error, waits for it: a
# short INSERT is rejected with the same words, although it was never sent.
# Version:   pg 8.23.1, pg-pool 3.14.0, on PostgreSQL (@electric-sql/pglite 0.4.1, pglite-socket 0.1.1)
# One would guess: the query is cancelled, or its connection is closed, and the next query does not feel it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --save-exact pg@8.23.1 @electric-sql/pglite@0.4.1 @electric-sql/pglite-socket@0.1.1
cat > server.mjs <<'CODE'
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const server = new PGLiteSocketServer({ db: await PGlite.create(), port: 0, host: '127.0.0.1' });
await server.start();
process.send(server.getServerConn());
CODE
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const server = fork('./server.mjs');
const [address] = await once(server, 'message');
const pool = new pg.Pool({
  connectionString: `postgres://postgres@${address}/postgres`,
  max: 1,
  query_timeout: 1_000,
});
await pool.query('CREATE TABLE visits (page text)');

/** As an application asks that takes a connection for a while. */
async function ask(statement) {
  const client = await pool.connect();
  try {
    return (await client.query(statement)).rows;
  } catch ({ message }) {
    return message;
  } finally {
    client.release();
  }
}

const answers = [await ask('SELECT pg_sleep(4)'), await ask(`INSERT INTO visits VALUES ('home')`)];
await pause(4_000);
answers.push(await ask('SELECT page FROM visits'));
console.log(answers);
assert.deepEqual(answers, ['Query read timeout', 'Query read timeout', []]);
await pool.end();
server.kill();
CODE
node ask.mjs
