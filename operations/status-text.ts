import { failureText } from '../functions/contract/failure-report';
import type { TenantStatus } from './client/tenant-status';

type Run = TenantStatus['run'];

function stateText({ status, redrivable, redriveCount, at }: Run): string {
  return [
    status ?? 'deleted by AWS',
    ...(redrivable ? ['redrivable'] : []),
    ...(redriveCount > 0 ? [`redriven ${redriveCount} ${redriveCount > 1 ? 'times' : 'time'}`] : []),
    ...(at.length > 0 ? [`at ${at.join(', ')}`] : []),
  ].join(', ');
}

/** Facts that an operator must know before a redrive. */
function notes({ status, redrivable, notRedrivableBecause, olderThanMachine }: Run): string[] {
  const hasFailed = status !== 'RUNNING' && status !== 'SUCCEEDED';
  return [
    ...(hasFailed && notRedrivableBecause ? [`not redrivable: ${notRedrivableBecause}`] : []),
    ...(olderThanMachine ? ['began with an older definition of the state machine'] : []),
    ...(olderThanMachine && redrivable
      ? ['a redrive keeps the older definition; `npm run redrive -- --anew` takes the present one']
      : []),
  ];
}

const indented = (text: string) => text.split('\n').map((line) => `  ${line}`);

/** State of a tenant, as text. */
export function statusText({ run, failure, suspension, audit, restoring, links, ...tenant }: TenantStatus): string {
  const { companyName = '(no name)', subdomain = 'no subdomain', url, tenantId, signupId, status, since } = tenant;
  const rows: readonly (readonly [string, string])[] = [
    ['tenant', `${tenantId}, ${status} since ${since}`],
    ...(suspension
      ? ([
          ['suspended', `by ${suspension.by}`],
          ['', `reason: ${suspension.reason}`],
        ] as const)
      : []),
    ...(audit && audit.verdict !== 'isolated'
      ? ([
          ['audit', `${audit.verdict} at ${audit.at}`],
          ['', audit.reason],
        ] as const)
      : []),
    ...(restoring ? ([['restore', `to ${restoring.to}, under way since ${restoring.at}`]] as const) : []),
    ...(url ? ([['url', url]] as const) : []),
    ['signup', signupId],
    ['execution', run.executionArn],
    ...[stateText(run), ...notes(run)].map((note) => ['', note] as const),
    ['stacks', links.stacks],
  ];
  return [
    `${companyName} (${subdomain})`,
    ...rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`),
    ...(failure ? ['', failure.error, ...indented(failureText(failure))] : []),
  ].join('\n');
}
