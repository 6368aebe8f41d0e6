import type { DescribeExecutionOutput, SFNClient } from '@aws-sdk/client-sfn';
import { executionLink, failureReport } from '../../functions/contract/failure-report';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import type { FailureReport, Outcome } from '../../functions/contract/tenant';
import { workflowNamed } from '../../functions/contract/workflows';
import { reportOf } from '../../functions/runs/notice-end';
import { describeRunEnd } from '../../functions/runs/run-end';
import { describe } from '../../functions/shared/described-execution';
import { historyOf, isOlderThanMachine } from './executions';
import { statesUnderWay, visitsOf } from './progress';

/** State of a tenant: its record, its latest execution, and its failure, if any. */
export interface TenantStatus {
  readonly tenantId: string;
  readonly signupId: string;
  readonly companyName: string | undefined;
  readonly subdomain: string | undefined;
  /** Undefined for a signup that was refused. */
  readonly url: string | undefined;
  readonly status: TenantRecord['status'];
  readonly since: string;
  readonly run: {
    readonly executionArn: string;
    /** Undefined when AWS has deleted the execution. */
    readonly status: string | undefined;
    readonly redrivable: boolean;
    /** The reason, in AWS's words; undefined where the execution is redrivable. */
    readonly notRedrivableBecause: string | undefined;
    /**
     * Whether the state machine has another definition by now; a redrive keeps the old one.
     * Undefined for a run that has succeeded, and when the definitions cannot be read.
     */
    readonly olderThanMachine: boolean | undefined;
    readonly redriveCount: number;
    /** States that a running execution is in. */
    readonly at: readonly string[];
  };
  readonly failure: FailureReport | undefined;
  /** For a SUSPENDED tenant: since when, by which execution or person, and why. */
  readonly suspension: TenantRecord['suspension'];
  /** What the last audit has found, unless all checks have passed since. */
  readonly audit: TenantRecord['audit'];
  /** A restore of the database that is under way. */
  readonly restoring: TenantRecord['restoring'];
  readonly links: Readonly<Record<'execution' | 'stacks', string>>;
}

/** Outcomes on record that say that the end of the run is not recorded yet. */
const UNRECORDED: readonly (Outcome | undefined)[] = [undefined, 'rolling-back'];

/**
 * The failure on record or, when the end of the run is not recorded yet, the failure that the
 * watchdog will record.
 */
async function failureOf(sfn: SFNClient, record: TenantRecord | RefusedSignup, status = '') {
  const { executionArn, failure } = record;
  if (['FAILED', 'ABORTED', 'TIMED_OUT'].includes(status) && UNRECORDED.includes(failure?.outcome)) {
    const end = await describeRunEnd(sfn, executionArn);
    return end && reportOf(end, record);
  }
  return failure && failureReport({ ...failure, executionArn, failure });
}

/** Why a redrive would not help, whatever AWS allows. */
function uselessBecause({ status }: TenantRecord | RefusedSignup, failure: FailureReport | undefined) {
  if (failure?.error === 'InvalidSignup') return 'the signup is malformed, and a redrive reads the same signup';
  if (status === 'FAILED' && failure?.error === 'OnboardingAbandoned') return 'the onboarding was abandoned';
  return undefined;
}

function notRedrivable(execution: DescribeExecutionOutput | undefined): string | undefined {
  if (!execution) return 'AWS has deleted the execution';
  if (execution.redriveStatus === 'REDRIVABLE') return undefined;
  return execution.redriveStatusReason ?? 'AWS gives no reason';
}

/**
 * The definitions are optional: an operator without permission to read them still gets the rest.
 */
const olderThanMachine = (sfn: SFNClient, executionArn: string) =>
  isOlderThanMachine(sfn, executionArn).catch(() => undefined);

function stacksLink(executionArn: string, tenantId: string): string {
  const region = executionArn.split(':')[3] ?? '';
  const filter = `filteringText=tenant-${tenantId}&filteringStatus=all`;
  return `https://${region}.console.aws.amazon.com/cloudformation/home?region=${region}#/stacks?${filter}`;
}

/** Whether all checks have passed since the last audit. */
const isMended = ({ audit, verification }: TenantRecord) =>
  audit !== undefined &&
  verification !== undefined &&
  verification.verifiedAt > audit.at &&
  (verification.failed ?? []).length === 0;

/**
 * Combines the tenant's record and its execution. The failure has the words of record and event.
 */
export async function statusOf(sfn: SFNClient, record: TenantRecord | RefusedSignup): Promise<TenantStatus> {
  const { executionArn, tenantId, signupId, companyName, subdomain, status, updatedAt } = record;
  const execution = await describe(sfn, executionArn);
  const running = execution?.status === 'RUNNING';
  const visits = running ? visitsOf(await historyOf(sfn, executionArn)) : [];
  // A redriven execution that is running has no failure; the record still has the earlier one.
  // An equal event has announced the tenant whose run had ended before it did.
  const isAnnounced = 'announcedAt' in record && record.announcedAt !== undefined;
  const isPast = isAnnounced || (running && record.failure?.outcome !== 'rolling-back');
  const failure = isPast ? undefined : await failureOf(sfn, record, execution?.status);
  const notRedrivableBecause = uselessBecause(record, failure) ?? notRedrivable(execution);
  return {
    tenantId,
    signupId,
    companyName,
    subdomain,
    // A rollback gives the name back: the address may be another tenant's by now.
    url: 'url' in record && status !== 'FAILED' ? record.url : undefined,
    status,
    since: updatedAt,
    run: {
      executionArn,
      status: execution?.status,
      redrivable: notRedrivableBecause === undefined,
      notRedrivableBecause,
      olderThanMachine:
        execution && execution.status !== 'SUCCEEDED' ? await olderThanMachine(sfn, executionArn) : undefined,
      redriveCount: execution?.redriveCount ?? 0,
      at: statesUnderWay(visits, workflowNamed('TenantOnboarding')),
    },
    failure,
    suspension: 'suspension' in record ? record.suspension : undefined,
    audit: 'audit' in record && !isMended(record) ? record.audit : undefined,
    restoring: 'restoring' in record ? record.restoring : undefined,
    links: { execution: executionLink(executionArn), stacks: stacksLink(executionArn, tenantId) },
  };
}
