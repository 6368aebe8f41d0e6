#!/usr/bin/env node
/**
 * Starts `ops` from one bundled file, which loads several times faster than its sources. The
 * bundle is built again when a source is newer, from any folder, with esbuild only.
 */
require('./require-node.cjs');
const { readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { enableCompileCache } = require('node:module');

const ROOT = join(__dirname, '..');
const BUNDLE = join(ROOT, 'dist/ops.cjs');
const SOURCES = ['operations', 'functions', 'infra/config', 'package-lock.json'];

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Includes folders: a deleted file changes the time of its folder. */
function newest(path) {
  const entry = statSync(path);
  const within = entry.isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : [];
  return Math.max(entry.mtimeMs, ...within);
}

const builtAt = changedAt(BUNDLE);
if (SOURCES.some((source) => newest(join(ROOT, source)) > builtAt)) {
  const { buildSync } = require('esbuild');
  const { renameSync } = require('node:fs');
  const unfinished = `${BUNDLE}.${process.pid}.unfinished`;
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['operations/ops.ts'],
    outfile: unfinished,
    bundle: true,
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
  });
  renameSync(unfinished, BUNDLE);
}
enableCompileCache(join(ROOT, 'dist/compile-cache'));
require(BUNDLE);
