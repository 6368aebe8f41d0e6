import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';

/** An app for as long as somebody works with it: the folder of its assembly goes afterwards, which CDK leaves. */
export function inScratchApp<T>(work: (app: App) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'scratch-app-'));
  try {
    return work(new App({ outdir, autoSynth: false, analyticsReporting: false }));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
