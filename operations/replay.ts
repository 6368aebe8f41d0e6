import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { replay } from './ops/acts';
import { EXIT } from './ops/exit';
import { fileToWrite, nonBlank } from './options';

runAlias(
  new Command('replay')
    .description(
      'Starts an onboarding for each signup on the dead-letter queue, and deletes the signup from the queue.',
    )
    .option(
      '--set-aside <file>',
      'moves unreadable messages from the queue to a file, a line of JSON each',
      fileToWrite,
    )
    .option('--reason <text>', 'kept on record', nonBlank),
  z.object({ setAside: z.string().optional(), reason: z.string().optional() }),
  async (ops, { setAside, reason }) => await replay(ops, setAside, reason),
  [EXIT.nothing],
);
