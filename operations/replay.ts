import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { replay } from './ops/acts';
import { EXIT } from './ops/exit';
import { fileToWrite } from './options';

runAlias(
  new Command('replay')
    .description(
      'Starts an onboarding for each signup on the dead-letter queue, and deletes the signup from the queue.',
    )
    .option(
      '--set-aside <file>',
      'moves unreadable messages from the queue to a file, a line of JSON each',
      fileToWrite,
    ),
  z.object({ setAside: z.string().optional() }),
  async (ops, { setAside }) => await replay(ops, setAside),
  [EXIT.nothing],
);
