import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { answerTo, runCommand } from './command';
import { fileToWrite, nonBlank } from './options';
import { stageOption } from './stage-connection';
import { remainsOf } from './stage-remains';
import { takeDown } from './take-down';

const OptionsSchema = z.object({
  stage: z.enum(STAGES),
  confirm: z.string().optional(),
  reason: z.string().optional(),
  trail: z.string().optional(),
});

/** The record of an earlier teardown is not written over. */
function newFile(argument: string): string {
  if (!existsSync(argument)) return fileToWrite(argument);
  throw new InvalidArgumentError('Expected a new file, and it exists.');
}

/** A name that no earlier teardown has taken. */
const trailOf = (stage: string) => `audit-trail-${stage}-${new Date().toISOString().replaceAll(':', '-')}.jsonl`;

async function main(): Promise<number> {
  const command = new Command('teardown')
    .description('Offboards every tenant of a stage, empties its buckets and deletes its stacks. Refuses prod.')
    .option('--confirm <stage>', 'name of the stage, where nobody can be asked')
    .addOption(new Option('--reason <text>', 'kept on record').argParser(nonBlank))
    .addOption(
      new Option('--trail <file>', 'a new file for the record of all acts, whose table is deleted, too').argParser(
        newFile,
      ),
    )
    .addOption(stageOption())
    .parse();
  const { stage, confirm, reason, trail = trailOf(stage) } = OptionsSchema.parse(command.opts());
  if (stage === 'prod') throw new Error('prod is not taken down by a command');
  const question = `All tenants of stage ${stage} and their data are deleted. Name the stage to go on: `;
  if ((confirm ?? (await answerTo(question, process))).trim() !== stage)
    throw new Error(`stage ${stage} was not confirmed by its name`);
  await takeDown(await remainsOf(stage), { trail, reason, say: (line) => console.log(line) });
  console.log(`stage ${stage} is taken down`);
  return 0;
}

runCommand(main, { endsAtOnce: true });
