import { once } from 'node:events';
import { relative } from 'node:path';
import { Command } from 'commander';
import * as z from 'zod';
import { Interrupted, runCommand } from '../operations/command';
import { fileInNewFolder } from '../operations/options';
import { forgetEnded, OUTPUTS_FILE, publishOutputs } from '../operations/outputs';
import { startPlatform } from './platform';

const OptionsSchema = z.object({ outputs: z.string() });

/** Keeps the platform running until the process is interrupted. */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('local')
    .description('Runs the whole platform on an AWS emulator until it is interrupted.')
    .option(
      '--outputs <file>',
      'where its endpoints are written, for a second one at the same time',
      fileInNewFolder,
      OUTPUTS_FILE,
    )
    .parse();
  const { outputs: file } = OptionsSchema.parse(command.opts());
  await forgetEnded(file);
  const platform = await startPlatform({ signal, log: (line) => console.log(line) });
  try {
    const takeBack = publishOutputs(platform.outputs, file);
    try {
      console.log(`\n${JSON.stringify(platform.outputs, null, 2)}\n`);
      console.log(
        `Running; endpoints are in ${relative(process.cwd(), file)}, credentials are test/test. Ctrl-C ends it.`,
      );
      console.log('Try: npm run signup -- --company "Acme GmbH" --subdomain acme --plan enterprise');
      console.log('Watch it in the console: npm run console');
      console.log(`Its page will be at ${platform.outputs.tenantUrl.replace('SUBDOMAIN', 'acme')}`);
      if (!signal.aborted) await once(signal, 'abort');
    } finally {
      await takeBack();
    }
  } finally {
    await platform.stop();
  }
  return signal.reason instanceof Interrupted ? 0 : 1;
}

runCommand(main);
