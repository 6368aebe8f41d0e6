import type { Command } from 'commander';
import type * as z from 'zod';
import { runCommand } from './command';
import { OpsOptions, opsOf } from './ops/context';
import { EXIT } from './ops/exit';
import { refuseIgnored } from './options';
import { stageOption } from './stage-connection';

/**
 * Runs the work of an `ops` command under the name, options and exit codes of a script of its own:
 * 0 when the script did what it was asked to do, 1 otherwise.
 *
 * @param codes further exit codes of `ops` that count as done
 */
export function runAlias<S extends z.ZodType>(
  command: Command,
  schema: S,
  work: (ops: Awaited<ReturnType<typeof opsOf>>, options: z.output<S>) => Promise<number>,
  codes: readonly number[] = [],
): void {
  runCommand(async (signal) => {
    const given: unknown = command.addOption(stageOption()).parse().opts();
    refuseIgnored(command);
    const options = schema.safeParse(given);
    if (!options.success)
      return command.error(`error: ${options.error.issues.map(({ message }) => message).join('; ')}`);
    const code = await work(await opsOf(OpsOptions.parse(given), signal), options.data);
    return code === EXIT.done || codes.includes(code) ? 0 : 1;
  });
}
