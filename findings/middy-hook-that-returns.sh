#!/usr/bin/env bash
# Behaviour: what a hook returns is the answer of the invocation, `false` as well. An arrow function without braces
# returns the value of its expression: a `before` hook that forgets an entry of a Map answers in place
# of the handler, and an `onError` hook of that form turns a failure into a success.
# Version:   @middy/core 7.9.2
# One would guess: a hook is called for its effect, and only a response in `request.response` ends the invocation.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @middy/core@7.9.2
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import middy from '@middy/core';

const context = { functionName: 'f', awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 };
const started = new Map();
const forget = {
  'returns what Map.delete returns': ({ event }) => started.delete(event.id),
  'returns nothing': ({ event }) => {
    started.delete(event.id);
  },
};
const called = [];
const succeeding = async () => {
  called.push('handler');
  return 'made';
};
const failing = async () => {
  throw new Error('could not make it');
};

async function outcomeOf(handler) {
  called.length = 0;
  const outcome = await handler({ id: 1 }, context).then(
    (answer) => `succeeded with ${answer}`,
    (error) => `failed: ${error.message}`,
  );
  return called.length > 0 ? `${outcome}, by the handler` : outcome;
}

const outcomes = {};
for (const [form, hook] of Object.entries(forget))
  outcomes[form] = {
    before: await outcomeOf(middy().before(hook).handler(succeeding)),
    after: await outcomeOf(middy().after(hook).handler(succeeding)),
    onError: await outcomeOf(middy().onError(hook).handler(failing)),
  };
console.table(outcomes);
assert.deepEqual(outcomes, {
  'returns what Map.delete returns': {
    before: 'succeeded with false',
    after: 'succeeded with false, by the handler',
    onError: 'succeeded with false',
  },
  'returns nothing': {
    before: 'succeeded with made, by the handler',
    after: 'succeeded with made, by the handler',
    onError: 'failed: could not make it',
  },
});
CODE
node ask.mjs
