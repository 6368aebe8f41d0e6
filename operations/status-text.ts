import { failureText } from '../functions/contract/failure-report';
import type { TenantStatus } from './client/tenant-status';

/** How a tenant stands, as a person at a terminal reads it. */
export function statusText({ run, failure, links, ...tenant }: TenantStatus): string {
  const { companyName = '(no name)', subdomain = 'no subdomain', tenantId, signupId, status, since } = tenant;
  const redriven =
    run.redriveCount > 0 ? `, redriven ${run.redriveCount} ${run.redriveCount > 1 ? 'times' : 'time'}` : '';
  const onwards = run.redrivable ? ', redrivable' : '';
  return [
    `${companyName} (${subdomain})`,
    `  tenant     ${tenantId}, ${status} since ${since}`,
    `  signup     ${signupId}`,
    `  execution  ${run.executionArn}`,
    `             ${run.status ?? 'deleted by AWS'}${onwards}${redriven}${run.at.length > 0 ? `, at ${run.at.join(', ')}` : ''}`,
    `  stacks     ${links.stacks}`,
    ...(failure
      ? [
          '',
          failure.error,
          ...failureText(failure)
            .split('\n')
            .map((line) => `  ${line}`),
        ]
      : []),
  ].join('\n');
}
