#!/usr/bin/env bash
# Behaviour: an attribute of a log line that is null or an empty text is left out, at the top alone: inside an object both
# are kept, and so are 0, false and an empty list. A number as the whole second argument is left out as well, a text becomes `extra`.
# Version:   @aws-lambda-powertools/logger 2.36.0
# One would guess: what is logged is in the line, as JSON has null; a query for lines with `reason = ""` or a null finds them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @aws-lambda-powertools/logger@2.36.0
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { Logger } from '@aws-lambda-powertools/logger';

const OWN = ['level', 'message', 'timestamp', 'service', 'sampling_rate'];
const logger = new Logger({ serviceName: 'findings' });

/** What the line has beside the logger's own keys. */
function logged(attributes) {
  const lines = [];
  logger.console = { ...console, info: (line) => lines.push(JSON.parse(line)) };
  logger.info('tenant suspended', attributes);
  return Object.fromEntries(Object.entries(lines[0]).filter(([key]) => !OWN.includes(key)));
}

const attributes = { reason: '', by: null, retries: 0, isFinal: false, stacks: [] };
const top = logged(attributes);
const inside = logged({ act: attributes });
const number = logged(3);
const text = logged('by hand');
console.log({ logged: attributes, top, inside, number, text });
assert.deepEqual(top, { retries: 0, isFinal: false, stacks: [] });
assert.deepEqual(inside, { act: attributes });
assert.deepEqual(number, {});
assert.deepEqual(text, { extra: 'by hand' });
CODE
node ask.mjs
