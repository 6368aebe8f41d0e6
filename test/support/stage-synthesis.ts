import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { SERVICE_DIRECTORY } from '../../infra/build';
import type { Stage } from '../../infra/config/stages';
import { FUNCTIONS_DIRECTORY, functionSources, LAYER_DIRECTORY } from '../../infra/function-bundles';
import { platform } from '../../infra/platform';

const ROOT = join(__dirname, '../..');

export function ensureBundles(): void {
  const bundles = Object.keys(functionSources()).map((name) => join(FUNCTIONS_DIRECTORY, name, 'index.js'));
  if ([...bundles, LAYER_DIRECTORY, join(SERVICE_DIRECTORY, 'server.js')].every(existsSync)) return;
  execFileSync(join(ROOT, 'node_modules/.bin/tsx'), ['infra/build.ts'], { cwd: ROOT, stdio: 'pipe' });
}

/** The application of a stage, and the templates of its stacks by name. */
export function synthesizeStage(stage: Stage): { app: App; templates: Record<string, object> } {
  ensureBundles();
  const outdir = mkdtempSync(join(tmpdir(), `platform-${stage}-`));
  try {
    const app = platform(stage, { outdir });
    const { stacks } = app.synth();
    return { app, templates: Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template])) };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
