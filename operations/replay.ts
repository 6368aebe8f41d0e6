import { appendFileSync } from 'node:fs';
import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { nonBlank } from './options';
import { isLeft, replayText, tallyText } from './replay-text';
import { stageOption } from './stage-connection';

const OptionsSchema = z.object({ stage: z.enum(STAGES), setAside: z.string().optional() });

async function main(): Promise<number> {
  const command = new Command('replay')
    .description(
      'Starts an onboarding for each signup on the dead-letter queue, and deletes the signup from the queue.',
    )
    .option('--set-aside <file>', 'moves unreadable messages from the queue to a file, a line of JSON each', nonBlank)
    .addOption(stageOption())
    .parse();
  const { stage, setAside: file } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const { hidden } = await client.undeliveredSignups();
  const counts = { replayed: 0, unreadable: 0 };
  const setAside = file && ((message: object) => appendFileSync(file, `${JSON.stringify(message)}\n`));
  for await (const done of client.replay(setAside ? { setAside } : {})) {
    console.log(replayText(done));
    counts['unreadable' in done ? 'unreadable' : 'replayed'] += 1;
  }
  const tally = { ...counts, hidden, setAside: file !== undefined, unmatched: await client.unmatchedEvents() };
  for (const line of tallyText(tally)) console.log(line);
  return isLeft(tally) ? 1 : 0;
}

runCommand(main);
