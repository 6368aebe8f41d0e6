#!/usr/bin/env bash
# Behaviour: `z.email` with the pattern `unicodeEmail` accepts internationalized addresses. The JSON
# Schema that zod makes of it says `format: email`, which is for ASCII addresses: ajv refuses what
# zod accepts. `idn-email` would be the format.
# Version:   zod 4.6.7, ajv 8.20.0 with ajv-formats 3.0.1
# One would guess: the JSON Schema of a zod schema accepts at least what the zod schema accepts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund zod@4.6.7 ajv@8.20.0 ajv-formats@3.0.1
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import * as z from 'zod';

const schema = z.email({ pattern: z.regexes.unicodeEmail });
const jsonSchema = z.toJSONSchema(schema);
console.log(jsonSchema);
const validate = formats.default(new Ajv2020()).compile(jsonSchema);

const answers = ['ops@acme.example', 'jörg@acme.example', 'ops@müller.example'].map((address) => ({
  address,
  zod: schema.safeParse(address).success,
  ajv: validate(address),
}));
console.table(answers);
assert.deepEqual(answers.map(({ zod }) => zod), [true, true, true]);
assert.deepEqual(answers.map(({ ajv }) => ajv), [true, false, false]);
CODE
node ask.mjs
