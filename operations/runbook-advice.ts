import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row of the runbook's tables of errors: error names, what the error means, what to do. */
const ROW = /^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm;

function runbook(): string {
  try {
    return readFileSync(join(__dirname, '../docs/runbook.md'), 'utf8');
  } catch {
    return '';
  }
}

/** What docs/runbook.md says about an error: undefined for one that it does not name, and without a runbook. */
export function adviceFor(error: string): string | undefined {
  for (const [, names = '', , advice = ''] of runbook().matchAll(ROW))
    if (names.split(/[,\s]+/).includes(error)) return advice.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return undefined;
}
