/**
 * Runs a command from one bundled file, which loads several times faster than its sources, from any
 * folder: `node operations/run-bundled.cjs operations/status.ts --tenant acme`. The bundle is built
 * again, with esbuild only, when the content of one of its sources has changed. It lies one folder
 * below the root, as the commands' sources do: they look for files from there.
 */
require('./require-node.cjs');
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { basename, join } = require('node:path');

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
/** Decide on every bundle. The second one is the list of packages that `npm ci` has installed. */
const DECIDING = ['operations/run-bundled.cjs', 'node_modules/.package-lock.json', 'package.json', 'tsconfig.json'];
/** Begins the last line of a bundle: what it was built from. */
const RECORD = '\n//# built-from=';

const isThere = (path) => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Of names and contents; a source that is gone changes it, too. */
function digestOf(sources) {
  const digest = createHash('sha256');
  for (const source of [...DECIDING, ...sources]) {
    const path = join(ROOT, source);
    digest.update(`\0${source}\0`).update(isThere(path) ? readFileSync(path) : 'gone');
  }
  return digest.digest('hex');
}

function isOfToday(bundle) {
  if (!isThere(bundle)) return false;
  const text = readFileSync(bundle, 'utf8');
  const at = text.lastIndexOf(RECORD);
  if (at < 0) return false;
  const { digest, sources } = JSON.parse(text.slice(at + RECORD.length));
  return digest === digestOf(sources);
}

/**
 * Of two processes that build the same at once, each writes a whole file. Nothing is minified: a stack
 * trace names the functions of the sources.
 */
function build(entry, bundle) {
  const begun = Date.now();
  const { buildSync } = require('esbuild');
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    write: false,
  });
  const sources = Object.keys(metafile.inputs).filter((source) => !source.startsWith('node_modules/'));
  // A source that was edited meanwhile may or may not be in this bundle.
  const isEdited = sources.some(
    (source) => !(statSync(join(ROOT, source), { throwIfNoEntry: false })?.mtimeMs < begun),
  );
  const record = JSON.stringify({ digest: isEdited ? '' : digestOf(sources), sources });
  const unfinished = `${bundle}.${process.pid}.unfinished`;
  mkdirSync(DIST, { recursive: true });
  writeFileSync(unfinished, `${outputFiles[0].text.trimEnd()}${RECORD}${record}\n`);
  renameSync(unfinished, bundle);
}

/** @param entry the command's source, relative to the root */
function runBundled(entry) {
  const bundle = join(DIST, `${basename(entry, '.ts')}.cjs`);
  if (!isOfToday(bundle)) build(entry, bundle);
  enableCompileCache(join(DIST, 'compile-cache'));
  require(bundle);
}

module.exports = { runBundled };

if (require.main === module) {
  const [entry] = process.argv.splice(2, 1);
  runBundled(entry);
}
