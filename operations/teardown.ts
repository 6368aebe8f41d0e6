import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { TearDown } from './client/tear-down-stage';
import { runCommand } from './command';
import { connectTo, stageOption } from './stage-connection';

const OptionsSchema = z.object({ stage: z.enum(STAGES), confirm: z.string().optional() });

async function asked(stage: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(
      `All tenants of stage ${stage} and their data are deleted. Name the stage to go on: `,
    );
  } finally {
    terminal.close();
  }
}

async function main(): Promise<number> {
  const command = new Command('teardown')
    .description('Offboards every tenant of a stage, empties its buckets and deletes its stacks. Refuses prod.')
    .option('--confirm <stage>', 'name of the stage, where nobody can be asked')
    .addOption(stageOption())
    .parse();
  const { stage, confirm } = OptionsSchema.parse(command.opts());
  if (stage === 'prod') throw new Error('prod is not taken down by a command');
  if ((confirm ?? (await asked(stage))).trim() !== stage)
    throw new Error(`stage ${stage} was not confirmed by its name`);
  await new TearDown(await connectTo(stage), (line) => console.log(line)).run();
  console.log(`stage ${stage} is taken down`);
  return 0;
}

runCommand(main);
