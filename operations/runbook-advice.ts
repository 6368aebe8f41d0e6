import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
/** Of an act that AWS has throttled, or whose effect it does not show yet. Every act may be given again. */
const AGAIN = 'give the command again: it does what is still missing';

/**
 * The runbook's advice on an error. A row that quotes words of a message is only for messages with those words, and comes
 * before the row for the error alone.
 *
 * @param of what ended with the error: a run, or an operator's act
 * @returns undefined when the runbook does not name the error, or does not exist
 */
export function adviceFor(error: string, message = '', of: 'run' | 'act' = 'run'): string | undefined {
  if (of === 'act' && isTransient(error) && error !== 'TransientServiceUnsteady') return AGAIN;
  let general: string | undefined;
  for (const [, names = '', , advice = ''] of runbook().matchAll(ROW)) {
    const quoted = [...names.matchAll(QUOTED)].map(([, words = '']) => words);
    if (!namesOf(names).some((name) => isCalled(error, name))) continue;
    const text = advice.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
    if (quoted.some((words) => saysSo(message, words))) return text;
    if (quoted.length === 0 && !(of === 'act' && ONLY_OF_RUNS.includes(error))) general ??= text;
  }
  return general;
}
