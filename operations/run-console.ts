import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { Stage } from '../infra/config/environments';

const ROOT = join(__dirname, '..');
const ExitSchema = z.tuple([z.number().nullable()]).rest(z.unknown());

/**
 * Runs the console in a process of its own, because its page is bundled from the sources. `ops` is one
 * file, which has none.
 */
export async function runConsole(stage: Stage, port: number | undefined, signal: AbortSignal): Promise<number> {
  const { ONBOARDING_OUTPUTS: outputs } = process.env;
  const words = ['--stage', stage, ...(port === undefined ? [] : ['--port', String(port)])];
  const guard = join(ROOT, 'operations/require-node.cjs');
  const child = spawn(process.execPath, ['-r', guard, '--import', 'tsx', 'operations/console/console.ts', ...words], {
    ...{ cwd: ROOT, stdio: 'inherit' },
    env: { ...process.env, ...(outputs && { ONBOARDING_OUTPUTS: resolve(outputs) }) },
  });
  signal.addEventListener('abort', () => child.kill('SIGINT'));
  const [code] = ExitSchema.parse(await once(child, 'exit'));
  return code ?? 1;
}
