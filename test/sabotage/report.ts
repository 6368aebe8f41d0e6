import pc from 'picocolors';
import type { Verdict } from './trial';

const WIDTH = 62;

export const headLine = () => `\n${'sabotage'.padEnd(WIDTH)} seconds  found by`;

/** One line, and one for each thing that is not as it must be. */
export function verdictLines(verdict: Verdict): string[] {
  const { sabotage, check, foundBy, found, evidence, cause, falseAlarms, seconds } = verdict;
  const others = foundBy.filter((id) => id !== check);
  const by = [found ? pc.green(check) : pc.red(`not by ${check}`), ...others].join(', ');
  return [
    `${sabotage.padEnd(WIDTH)} ${seconds.toFixed(2).padStart(7)}  ${by}`,
    ...(found ? [] : [pc.red(`  its evidence should name "${cause}", and says: ${evidence}`)]),
    ...falseAlarms.map((alarm) => pc.red(`  false alarm after mending: ${alarm}`)),
  ];
}

export function closingLine(verdicts: readonly Verdict[]): string {
  const survivors = verdicts.filter(({ found }) => !found);
  const alarms = verdicts.filter(({ falseAlarms }) => falseAlarms.length > 0);
  const checks = new Set(verdicts.map(({ check }) => check));
  const line = `${verdicts.length - survivors.length} of ${verdicts.length} sabotages found, by ${checks.size} checks; false alarms: ${alarms.length}`;
  return survivors.length === 0 && alarms.length === 0 ? pc.green(line) : pc.red(line);
}
