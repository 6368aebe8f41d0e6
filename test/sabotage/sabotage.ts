import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import * as z from 'zod';
import { startPlatform } from '../../local/platform';
import { runCommand } from '../../operations/command';
import { SABOTAGES } from './all-sabotages';
import { NOT_EXERCISED } from './not-exercised';
import { closingLine, headLine, verdictLines } from './report';
import { breaches, startTrial, tryOut, type Verdict } from './trial';

const OptionsSchema = z.object({ json: z.string().optional(), only: z.string().optional() });

/** Spoils one tenant in every way there is. @returns 0 only when each is found by the check that is meant to, and nothing else is */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('sabotage')
    .description('Breaks the isolation of a healthy tenant in many ways, and tells which check finds each.')
    .option('--json <file>', 'writes what was found by what')
    .option('--only <name>', 'sabotages whose name, or whose check, has this in it')
    .parse();
  const { json, only = '' } = OptionsSchema.parse(command.opts());
  const sabotages = SABOTAGES.filter(({ name, check }) => name.includes(only) || check.includes(only));
  if (sabotages.length === 0) throw new Error(`no sabotage has "${only}" in its name or in its check's`);
  const platform = await startPlatform({ signal, log: (line) => console.log(`  ${line}`) });
  try {
    const trial = await startTrial(platform, 'sabotaged');
    const before = await breaches(trial);
    for (const { id, evidence } of before) console.log(`false alarm before anything was done: ${id}: ${evidence}`);
    console.log(headLine());
    const verdicts: Verdict[] = [];
    for (const sabotage of sabotages) {
      signal.throwIfAborted();
      const verdict = await tryOut(trial, sabotage);
      verdicts.push(verdict);
      for (const line of verdictLines(verdict)) console.log(line);
    }
    for (const [check, reason] of Object.entries(NOT_EXERCISED))
      console.log(`cannot be exercised here: ${check}: ${reason}`);
    console.log(`\n${closingLine(verdicts)}`);
    if (json) {
      const told = verdicts.map(({ sabotage, check, foundBy, found }) => ({ sabotage, check, foundBy, found }));
      writeFileSync(json, `${JSON.stringify(told, null, 2)}\n`);
    }
    const clean = verdicts.every(({ found, falseAlarms }) => found && falseAlarms.length === 0);
    return clean && before.length === 0 ? 0 : 1;
  } finally {
    await platform.stop();
  }
}

runCommand(main);
