import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/stages';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { stageOption } from './stage-connection';

async function main(): Promise<number> {
  const command = new Command('replay')
    .description(
      'Starts an onboarding for each signup on the dead-letter queue, and deletes the signup from the queue.',
    )
    .addOption(stageOption())
    .parse();
  const { stage } = z.object({ stage: z.enum(STAGES) }).parse(command.opts());
  const client = await StageClient.connect(stage);
  let count = 0;
  for await (const { executionArn, because } of client.replay()) {
    console.log(`${executionArn}  (undelivered: ${because})`);
    count += 1;
  }
  console.log(count === 0 ? 'the dead-letter queue holds no signup' : `${count} replayed`);
  return 0;
}

runCommand(main);
