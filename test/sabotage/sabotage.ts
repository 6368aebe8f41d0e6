import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import * as z from 'zod';
import { runCommand } from '../../operations/command';
import { fileToWrite, nonBlank } from '../../operations/options';
import { startUnscheduled } from '../support/unscheduled-platform';
import { type AtOnce, allAtOnce, allNamed, atOnceLines } from './all-at-once';
import { ATTACK_TECHNIQUES, SHARED_TECHNIQUES } from './all-techniques';
import { BENIGN_CHANGES } from './benign/all-changes';
import { benignLines } from './benign/benign-report';
import { type BenignVerdict, isUnharmed, tryChange } from './benign/try-change';
import { NOT_EXERCISED } from './not-exercised';
import { closingLine, headLine, verdictLines } from './report';
import { sharedGroundOf, sharedTarget } from './surroundings-target';
import { breaches, groundOf, startTarget } from './target';
import { tryAlone, type Verdict } from './together';

const OptionsSchema = z.object({
  json: z.string().optional(),
  only: z.string().optional(),
  allAtOnce: z.boolean().default(false),
});

/**
 * Runs every attack technique on one tenant, then every change that is no breach, and at last puts all
 * techniques in force at once that can stand beside each other; with `--all-at-once` only that.
 *
 * @returns 0 only when each technique is found by the check it names, no check fails before it or
 * after its revert, none fails on a benign change, and all that are in force at once are named
 */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('sabotage')
    .description('Attacks the isolation of a healthy tenant in many ways, and prints which check finds each.')
    .option('--json <file>', 'writes which check found which attack technique', fileToWrite)
    .option('--all-at-once', 'only puts all techniques in force at once that can stand beside each other')
    .option('--only <name>', 'runs only techniques whose name or check contains this', nonBlank)
    .parse();
  const { json, only = '', allAtOnce: atOnceAlone } = OptionsSchema.parse(command.opts());
  const techniques = ATTACK_TECHNIQUES.filter(({ name, check }) => name.includes(only) || check.includes(only));
  const shared = SHARED_TECHNIQUES.filter(({ name, check }) => name.includes(only) || check.includes(only));
  const changes = BENIGN_CHANGES.filter(({ name }) => name.includes(only));
  if (techniques.length + shared.length + changes.length === 0)
    throw new Error(`no attack technique or benign change contains "${only}" in its name or check`);
  const platform = await startUnscheduled({ patience: 0, signal, log: (line) => console.log(`  ${line}`) });
  try {
    const target = await startTarget(platform, 'sabotaged');
    const before = await breaches(target);
    for (const { id, evidence } of before) console.log(`false alarm before the first technique: ${id}: ${evidence}`);
    const surroundings = await sharedTarget(platform);
    const atOnce = async (): Promise<AtOnce> => {
      const together = await allAtOnce(target, techniques, surroundings, shared);
      for (const line of atOnceLines(together)) console.log(line);
      return together;
    };
    if (atOnceAlone) {
      const together = await atOnce();
      if (json) writeFileSync(json, `${JSON.stringify({ 'all-at-once': together }, null, 2)}\n`);
      return before.length === 0 && allNamed(together) ? 0 : 1;
    }
    console.log(headLine());
    const verdicts: Verdict[] = [];
    for (const technique of techniques) {
      signal.throwIfAborted();
      const verdict = await tryAlone(groundOf(target), technique);
      verdicts.push(verdict);
      for (const line of verdictLines(verdict)) console.log(line);
    }
    for (const [check, reason] of Object.entries(NOT_EXERCISED))
      console.log(`cannot be exercised here: ${check}: ${reason}`);
    console.log(`\n${closingLine(verdicts)}`);
    for (const technique of shared) {
      signal.throwIfAborted();
      const verdict = await tryAlone(sharedGroundOf(surroundings), technique);
      verdicts.push(verdict);
      for (const line of verdictLines(verdict)) console.log(line);
    }
    const benign: BenignVerdict[] = [];
    for (const change of changes) {
      signal.throwIfAborted();
      benign.push(await tryChange(target, change));
    }
    for (const line of benignLines(benign)) console.log(line);
    const together = await atOnce();
    if (json) {
      const rows = verdicts.map(({ technique, check, foundBy, found }) => ({
        sabotage: technique,
        check,
        foundBy,
        found,
      }));
      writeFileSync(json, `${JSON.stringify({ sabotages: rows, benign, 'all-at-once': together }, null, 2)}\n`);
    }
    const clean = verdicts.every(({ found, falseAlarms }) => found && falseAlarms.length === 0);
    return clean && before.length === 0 && benign.every(isUnharmed) && allNamed(together) ? 0 : 1;
  } finally {
    await platform.stop();
  }
}

runCommand(main);
