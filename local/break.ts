import { Command, Option } from 'commander';
import * as z from 'zod';
import { STACK_KINDS, type StackKind } from '../functions/contract/stacks';
import { runCommand } from '../operations/command';
import { nonBlank } from '../operations/options';
import { readOutputs } from '../operations/outputs';
import { breakStack, mendStacks } from './broken-stacks';

const OptionsSchema = z.object({ stack: z.enum(STACK_KINDS), reason: z.string(), mend: z.boolean().default(false) });

/** A fault to find and to mend: onboardings on the running local platform fail until it is taken away. */
async function main(): Promise<number> {
  const command = new Command('break')
    .description('Makes a stack of each onboarding on the local platform fail, until --mend.')
    .addOption(new Option('--stack <kind>', 'which stack fails').choices(STACK_KINDS).default('database' as StackKind))
    .addOption(
      new Option('--reason <text>', 'what CloudFormation says')
        .default('broken on purpose by npm run break')
        .argParser(nonBlank),
    )
    .addOption(new Option('--mend', 'takes all such faults away').conflicts(['stack', 'reason']))
    .parse();
  const { stack, reason, mend } = OptionsSchema.parse(command.opts());
  const { endpointUrl } = await readOutputs();
  if (mend) {
    const struck = await mendStacks(endpointUrl);
    console.log(`Mended; ${struck} stacks had failed. Now redrive the onboardings that did.`);
    return 0;
  }
  await breakStack(endpointUrl, stack, reason);
  console.log(`From now on the ${stack} stack of each onboarding fails. npm run break -- --mend ends it.`);
  return 0;
}

runCommand(main, { endsAtOnce: true });
