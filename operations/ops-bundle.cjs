#!/usr/bin/env node
/** Starts `ops`, from any folder. */
const { runBundled } = require('./run-bundled.cjs');

runBundled('operations/ops.ts');
