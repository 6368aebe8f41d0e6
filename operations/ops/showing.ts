import * as z from 'zod';
import { portNumber } from '../options';
import { runConsole } from '../run-console';
import type { Commands } from './context';

const ConsoleOptions = z.object({ port: z.number().optional() });

/** Adds the command that serves the console. */
export function addShowing(commands: Commands): void {
  commands
    .addServer(
      'console',
      'Serves the console of the stage to the browser of this machine, until Ctrl-C.',
      ['console', 'console --stage dev --port 4000'],
      async (stage, signal, options) => await runConsole(stage, ConsoleOptions.parse(options).port, signal),
    )
    .option('--port <port>', 'a free one by default', portNumber);
}
