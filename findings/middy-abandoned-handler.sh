#!/usr/bin/env bash
# Behaviour: 5 ms before the deadline middy ends the invocation with a TimeoutError. The handler is not
# stopped: it goes on, and what it does afterwards happens.
# Version:   @middy/core 7.9.2, its default `timeoutEarlyInMillis: 5`
# One would guess: an invocation that was reported as failed has no more effects.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @middy/core@7.9.2
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import middy from '@middy/core';

const effects = [];
const handler = middy(async () => {
  effects.push('before the deadline');
  await pause(300);
  effects.push('after the failure was reported');
});

const deadline = Date.now() + 100;
const context = { getRemainingTimeInMillis: () => deadline - Date.now() };
const failure = await handler({}, context).catch((error) => error);
console.log('the invocation ended with', failure.name, 'and these effects:', effects);
assert.equal(failure.name, 'TimeoutError');
assert.deepEqual(effects, ['before the deadline']);

await pause(400);
console.log('a moment later these effects:', effects);
assert.deepEqual(effects, ['before the deadline', 'after the failure was reported']);
CODE
node ask.mjs
