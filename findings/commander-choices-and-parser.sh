#!/usr/bin/env bash
# Behaviour: an option has either choices or a parser. Whichever is set last takes the place of the other, silently. With the parser last,
# any value passes, while `--help` goes on to list the choices. With the choices last, the value is never parsed.
# Version:   commander 14.0.3
# One would guess: a value is held to the choices and parsed, in some order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund commander@14.0.3
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { Command, Option } from 'commander';

const lowerCase = (text) => text.toLowerCase();

/** What becomes of a value, and whether the help lists the choices. */
function read(option, value) {
  const command = new Command().addOption(option).exitOverride().configureOutput({ writeErr: () => {} });
  const helped = command.helpInformation().includes('(choices: "dev", "prod")');
  try {
    return [command.parse(['--stage', value], { from: 'user' }).opts().stage, helped];
  } catch (refused) {
    return [refused.code, helped];
  }
}

const option = () => new Option('--stage <stage>', 'stage to work on');
const parserLast = () => option().choices(['dev', 'prod']).argParser(lowerCase);
const choicesLast = () => option().argParser(lowerCase).choices(['dev', 'prod']);
const seen = {
  'parser last, PROD': read(parserLast(), 'PROD'),
  'parser last, nowhere': read(parserLast(), 'nowhere'),
  'choices last, PROD': read(choicesLast(), 'PROD'),
  'choices last, nowhere': read(choicesLast(), 'nowhere'),
};
console.log(seen);
assert.deepEqual(seen, {
  'parser last, PROD': ['prod', true],
  'parser last, nowhere': ['nowhere', true],
  'choices last, PROD': ['commander.invalidArgument', true],
  'choices last, nowhere': ['commander.invalidArgument', true],
});
CODE
node ask.mjs
