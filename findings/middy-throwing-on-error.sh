#!/usr/bin/env bash
# Behaviour: onError hooks run from the last middleware to the first. If one throws, those before it
# do not run at all: `resetKeys` of Powertools does not reset, and the next invocation logs the
# keys of the failed one.
# Version:   @middy/core 7.9.2 with @aws-lambda-powertools/logger 2.36.0
# One would guess: `resetKeys: true` clears the keys after every invocation, however it ends.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @middy/core@7.9.2 @aws-lambda-powertools/logger@2.36.0
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import middy from '@middy/core';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';

const logger = new Logger({ serviceName: 'findings' });
/** Translates the error, as one does for callers who know other names. */
const translate = { onError: ({ error }) => { throw new Error('translated', { cause: error }); } };
const resetting = () => injectLambdaContext(logger, { resetKeys: true });
const context = { functionName: 'f', awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 };

/** What tenant the second invocation logs, after a first one that failed. */
async function tenantAfterFailure(...middlewares) {
  const lines = [];
  logger.resetKeys();
  logger.console = { ...console, info: (line) => lines.push(JSON.parse(line)) };
  const handler = middy().use(middlewares).handler(async ({ tenant }) => {
    if (tenant) {
      logger.appendKeys({ tenant });
      throw new Error('failed');
    }
    logger.info('second invocation');
  });
  await handler({ tenant: 'acme' }, context).catch(() => {});
  await handler({}, context);
  return lines[0].tenant;
}

const leaked = await tenantAfterFailure(resetting(), translate);
console.log('the logger first, then a hook that throws: the next invocation logs tenant', leaked);
const reset = await tenantAfterFailure(translate, resetting());
console.log('the hook that throws first, then the logger: the next invocation logs tenant', reset);
assert.equal(leaked, 'acme');
assert.equal(reset, undefined);
CODE
node ask.mjs
