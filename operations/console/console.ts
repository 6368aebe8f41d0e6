import { once } from 'node:events';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { settled } from '../../functions/shared/settled';
import { STAGES } from '../../infra/config/environments';
import { StageClient } from '../client/stage-client';
import { runCommand } from '../command';
import { portNumber } from '../options';
import { stageOption } from '../stage-connection';
import { bundlePage } from './bundle-page';
import { startConsole } from './console-server';

const OptionsSchema = z.object({ stage: z.enum(STAGES), port: z.number().optional() });

/** Serves the console until it is interrupted. */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('console')
    .description('Serves the console of a stage to the browser of this machine, with your own AWS credentials.')
    .addOption(stageOption())
    .addOption(new Option('--port <port>', 'a free one by default').argParser(portNumber))
    .parse();
  const { stage, port } = OptionsSchema.parse(command.opts());
  const [client, files] = await settled([StageClient.connect(stage), bundlePage()]);
  const running = await startConsole({ client, stage, files, port });
  console.log(`The console of stage ${stage} is at\n\n  ${running.url}\n\nCtrl-C ends it.`);
  if (!signal.aborted) await once(signal, 'abort');
  await running.stop();
  return 0;
}

runCommand(main);
