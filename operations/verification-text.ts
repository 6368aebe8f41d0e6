import pc from 'picocolors';
import { CHECK_GROUPS } from '../functions/isolation/check';
import { GROUP_TITLES } from '../functions/isolation/evidence-page';
import type { Evidence } from '../functions/isolation/evidence-report';
import { type Answer, openOf } from '../functions/isolation/report';
import type { Verification } from './client/verification';

const mark = (passed: boolean) => (passed ? pc.green('✓') : pc.red('✗'));

function groupText(title: string, answers: readonly Answer[]): string[] {
  const failed = answers.filter(({ passed }) => !passed);
  const count = failed.length === 0 ? `${answers.length} passed` : `${failed.length} of ${answers.length} failed`;
  return [
    `  ${mark(failed.length === 0)} ${title.padEnd(20)} ${count}`,
    ...failed.flatMap(({ id, title: check, severity, control, evidence, remediation }) => [
      `      ${pc.red('✗')} ${pc.bold(check)}  ${severity}, ${id}, ${control}`,
      `        ${evidence}`,
      ...(remediation ? [`        → ${remediation.action} ${pc.dim(remediation.runbook)}`] : []),
    ]),
  ];
}

/** One line for each reason: without an audit, what tenants share has thirty checks with one reason. */
function notAskedText(notAsked: NonNullable<Evidence['notAsked']>): string[] {
  const byReason = Map.groupBy(notAsked, ({ because }) => because);
  return [...byReason].map(([because, left]) => `  not asked  ${because}: ${left.map(({ id }) => id).join(', ')}`);
}

/** A verification as text: the verdict, what failed and why, and where the whole report is. */
export function verificationText(verification: Verification): string {
  if (verification.verdict === 'skipped') {
    return `tenant ${verification.tenantId} is ${verification.status}: only a tenant in service can be verified`;
  }
  const { evidence, tenantId, host, status, digest, report, failed } = verification;
  const { checks, passed, verifiedAt, verifiedBy, codeVersion, cell, notAsked = [] } = evidence;
  const open = openOf(evidence).length;
  const broken =
    failed.length > 0 ? `not isolated: ${failed.length} of ${checks.length} checks failed` : 'not verified';
  const unanswered = open > 0 ? `, ${open} could not be answered` : '';
  const verdict = passed ? pc.green(`isolated: all ${checks.length} checks passed`) : pc.red(`${broken}${unanswered}`);
  return [
    `${pc.bold(host)}  ${mark(passed)} ${verdict}`,
    `  tenant ${tenantId}, ${status}, cell ${cell}`,
    '',
    ...CHECK_GROUPS.flatMap((group) => {
      const answers = checks.filter((answer) => answer.group === group);
      return answers.length > 0 ? groupText(GROUP_TITLES[group], answers) : [];
    }),
    '',
    ...notAskedText(notAsked),
    `  verified   ${verifiedAt} by ${verifiedBy}`,
    `  code       ${codeVersion}`,
    `  report     ${report}`,
    `  SHA-256    ${digest}`,
  ].join('\n');
}
