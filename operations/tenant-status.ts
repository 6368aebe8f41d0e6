import { DescribeExecutionCommand, type DescribeExecutionOutput, type SFNClient } from '@aws-sdk/client-sfn';
import { executionLink, failureReport, failureText } from '../functions/contract/failure-report';
import type { RefusedSignup, TenantRecord } from '../functions/contract/records';
import type { FailureReport, Outcome } from '../functions/contract/tenant';
import { reportOf } from '../functions/runs/notice-end';
import { describeRunEnd, isForgotten } from '../functions/runs/run-end';
import { historyOf } from './executions';
import { visitsOf } from './progress';

/** What an operator asks about a tenant. */
export interface TenantStatus {
  readonly tenantId: string;
  readonly signupId: string;
  readonly companyName: string | undefined;
  readonly subdomain: string | undefined;
  readonly status: TenantRecord['status'];
  readonly since: string;
  readonly run: {
    readonly executionArn: string;
    /** Undefined when AWS has forgotten it. */
    readonly status: string | undefined;
    readonly redrivable: boolean;
    /** AWS's words, where it is not. */
    readonly notRedrivableBecause: string | undefined;
    readonly redriveCount: number;
    /** Where it is, while it runs. */
    readonly at: readonly string[];
  };
  readonly failure: FailureReport | undefined;
  readonly links: Readonly<Record<'execution' | 'stacks', string>>;
}

async function describe(sfn: SFNClient, executionArn: string): Promise<DescribeExecutionOutput | undefined> {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  } catch (thrown) {
    if (isForgotten(thrown)) return undefined;
    throw thrown;
  }
}

/** Of a run that is over, these say that nobody has recorded its end yet. */
const UNRECORDED: readonly (Outcome | undefined)[] = [undefined, 'rolling-back'];

/** As it is on record; a run whose end nobody has recorded yet is told as the watchdog will. */
async function failureOf(sfn: SFNClient, record: TenantRecord | RefusedSignup, status = '') {
  const { executionArn, failure } = record;
  if (['FAILED', 'ABORTED', 'TIMED_OUT'].includes(status) && UNRECORDED.includes(failure?.outcome)) {
    const end = await describeRunEnd(sfn, executionArn);
    return end && reportOf(end, record);
  }
  return failure && failureReport({ ...failure, executionArn, failure });
}

function notRedrivable(execution: DescribeExecutionOutput | undefined): string | undefined {
  if (!execution) return 'AWS has forgotten the execution';
  if (execution.redriveStatus === 'REDRIVABLE') return undefined;
  return execution.redriveStatusReason ?? 'AWS does not say why';
}

function stacksLink(executionArn: string, tenantId: string): string {
  const region = executionArn.split(':')[3] ?? '';
  const filter = `filteringText=tenant-${tenantId}&filteringStatus=all`;
  return `https://${region}.console.aws.amazon.com/cloudformation/home?region=${region}#/stacks?${filter}`;
}

/** Everything that a tenant's record and its execution say, the failure as all of them tell it. */
export async function statusOf(sfn: SFNClient, record: TenantRecord | RefusedSignup): Promise<TenantStatus> {
  const { executionArn, tenantId, signupId, companyName, subdomain, status, updatedAt } = record;
  const execution = await describe(sfn, executionArn);
  const running = execution?.status === 'RUNNING';
  const visits = running ? visitsOf(await historyOf(sfn, executionArn)) : [];
  // Of a run that is under way again, an earlier failure is history.
  const history = running && record.failure?.outcome !== 'rolling-back';
  const failure = history ? undefined : await failureOf(sfn, record, execution?.status);
  const useless = failure?.error === 'InvalidSignup' ? 'a malformed signup stays malformed' : undefined;
  const notRedrivableBecause = useless ?? notRedrivable(execution);
  return {
    tenantId,
    signupId,
    companyName,
    subdomain,
    status,
    since: updatedAt,
    run: {
      executionArn,
      status: execution?.status,
      redrivable: notRedrivableBecause === undefined,
      notRedrivableBecause,
      redriveCount: execution?.redriveCount ?? 0,
      at: visits.filter(({ leftAt }) => !leftAt).map(({ state }) => state),
    },
    failure,
    links: { execution: executionLink(executionArn), stacks: stacksLink(executionArn, tenantId) },
  };
}

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
    `             ${run.status ?? 'forgotten by AWS'}${onwards}${redriven}${run.at.length > 0 ? `, at ${run.at.join(', ')}` : ''}`,
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
