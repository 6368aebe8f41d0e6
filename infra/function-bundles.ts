import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile, transform } from 'esbuild';
import { smallSchemas } from './small-schemas';

const ROOT = join(__dirname, '..');
export const FUNCTIONS_DIRECTORY = join(ROOT, 'dist/functions');
/** The layer of all functions, as Lambda lays it out under /opt ("Packaging your layer content"). */
export const LAYER_DIRECTORY = join(ROOT, 'dist/layer');
/** Where Lambda's Node runtime looks for the layer's packages. */
export const LAYER_MODULES = join(LAYER_DIRECTORY, 'nodejs/node_modules');

/** The package of the layer: its files are named by their content. */
const PACKAGE = 'onboarding-code';
const SHARED_FILE = /"(?:\.\.?\/)+(?:shared\/)?(shared-[0-9A-Z]+)\.js"/g;

export interface BuiltBundle {
  readonly name: string;
  /** Of the function's own file. */
  readonly bytes: number;
  /** Of the files that it loads from the layer. */
  readonly layerBytes: number;
}

/** How all code that runs on AWS is bundled. */
export const BUNDLING = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  plugins: [smallSchemas],
  write: false,
} satisfies BuildOptions;

/** Where the SDK looks for credentials when the environment has none: a function's always has them. */
const CREDENTIAL_SOURCES = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@aws-sdk/token-providers',
  '@smithy/credential-provider-imds',
];

const pascal = (name: string) => name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Source file of every function: each file at the top of a room that exports a handler, named as AWS calls the function. */
export function functionSources(): Record<string, string> {
  const handlers = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) =>
    /^export const handler = /m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  return Object.fromEntries(handlers.map((file) => [pascal(basename(file, '.ts')), file]));
}

/** Writes only what has changed: two builds at the same time never leave a half-written file to each other. */
export function writeFile(file: string, contents: Uint8Array | string): void {
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(contents))) return;
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, file);
}

/** The layer is an asset as a whole: a file of an earlier build would travel with it. */
function removeOthers(directory: string, kept: ReadonlySet<string>): void {
  for (const file of globSync('*.js', { cwd: directory }))
    if (!kept.has(file)) rmSync(join(directory, file), { force: true });
}

/** Bytes of all files that an output imports, directly or by way of others, without its own. */
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
 * Bundles every function to dist/functions/NAME/index.js, and what several of them need to one layer in dist/layer.
 *
 * The SDK's clients are part of it and are not taken from Lambda's runtime: tree-shaken and minified, the slowest function
 * loads 1 MB in place of 5, and runs with the versions that the tests have run with. A function loads only the files of the
 * layer that it needs.
 */
export async function buildFunctions(): Promise<BuiltBundle[]> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    // Only ES modules can be split. Lambda finds the layer by NODE_PATH, which only `require` follows.
    format: 'esm',
    splitting: true,
    entryPoints: Object.entries(functionSources()).map(([name, file]) => ({ in: file, out: `${name}/index` })),
    outdir: FUNCTIONS_DIRECTORY,
    chunkNames: 'shared/shared-[hash]',
    metafile: true,
    external: CREDENTIAL_SOURCES,
  });
  const layer = new Set<string>();
  const bundles: BuiltBundle[] = [];
  const place = async (path: string, text: string) => {
    const named = text.replace(SHARED_FILE, `"${PACKAGE}/$1"`);
    const { code } = await transform(named, { format: 'cjs', platform: 'node', target: 'node24', minify: true });
    if (basename(dirname(path)) === 'shared') {
      layer.add(basename(path));
      writeFile(join(LAYER_MODULES, PACKAGE, basename(path)), code);
      return;
    }
    const name = basename(dirname(path));
    const layerBytes = importedBytes(metafile, path.slice(ROOT.length + 1));
    bundles.push({ name, bytes: Buffer.byteLength(code), layerBytes });
    writeFile(path, code);
  };
  await Promise.all(outputFiles.map(({ path, text }) => place(path, text)));
  removeOthers(join(LAYER_MODULES, PACKAGE), layer);
  return bundles.sort((one, other) => one.name.localeCompare(other.name));
}

/** Bytes of the whole layer, as the last build left it. */
export const layerBytes = (): number =>
  globSync('**/*.js', { cwd: LAYER_MODULES }).reduce(
    (sum, file) => sum + readFileSync(join(LAYER_MODULES, file)).byteLength,
    0,
  );
