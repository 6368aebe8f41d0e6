#!/usr/bin/env bash
# Behaviour: a path or $map over a list of one element gives the element and no list, and over an empty
# list nothing at all. What was tested with two tenants fails with the first one. `[...]` around
# it keeps the list.
# Version:   jsonata 2.0.6, the language of Step Functions with `QueryLanguage: JSONata`
# One would guess: the value of `tenants.id` is a list, as `tenants` is one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund jsonata@2.0.6
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import jsonata from 'jsonata';

const EXPRESSIONS = ['tenants.id', '$map(tenants, function($t) { $t.id })', '[tenants.id]'];
const lists = { two: [{ id: 'a' }, { id: 'b' }], one: [{ id: 'a' }], none: [] };
const values = {};
for (const expression of EXPRESSIONS) {
  values[expression] = {};
  for (const [count, tenants] of Object.entries(lists))
    values[expression][count] = JSON.stringify(await jsonata(expression).evaluate({ tenants }));
}
console.table(values);
const collapsed = { two: '["a","b"]', one: '"a"', none: undefined };
assert.deepEqual(values[EXPRESSIONS[0]], collapsed);
assert.deepEqual(values[EXPRESSIONS[1]], collapsed);
assert.deepEqual(values[EXPRESSIONS[2]], { two: '["a","b"]', one: '["a"]', none: '[]' });
CODE
node ask.mjs
