import pc from 'picocolors';
import { type BenignVerdict, isUnharmed } from './try-change';

/** One line for each benign change, one for each check that it disturbs, and a closing line. */
export function benignLines(verdicts: readonly BenignVerdict[]): string[] {
  const disturbed = verdicts.filter((verdict) => !isUnharmed(verdict));
  const down = verdicts.filter(({ takesDown }) => takesDown);
  const closing = `${disturbed.length} of ${verdicts.length} benign changes fail a check, ${down.length} take the tenant down`;
  return [
    '\nbenign change',
    ...verdicts.flatMap((verdict) => [
      `${isUnharmed(verdict) ? pc.green('✓') : pc.red('✗')} ${verdict.change}`,
      ...[...verdict.failing, ...verdict.open].map((line) => pc.red(`  ${line}`)),
    ]),
    disturbed.length === 0 ? pc.green(closing) : pc.red(closing),
  ];
}
