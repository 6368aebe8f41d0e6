import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile, transform } from 'esbuild';
import { zipSync } from 'fflate';
import * as z from 'zod';
import { BUILD_INPUTS, digestOfFiles } from './build-inputs';
import { builtOnce } from './built-once';
import { noJsonSchemas } from './no-json-schemas';
import { smallPackages, smallSchemas } from './small-schemas';

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
export const FUNCTIONS_DIRECTORY = join(DIST, 'functions');
/** The package of a function, as Lambda gets it. */
export const packageFile = (name: string): string => join(DIST, 'packages', `${name}.zip`);
/**
 * The layer, in the folders in which Lambda unpacks it under /opt ("Packaging your layer
 * content").
 */
export const LAYER_DIRECTORY = join(DIST, 'layer');
/** Where Lambda's Node runtime looks for the layer's packages. */
export const LAYER_MODULES = join(LAYER_DIRECTORY, 'nodejs/node_modules');

/** The package of the layer. Its files are named after their content. */
const PACKAGE = 'onboarding-code';
/** "Host system" and permissions of a file in the ZIP format: `-rw-r--r--` of a plain file. */
const UNIX = 3;
const READABLE = 0o100644 * 2 ** 16;
const SHARED_FILE = /"(?:\.\.?\/)+(?:shared\/)?(shared-[0-9A-Z]+)\.js"/g;

const BuiltBundleSchema = z.object({
  name: z.string(),
  /** Size of the function's own file. */
  bytes: z.number(),
  /** Size of the files that the function loads from the layer. */
  layerBytes: z.number(),
});
export type BuiltBundle = z.output<typeof BuiltBundleSchema>;

/**
 * Platform of all code that runs on AWS.
 *
 * The SDK asks for Node's HTTP by `import()`, which evaluates all that `node:http` exports, such as
 * its WebSocket: Node loads the whole of undici for it, 50 ms of processor time in each cold start.
 * `require` evaluates nothing that is not used.
 */
const RUNTIME = {
  platform: 'node',
  target: 'node24',
  supported: { 'dynamic-import': false },
} satisfies BuildOptions;

/** Options of the bundler for all code that runs on AWS. */
export const BUNDLING = {
  ...RUNTIME,
  absWorkingDir: ROOT,
  bundle: true,
  mainFields: ['module', 'main'],
  minify: true,
  loader: { '.sql': 'text' },
  // pg loads its native binding, and Cloudflare's sockets, only where these exist.
  external: ['pg-native', 'pg-cloudflare'],
  legalComments: 'none',
  logLevel: 'error',
  plugins: [noJsonSchemas, smallPackages, smallSchemas],
  write: false,
} satisfies BuildOptions;

/**
 * Packages in which the SDK looks for credentials outside the environment. A function's
 * credentials are in it.
 */
const CREDENTIAL_SOURCES = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@aws-sdk/token-providers',
  '@smithy/credential-provider-imds',
];

const pascal = (name: string) => name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Source of every function: a file at the top of a room that exports a handler. Its name is the
 * function's.
 */
export function functionSources(): Record<string, string> {
  const handlers = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) =>
    /^export const handler = /m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  return Object.fromEntries(handlers.map((file) => [pascal(basename(file, '.ts')), file]));
}

/**
 * Writes a file only when its content changes. Two builds at the same time never show each other a
 * half-written file. The unfinished file lies outside all folders that a synthesis may copy as an
 * asset meanwhile.
 */
export function writeFile(file: string, contents: Uint8Array | string): void {
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(contents))) return;
  mkdirSync(dirname(file), { recursive: true });
  mkdirSync(DIST, { recursive: true });
  const unfinished = join(DIST, `${basename(file)}.${process.pid}.unfinished`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, file);
}

/**
 * Writes the package of a function. The same code has the same bytes whenever and wherever it is packed, so that Lambda's
 * digest of the code that runs is known here: a fixed time, and the permission to read that Lambda needs ("Troubleshoot
 * deployment issues in Lambda").
 */
function writePackage(name: string, code: Uint8Array): void {
  const file = { mtime: new Date(1980, 0, 1), os: UNIX, attrs: READABLE };
  writeFile(packageFile(name), zipSync({ 'index.js': [code, file] }));
}

/** Removes files of an earlier build, which the layer's asset would otherwise include. */
function removeOthers(directory: string, kept: ReadonlySet<string>): void {
  for (const file of globSync('*.js', { cwd: directory }))
    if (!kept.has(file)) rmSync(join(directory, file), { force: true });
}

