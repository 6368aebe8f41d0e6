import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import type { Signup } from '../../functions/contract/signup';
import { StackKindSchema } from '../../functions/contract/stacks';
import type { Platform } from '../../local/platform';
import { deployedFunctions } from './deployed-functions';
import { roleCredentials } from './role-credentials';

/** What each function would have answered; LaunchStack per stack. */
const AnswersSchema = z
  .record(z.string(), z.unknown())
  .and(z.object({ LaunchStack: z.record(StackKindSchema, z.unknown()) }));
export type Answers = z.infer<typeof AnswersSchema>;

const ReplySchema = z.union([
  z.object({ seconds: z.number(), answers: AnswersSchema }),
  z.object({ error: z.string() }),
]);

export interface BareProcess {
  /** Onboards one tenant without the machine and its functions. */
  onboard(signup: Signup): Promise<{ seconds: number; answers: Answers }>;
  stop(): void;
}

/** Starts bare-script.ts with the environment of all functions, and with their roles' credentials. */
export async function startBareProcess(platform: Platform): Promise<BareProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-bare-'));
  const script = join(directory, 'bare-script.js');
  await build({
    entryPoints: [join(__dirname, 'bare-script.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const functions = await deployedFunctions(platform);
  const child = fork(script, {
    execPath: join(__dirname, '../../node_modules/.bin/node'),
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      ...Object.assign({}, ...functions.map(({ environment }) => environment)),
      ...platform.emulator.environment(),
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      BENCH_ROLE_CREDENTIALS: JSON.stringify(await roleCredentials(platform, functions)),
    },
  });
  const ended = once(child, 'exit');
  return {
    onboard: async (signup) => {
      child.send(signup);
      const [message] = await Promise.race([once(child, 'message'), ended]);
      const reply = ReplySchema.parse(message);
      if ('error' in reply) throw new Error(`bare script: ${reply.error}`);
      return reply;
    },
    stop: () => {
      child.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
