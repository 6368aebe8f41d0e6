#!/usr/bin/env bash
# Behaviour: `requestTimeout` alone ends nothing: a request that takes longer is waited for, and one
# warning is logged. Only with `throwOnRequestTimeout: true` does it end, as a TimeoutError.
# Version:   @aws-sdk/client-dynamodb 3.1164.0 with @smithy/node-http-handler 4.14.2
# One would guess: a request timeout of 300 ms ends a request after 300 ms.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1164.0 @smithy/node-http-handler@4.14.2
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const server = createServer((_, response) => {
  setTimeout(() => response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"TableNames":["late"]}'), 1500);
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

async function listTables(options) {
  const warnings = [];
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
    maxAttempts: 1,
    logger: { ...console, trace() {}, debug() {}, info() {}, error() {}, warn: (text) => warnings.push(text) },
    requestHandler: new NodeHttpHandler({ requestTimeout: 300, ...options }),
  });
  const begun = Date.now();
  const end = await client.send(new ListTablesCommand({})).then(
    ({ TableNames }) => TableNames[0],
    ({ name }) => name,
  );
  client.destroy();
  const ms = Date.now() - begun;
  console.log({ options, end, ms, warnings });
  return { end, ms, warnings: warnings.length };
}

const alone = await listTables({});
const throwing = await listTables({ throwOnRequestTimeout: true });
server.close();
server.closeAllConnections();
assert.equal(alone.end, 'late');
assert.ok(alone.ms >= 1400);
assert.equal(throwing.end, 'TimeoutError');
assert.ok(throwing.ms < 1200);
CODE
node ask.mjs
