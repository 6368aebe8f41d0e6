#!/usr/bin/env bash
# Behaviour: a Date in an item is refused, and the message says to pass `convertClassInstanceToMap`.
# With that option the Date is written as an empty map: the point in time is gone, without an error.
# Version:   @aws-sdk/util-dynamodb 3.996.9, which lib-dynamodb marshalls with
# One would guess: the option that the error message names makes the value storable.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @aws-sdk/util-dynamodb@3.996.9
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

const item = { id: 'acme', createdAt: new Date('2026-11-24T08:00:00Z') };
let message = 'none';
try {
  marshall(item);
} catch (error) {
  message = error.message;
}
console.log('without options:', message);
const stored = marshall(item, { convertClassInstanceToMap: true });
console.log('with the option:', JSON.stringify(stored));
console.log('read back:', unmarshall(stored));
assert.match(message, /Pass options.convertClassInstanceToMap=true/);
assert.deepEqual(stored, { id: { S: 'acme' }, createdAt: { M: {} } });
assert.deepEqual(unmarshall(stored), { id: 'acme', createdAt: {} });
CODE
node ask.mjs
