#!/usr/bin/env bash
# Behaviour: all requests of one client share 500 tokens, and a retry takes five of them. Of 60 requests that are throttled at once, none
# gets the five attempts of `maxAttempts`, and the one after them gets a single one. Tokens come back with requests that
# succeed, not with time: a function that stays warm keeps the empty bucket.
# Version:   @aws-sdk/client-dynamodb 3.1164.0, `retryMode: 'standard'`, which is the default
# One would guess: each request is sent up to `maxAttempts` times, so that pauses and attempts can be added up per request.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1164.0
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';

let isThrottling = true;
const attempts = new Map();
/** Answers as DynamoDB does when too many requests come. */
const server = createServer((request, response) => {
  const id = request.headers['amz-sdk-invocation-id'];
  attempts.set(id, (attempts.get(id) ?? 0) + 1);
  request.resume().on('end', () => {
    response.writeHead(isThrottling ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
    const refused = { __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException', message: 'Rate exceeded' };
    response.end(JSON.stringify(isThrottling ? refused : { TableNames: [] }));
  });
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const client = new DynamoDBClient({
  region: 'eu-central-1',
  endpoint: `http://127.0.0.1:${server.address().port}`,
  credentials: { accessKeyId: 'example', secretAccessKey: 'example' },
  maxAttempts: 5,
});

/** How often each of the requests was sent, the most often sent first. */
async function attemptsOf(requests) {
  attempts.clear();
  await Promise.allSettled(Array.from({ length: requests }, () => client.send(new ListTablesCommand({}))));
  return [...attempts.values()].sort((one, other) => other - one);
}

const crowd = await attemptsOf(60);
const [afterwards] = await attemptsOf(1);
const retries = crowd.reduce((sum, sent) => sum + sent - 1, 0);
console.log('60 requests at once, each sent at most', crowd[0], 'times; retries of all together:', retries);
console.log('the next request is sent', afterwards, 'time');
isThrottling = false;
await attemptsOf(10);
isThrottling = true;
const [recovered] = await attemptsOf(1);
console.log('after ten that succeed, one is sent', recovered, 'times');
server.close();
assert.equal(retries, 100);
assert.ok(crowd[0] < 5);
assert.equal(afterwards, 1);
assert.ok(recovered > 1 && recovered < 5);
CODE
node ask.mjs
