import pc from 'picocolors';
import type { Verdict } from './together';

const WIDTH = 62;

export const headLine = () => `\n${'attack technique'.padEnd(WIDTH)} seconds  found by`;

/** One line for the technique, and one for each thing that is not as expected. */
export function verdictLines(verdict: Verdict): string[] {
  const { technique, check, foundBy, found, evidence, expectedEvidence, falseAlarms, seconds } = verdict;
  const others = foundBy.filter((id) => id !== check);
  const by = [found ? pc.green(check) : pc.red(`not by ${check}`), ...others].join(', ');
  return [
    `${technique.padEnd(WIDTH)} ${seconds.toFixed(2).padStart(7)}  ${by}`,
    ...(found ? [] : [pc.red(`  its evidence should name "${expectedEvidence}", and says: ${evidence}`)]),
    ...falseAlarms.map((alarm) => pc.red(`  false alarm after the revert: ${alarm}`)),
  ];
}

export function closingLine(verdicts: readonly Verdict[]): string {
  const survivors = verdicts.filter(({ found }) => !found);
  const alarms = verdicts.filter(({ falseAlarms }) => falseAlarms.length > 0);
  const checks = new Set(verdicts.map(({ check }) => check));
  const found = `${verdicts.length - survivors.length} of ${verdicts.length} attack techniques found`;
  const line = `${found}, by ${checks.size} checks; false alarms: ${alarms.length}`;
  return survivors.length === 0 && alarms.length === 0 ? pc.green(line) : pc.red(line);
}
