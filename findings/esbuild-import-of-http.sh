#!/usr/bin/env bash
# Behaviour: the first request of a bundled SDK client loads undici and worker_threads, and uses neither. The ES module of
# the SDK's handler asks for node:http by `import()`, and esbuild leaves that in a CommonJS bundle. An import
# reads every export of node:http, WebSocket among them, which Node loads only once it is read. With
# `supported: { 'dynamic-import': false }` esbuild writes `require`, and thirty modules fewer are loaded.
# Version:   Node 24.21.0, @aws-sdk/client-ssm 3.1169.0 with @smithy/node-http-handler 4.14.2, esbuild 0.28.2
# One would guess: import() and require() of a built-in module load the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund node@24.21.0 esbuild@0.28.2 @aws-sdk/client-ssm@3.1169.0 @smithy/node-http-handler@4.14.2
export PATH="$folder/node_modules/.bin:$PATH"
cat > ask.mjs <<'CODE'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const client = new SSMClient({
  endpoint: process.env.SERVER,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
  requestHandler: new NodeHttpHandler(),
});
client.send(new GetParameterCommand({ Name: 'greeting' })).then(({ Parameter }) => {
  const loaded = process.moduleLoadList;
  const has = (name) => loaded.some((module) => module.endsWith(name));
  const unused = ['internal/deps/undici/undici', 'NativeModule worker_threads'].filter(has);
  console.log(JSON.stringify({ answer: Parameter.Value, modules: loaded.length, unused }));
  client.destroy();
});
CODE
cat > compare.mjs <<'CODE'
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const server = createServer((_, response) => {
  response.setHeader('content-type', 'application/x-amz-json-1.1').end('{"Parameter":{"Value":"hello"}}');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const env = { ...process.env, SERVER: `http://127.0.0.1:${server.address().port}` };

async function loadedBy(name, options) {
  const outfile = `${name}.cjs`;
  await build({ entryPoints: ['ask.mjs'], bundle: true, platform: 'node', target: 'node24', mainFields: ['module', 'main'], format: 'cjs', outfile, ...options });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { env });
  console.log(name, stdout.trim());
  return JSON.parse(stdout);
}

const imported = await loadedBy('import', {});
const required = await loadedBy('require', { supported: { 'dynamic-import': false } });
server.close();
server.closeAllConnections();
assert.deepEqual([imported.answer, required.answer], ['hello', 'hello']);
assert.deepEqual(required.unused, []);
assert.equal(imported.unused.length, 2);
assert.ok(imported.modules >= required.modules + 20);
CODE
node compare.mjs
