#!/usr/bin/env bash
# Behaviour: after its time an entry is in no answer any more, and `size` still counts it. `has` and
# `peek` look at it and leave it; `get` removes it.
# Version:   lru-cache 11.5.3 with `ttl`, without `ttlAutopurge`
# One would guess: `size` is the number of entries that the cache would give.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund lru-cache@11.5.3
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';

const cache = new LRUCache({ max: 10, ttl: 20 });
cache.set('acme', 'session');
await pause(60);

const steps = {
  'keys()': () => [...cache.keys()],
  'peek()': () => cache.peek('acme'),
  'has()': () => cache.has('acme'),
  'get()': () => cache.get('acme'),
};
const sizes = [cache.size];
console.log('20 ms after its time: size', cache.size);
for (const [name, step] of Object.entries(steps)) {
  console.log(name, step(), 'then size', cache.size);
  sizes.push(cache.size);
}
assert.deepEqual(sizes, [1, 1, 1, 1, 0]);
CODE
node ask.mjs
