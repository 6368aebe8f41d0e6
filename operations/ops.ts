import { Command } from 'commander';
import { runCommand } from './command';
import { addActing } from './ops/acting';
import { Commands } from './ops/context';
import { EXIT, endingOf } from './ops/exit';
import { addMigrating } from './ops/migrating';
import { addReading } from './ops/reading';
import { addReleasing } from './ops/releasing';
import { addRestoring } from './ops/restoring';
import { addResuming } from './ops/resuming';
import { addShowing } from './ops/showing';
import { printable } from './printable';

const CODES = [
  '',
  'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused, 5 nothing to do.',
  'A tenant is named by its subdomain (a lost one too), its host or page, its tenant id or its signup id.',
].join('\n');

async function main(signal: AbortSignal): Promise<number> {
  let code: number = EXIT.done;
  const json = process.argv.includes('--json');
  const program = new Command('ops')
    .description('Operates a stage of the onboarding platform. Each act is on record, with who asked for it.')
    .exitOverride()
    // With `--json` an error is printed once, as JSON.
    .configureOutput(json ? { outputError: () => {} } : {})
    .configureHelp({ sortSubcommands: true })
    .addHelpText('after', CODES);
  const commands = new Commands(program, signal, (ended) => {
    code = ended;
  });
  addReading(commands);
  addActing(commands);
  addReleasing(commands);
  addMigrating(commands);
  addRestoring(commands);
  addResuming(commands);
  addShowing(commands);
  try {
    await program.parseAsync();
    return code;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const ending = endingOf(thrown);
    if (!ending) return EXIT.done;
    const { message, error, advice } = ending;
    if (json) console.error(JSON.stringify({ error, message, advice }));
    // The option parser has already printed its own errors.
    else if (!error.startsWith('commander.'))
      console.error(printable([`${error}: ${message}`, ...(advice ? [`What to do: ${advice}`] : [])].join('\n')));
    return ending.code;
  }
}

runCommand(main);
