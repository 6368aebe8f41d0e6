import pc from 'picocolors';
import type { ChangedAnswer, Comparison } from '../functions/isolation/compare-reports';

const GOOD = 'passed';

function answerText({ id, title, before, after, evidence }: ChangedAnswer): string[] {
  const colour = after === GOOD ? pc.green : pc.red;
  return [`  ${colour(`${before} → ${after}`)}  ${pc.bold(title)}  ${id}`, `      ${evidence}`];
}

/** Two reports about one tenant as a person reads them: what has another verdict, then what was made of something else. */
export function comparisonText({ earlier, later, answers, values, same, askedOnce }: Comparison): string {
  const head = ({ verifiedAt, verifiedBy }: Comparison['later']) => `${verifiedAt} by ${verifiedBy}`;
  return [
    `earlier  ${head(earlier)}`,
    `later    ${head(later)}`,
    '',
    `${answers.length} checks with another verdict, ${same} with the same`,
    ...answers.flatMap(answerText),
    ...(askedOnce.length > 0 ? ['', `passed where asked, and asked in one report only: ${askedOnce.join(', ')}`] : []),
    ...(values.length > 0 ? ['', 'other values'] : []),
    ...values.map(({ what, before, after }) => `  ${what}: ${before} → ${after}`),
  ].join('\n');
}
