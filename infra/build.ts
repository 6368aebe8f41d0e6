import { join } from 'node:path';
import { build } from 'esbuild';
import { WORKFLOWS } from '../functions/contract/workflows';
import { aslJson } from './asl-file';
import { BUNDLING, type BuiltBundle, buildFunctions, layerBytes, writeFile } from './function-bundles';

const ROOT = join(__dirname, '..');
export const SERVICE_DIRECTORY = join(ROOT, 'dist/service');

/** Bundles the shared service to dist/service/server.js. */
export async function buildService(): Promise<void> {
  const { outputFiles } = await build({
    ...BUNDLING,
    format: 'cjs',
    entryPoints: { server: 'service/main.ts' },
    outdir: SERVICE_DIRECTORY,
  });
  for (const { path, contents } of outputFiles) writeFile(path, contents);
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
  buildStateMachines();
  buildAll().then(
    (bundles) => {
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
