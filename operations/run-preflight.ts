import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { Stage } from '../infra/config/environments';
import { OUTPUTS_FILE } from './outputs';

const ROOT = join(__dirname, '..');
const FindingsSchema = z.array(
  z.object({ subject: z.string(), verdict: z.enum(['ok', 'failed', 'unknown']), says: z.string() }),
);

/**
 * The findings of `npm run preflight`, which runs in a process of its own. The stages' configuration
 * loads the CDK, which takes seconds, and which `ops` does without.
 *
 * @throws Error with the output of the process when it ended without findings
 */
export async function runPreflight(stage: Stage, signal: AbortSignal): Promise<z.output<typeof FindingsSchema>> {
  const words = ['--import', 'tsx', 'operations/preflight.ts', '--stage', stage, '--json'];
  const env = { ...process.env, ONBOARDING_OUTPUTS: resolve(OUTPUTS_FILE) };
  const [stdout, stderr] = await new Promise<[string, string]>((done) => {
    execFile(process.execPath, words, { cwd: ROOT, env, signal }, (_, ...said) => done(said));
  });
  if (!stdout.startsWith('[')) throw new Error(stderr.trim() || 'the preflight ended without findings');
  return FindingsSchema.parse(JSON.parse(stdout));
}
