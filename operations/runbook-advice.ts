import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Act } from '../functions/contract/act';
import { isTransient } from '../functions/contract/errors';

/** A row in the runbook's tables of errors: error names, meaning, what to do. */
const ROW = /^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm;

function runbook(): string {
  try {
    return readFileSync(join(__dirname, '../docs/runbook.md'), 'utf8');
  } catch {
    return '';
  }
}

/** Words of a message in a row's first column; `...` stands for any words. */
const QUOTED = /"([^"]+)"/g;

function saysSo(message: string, quoted: string): boolean {
  let from = 0;
  for (const words of quoted.split('...')) {
    const at = message.indexOf(words, from);
    if (at < 0) return false;
    from = at + words.length;
  }
  return true;
}

const namesOf = (cell: string): string[] =>
  cell
    .replace(QUOTED, '')
    .split(/[,\s]+/)
    .filter((name) => name !== '');

/** `Transient...` in the runbook stands for every name that begins so. */
const isCalled = (error: string, named: string): boolean =>
  named.endsWith('...') ? error.startsWith(named.slice(0, -'...'.length)) : error === named;

/**
 * The message of an act says all; a run has been refused because of the release or the run's input, and is redriven after the
 * correction.
 */
const ONLY_OF_RUNS: readonly string[] = ['InvalidRequest', 'ConfigurationInvalid'];
/** Of an act that AWS has throttled, or whose effect it does not show yet. */
const AGAIN = 'give the command again: it does what is still missing';
const OF_A_RELEASE =
  'look first, with `ops release`: the order may have been taken, and given again after the end of that release or ring it counts for the next';
/** Acts that may have had their effect, and have another one when they are given again. */
const LOOK_FIRST: Readonly<Partial<Record<Act['kind'], string>>> = {
  signup:
    'look first, with `ops status SUBDOMAIN`: the onboarding may have started, and a command without that --signup-id is another signup',
  release: OF_A_RELEASE,
  'steer-release': OF_A_RELEASE,
};

/** What ended with an error: a run, an operator's act, or a question of a command, which is no act. */
type Ended = 'run' | { readonly act: Act['kind'] | undefined };

/**
 * The runbook's advice on an error. A row that quotes words of a message is only for messages with those words, and comes
 * before the row for the error alone.
 *
 * @returns undefined when the runbook does not name the error, or does not exist
 */
export function adviceFor(error: string, message = '', of: Ended = 'run'): string | undefined {
  if (of !== 'run' && isTransient(error) && error !== 'TransientServiceUnsteady')
    return (of.act && LOOK_FIRST[of.act]) ?? AGAIN;
  let general: string | undefined;
  for (const [, names = '', , advice = ''] of runbook().matchAll(ROW)) {
    const quoted = [...names.matchAll(QUOTED)].map(([, words = '']) => words);
    if (!namesOf(names).some((name) => isCalled(error, name))) continue;
    const text = advice.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
    if (quoted.some((words) => saysSo(message, words))) return text;
    if (quoted.length === 0 && !(of !== 'run' && ONLY_OF_RUNS.includes(error))) general ??= text;
  }
  return general;
}
