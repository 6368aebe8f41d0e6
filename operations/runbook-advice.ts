import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row in the runbook's tables of errors: error names, meaning, what to do. */
const ROW = /^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm;

function runbook(): string {
  try {
    return readFileSync(join(__dirname, '../docs/runbook.md'), 'utf8');
  } catch {
    return '';
  }
}

/**
 * The runbook's advice on an error. Undefined when the runbook does not name it, or does not
 * exist.
 */
export function adviceFor(error: string): string | undefined {
  for (const [, names = '', , advice = ''] of runbook().matchAll(ROW))
    if (names.split(/[,\s]+/).includes(error)) return advice.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return undefined;
}
