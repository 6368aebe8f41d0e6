import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildFunctions, FUNCTIONS_DIRECTORY, LAYER_MODULES, layerBytes } from '../../infra/function-bundles';
import { type Figure, median } from '../support/figures';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const NODE = join(ROOT, 'node_modules/.bin/node');
const FRESH_PROCESSES = 3;

const LOAD = 'const began = performance.now(); require(process.argv[1]); console.log(performance.now() - began);';

/** Milliseconds that a fresh process takes to load the bundle: what Lambda calls the init phase, less its own runtime. */
async function coldStart(bundle: string): Promise<number> {
  const times: number[] = [];
  for (let attempt = 0; attempt < FRESH_PROCESSES; attempt++) {
    const env = { ...process.env, NODE_PATH: LAYER_MODULES, AWS_REGION: 'eu-central-1' };
    const { stdout } = await run(NODE, ['-e', LOAD, bundle], { env });
    times.push(Number(stdout));
  }
  return median(times);
}

/** Sizes of all functions as they are deployed, minified, and how long each takes to load. */
export async function bundleFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  let slowest = { name: '', ms: 0 };
  for (const { name, bytes, layerBytes: loaded } of await buildFunctions()) {
    const ms = await coldStart(join(FUNCTIONS_DIRECTORY, name, 'index.js'));
    if (ms > slowest.ms) slowest = { name, ms };
    figures.push({
      name: `bundle of ${name}`,
      value: bytes / 1000,
      unit: 'KB',
      limit: { below: 500 },
      note: `${loaded > 0 ? `and ${(loaded / 1000).toFixed(0)} KB of the layer; ` : ''}cold start ${ms.toFixed(0)} ms`,
    });
  }
  const layer = {
    name: 'layer of those that ask many services',
    value: layerBytes() / 1000,
    unit: 'KB',
    limit: { below: 1_500 },
  };
  return [...figures, layer, { name: 'slowest cold start', value: slowest.ms, unit: 'ms', note: slowest.name }];
}
