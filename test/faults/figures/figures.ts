import Table from 'cli-table3';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { equalEvents } from './equal-events';
import type { Figure } from './figure';
import { rollbackTime } from './rollback-time';
import { slotCount } from './slot-count';
import { subdomainRaces } from './subdomain-races';

/** What many onboardings come to, and how long a rollback takes; that first, while nothing else is at work. */
export async function figures(
  lab: Lab,
  recording: Recording,
  seed: string,
  done: (figure: Figure) => void,
): Promise<Figure[]> {
  const found: Figure[] = [];
  for (const measure of [rollbackTime, subdomainRaces, slotCount, equalEvents]) {
    for (const one of await measure(lab, recording, seed)) {
      found.push(one);
      done(one);
    }
  }
  return found;
}

export function figuresTable(found: readonly Figure[]): string {
  const table = new Table({
    head: ['figure', 'value', 'limit', ''],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'left'],
  });
  for (const { name, value, unit, limit, ok } of found) {
    table.push([name, `${value} ${unit}`.trim(), limit, ok ? 'ok' : 'MISSED']);
  }
  return table.toString();
}
