#!/usr/bin/env bash
# Behaviour: commander calls the parser of an option with the value and the value before it. `parseInt`
# takes the latter as the radix: of an option that is given twice, or has a default, the number
# is another one.
# Version:   commander 14.0.3
# One would guess: `.option('--retries <n>', 'how often', parseInt)` reads a decimal number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund commander@14.0.3
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { Command } from 'commander';

function retriesOf(args, ...defaults) {
  const command = new Command().option('--retries <n>', 'how often', parseInt, ...defaults);
  const { retries } = command.parse(args, { from: 'user' }).opts();
  console.log({ args: args.join(' '), defaults, retries });
  return retries;
}

assert.equal(retriesOf(['--retries', '11']), 11);
assert.equal(retriesOf(['--retries', '2', '--retries', '11']), 3);
assert.equal(retriesOf(['--retries', '11'], 3), 4);
CODE
node ask.mjs