/** Bytes of all files that an output imports, directly or indirectly, without the output itself. */
function importedBytes({ outputs }: Metafile, output: string): number {
  const found = new Set<string>();
  const follow = (from: string) => {
    for (const { path, external } of outputs[from]?.imports ?? []) {
      if (external || found.has(path)) continue;
      found.add(path);
      follow(path);
    }
  };
  follow(output);
  return [...found].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}

/**
 * Functions that share a layer, because their own bundle with all their clients would be too
 * large.
 */
const LAYERED = new Set([
  'ActivateTenant',
  'AuditSurroundings',
  'AuditTenant',
  'DeleteStack',
  'DeregisterTenant',
  'KeepCells',
  'JudgeAudit',
  'Orphans',
  'PerformAct',
  'ReserveTenant',
  'RestoreDatabase',
  'RotateMasterSecret',
  'SeedRingZero',
  'Sweep',
  'VerifyIsolation',
]);
export const isLayered = (name: string): boolean => LAYERED.has(name);

type Sources = readonly [name: string, file: string][];

const entryPoints = (sources: Sources) => sources.map(([name, file]) => ({ in: file, out: `${name}/index` }));

/** Bundles each function with everything that it needs. */
async function bundleAlone(sources: Sources): Promise<BuiltBundle[]> {
  const { outputFiles } = await build({
    ...BUNDLING,
    format: 'cjs',
    entryPoints: entryPoints(sources),
    outdir: FUNCTIONS_DIRECTORY,
    external: [...BUNDLING.external, ...CREDENTIAL_SOURCES],
  });
  for (const { path, contents } of outputFiles) {
    writeFile(path, contents);
    writePackage(basename(dirname(path)), contents);
  }
  return outputFiles.map(({ path, contents }) => ({
    name: basename(dirname(path)),
    bytes: contents.byteLength,
    layerBytes: 0,
  }));
}

/**
 * Bundles each function with the code that only it needs; the layer gets the code that several
 * need.
 */
async function bundleWithLayer(sources: Sources): Promise<BuiltBundle[]> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    // Only ES modules can be split. Lambda finds the layer by NODE_PATH, which only `require` uses.
    format: 'esm',
    splitting: true,
    entryPoints: entryPoints(sources),
    outdir: FUNCTIONS_DIRECTORY,
    chunkNames: 'shared/shared-[hash]',
    metafile: true,
    external: [...BUNDLING.external, ...CREDENTIAL_SOURCES],
  });
  const layer = new Set<string>();
  const bundles: BuiltBundle[] = [];
  for (const { path, text } of outputFiles) {
    const named = text.replace(SHARED_FILE, `"${PACKAGE}/$1"`);
    const { code } = await transform(named, { ...RUNTIME, format: 'cjs', minify: true });
    const name = basename(dirname(path));
    if (name === 'shared') {
      layer.add(basename(path));
      writeFile(join(LAYER_MODULES, PACKAGE, basename(path)), code);
      continue;
    }
    const layerBytes = importedBytes(metafile, path.slice(ROOT.length + 1));
    bundles.push({ name, bytes: Buffer.byteLength(code), layerBytes });
    writeFile(path, code);
    writePackage(name, Buffer.from(code));
  }
  removeOthers(join(LAYER_MODULES, PACKAGE), layer);
  return bundles;
}

/**
 * Bundles every function to dist/functions/NAME/index.js, and packs it as dist/packages/NAME.zip. Functions that call
 * many services have their shared code in a layer, dist/layer.
 *
 * No client of the SDK comes from Lambda's runtime. Tree-shaken and minified, the slowest function
 * loads 1 MB instead of 5 MB, in the version that the tests have run with.
 */
export const buildFunctions = (): Promise<BuiltBundle[]> =>
  builtOnce({
    record: join(DIST, 'functions.json'),
    inputs: () => digestOfFiles(ROOT, BUILD_INPUTS),
    outputs: () => digestOfFiles(DIST, ['functions/*/index.js', 'packages/*.zip', 'layer/**/*.js']),
    result: z.array(BuiltBundleSchema),
    build: bundleAll,
  });

async function bundleAll(): Promise<BuiltBundle[]> {
  const sources = Object.entries(functionSources());
  const [alone, layered] = await Promise.all([
    bundleAlone(sources.filter(([name]) => !isLayered(name))),
    bundleWithLayer(sources.filter(([name]) => isLayered(name))),
  ]);
  return [...alone, ...layered].sort((one, other) => one.name.localeCompare(other.name));
}

/** Bytes of the whole layer of the last build. */
export const layerBytes = (): number =>
  globSync('**/*.js', { cwd: LAYER_MODULES }).reduce(
    (sum, file) => sum + readFileSync(join(LAYER_MODULES, file)).byteLength,
    0,
  );
