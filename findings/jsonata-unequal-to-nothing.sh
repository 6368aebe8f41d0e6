#!/usr/bin/env bash
# Behaviour: of a field that is not there both `=` and `!=` are false. `$not(status = "ACTIVE")` is true. A
# choice `status != "ACTIVE"` passes an input without a status by, as if it were ACTIVE.
# Version:   jsonata 2.0.6, the language of Step Functions with `QueryLanguage: JSONata`, and 2.2.2
# One would guess: `!=` is the opposite of `=`, as in JavaScript, and what is missing is not "ACTIVE".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund of-step-functions@npm:jsonata@2.0.6 latest@npm:jsonata@2.2.2
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import latest from 'latest';
import ofStepFunctions from 'of-step-functions';

const INPUTS = { ACTIVE: { status: 'ACTIVE' }, HELD: { status: 'HELD' }, null: { status: null }, missing: {} };
const EXPRESSIONS = ['status = "ACTIVE"', 'status != "ACTIVE"', '$not(status = "ACTIVE")'];
for (const jsonata of [ofStepFunctions, latest]) {
  const values = {};
  for (const expression of EXPRESSIONS) {
    values[expression] = {};
    for (const [name, input] of Object.entries(INPUTS))
      values[expression][name] = await jsonata(expression).evaluate(input);
  }
  console.table(values);
  assert.deepEqual(values, {
    'status = "ACTIVE"': { ACTIVE: true, HELD: false, null: false, missing: false },
    'status != "ACTIVE"': { ACTIVE: false, HELD: true, null: true, missing: false },
    '$not(status = "ACTIVE")': { ACTIVE: false, HELD: true, null: true, missing: true },
  });
}
CODE
node ask.mjs
