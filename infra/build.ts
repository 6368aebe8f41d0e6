import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const ROOT = join(__dirname, '..');
export const FUNCTIONS_DIRECTORY = join(ROOT, 'dist/functions');
export const SERVICE_DIRECTORY = join(ROOT, 'dist/service');

const pascal = (name: string) => name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Source file of every function: each file at the top of a room that exports a handler, named as AWS calls the function. */
export function functionSources(): Record<string, string> {
  const handlers = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) =>
    /^export const handler = /m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  return Object.fromEntries(handlers.map((file) => [pascal(basename(file, '.ts')), file]));
}

export interface BuiltBundle {
  readonly name: string;
  readonly bytes: number;
}

const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  write: false,
};

/** Where the SDK looks for credentials when the environment has none: a function's always has them. */
const CREDENTIAL_SOURCES = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@aws-sdk/token-providers',
  '@smithy/credential-provider-imds',
];

/**
 * Clients left to AWS's Node runtime, which has all of them ("Building Lambda functions with Node.js", runtime-included
 * SDK): those that are each a fifth of what a bundle may weigh, or more than all of it.
 */
const LARGE_CLIENTS = ['ec2', 'rds', 's3'].map((name) => `@aws-sdk/client-${name}`);

/** Functions that ask so many services that no client of theirs is bundled. */
const ASKING_MANY = new Set(['AuditTenant', 'Orphans', 'VerifyIsolation']);

/** Only what has changed: two builds at once never leave a half-written file to each other. */
function write(file: string, contents: Uint8Array): void {
  if (existsSync(file) && readFileSync(file).equals(contents)) return;
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, file);
}

/**
 * Bundles every function to dist/functions/NAME/index.js, and the shared service to dist/service/server.js, in one
 * parallel pass.
 */
export async function buildFunctions(): Promise<BuiltBundle[]> {
  const sources = functionSources();
  const bundle = (wanted: (name: string) => boolean, clients: string[]) =>
    build({
      ...SHARED,
      entryPoints: Object.entries(sources)
        .filter(([name]) => wanted(name))
        .map(([name, file]) => ({ in: file, out: `${name}/index` })),
      outdir: FUNCTIONS_DIRECTORY,
      external: [...clients, ...CREDENTIAL_SOURCES],
    });
  const [most, askingMany, service] = await Promise.all([
    bundle((name) => !ASKING_MANY.has(name), LARGE_CLIENTS),
    bundle((name) => ASKING_MANY.has(name), ['@aws-sdk/client-*']),
    build({ ...SHARED, entryPoints: { server: 'service/main.ts' }, outdir: SERVICE_DIRECTORY }),
  ]);
  const files = [...(most.outputFiles ?? []), ...(askingMany.outputFiles ?? [])];
  for (const { path, contents } of [...files, ...(service.outputFiles ?? [])]) write(path, contents);
  return files.map(({ path, contents }) => ({ name: basename(dirname(path)), bytes: contents.byteLength }));
}

if (require.main === module) {
  buildFunctions().then(
    (bundles) => {
      for (const { name, bytes } of bundles)
        console.log(`${name.padEnd(20)} ${(bytes / 1000).toFixed(0).padStart(5)} KB`);
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    },
  );
}
