import { join } from 'node:path';
import { Command } from 'commander';
import { build } from 'esbuild';
import { WORKFLOWS } from '../functions/contract/workflows';
import { aslJson } from './asl-file';
import { BUNDLING, type BuiltBundle, buildFunctions, layerBytes, writeFile } from './function-bundles';
import { buildTenantContext } from './tenant-context-package';

const ROOT = join(__dirname, '..');
export const SERVICE_DIRECTORY = join(ROOT, 'dist/service');

/** An application of a task, as one file of JavaScript. */
export async function bundleApplication(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({ ...BUNDLING, format: 'cjs', entryPoints: [source] });
  const [bundle] = outputFiles;
  if (!bundle) throw new Error(`${source} has no bundle`);
  return bundle.contents;
}

/** Bundles the shared service to dist/service/server.js. */
export async function buildService(): Promise<void> {
  writeFile(join(SERVICE_DIRECTORY, 'server.js'), await bundleApplication('service/main.ts'));
}

/** Writes each workflow's definition to dist/statemachines, to read or to paste into the console. */
export function buildStateMachines(): void {
  for (const workflow of WORKFLOWS) {
    const file = workflow.file.replace(/\.yaml$/, '.json');
    writeFile(join(ROOT, 'dist/statemachines', file), aslJson(workflow));
  }
}

/**
 * Builds everything in dist/ that a deployment needs: the functions, their layer, the shared
 * service.
 */
export async function buildAll(): Promise<BuiltBundle[]> {
  const [bundles] = await Promise.all([buildFunctions(), buildService()]);
  return bundles;
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0).padStart(6)} KB`;

if (require.main === module) {
  new Command('build').description('Builds functions, service, tenant context and state machines into dist/.').parse();
  buildStateMachines();
  Promise.all([buildAll(), buildTenantContext()]).then(
    ([bundles]) => {
      for (const { name, bytes, layerBytes: loaded } of bundles)
        console.log(
          `${name.padEnd(20)} ${kilobytes(bytes)}${loaded > 0 ? ` and ${kilobytes(loaded)} of the layer` : ''}`,
        );
      console.log(`${'the layer'.padEnd(20)} ${kilobytes(layerBytes())}`);
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    },
  );
}
