import { conflictEvent, failureEvent, orderOf, SIGNUP_CONFLICT, TENANT_ONBOARDING_FAILED } from '../contract/events';
import { failureReport } from '../contract/failure-report';
import { tenantIdOf } from '../contract/naming';
import type { RefusedSignup, TenantRecord } from '../contract/records';
import { readableSignupId } from '../contract/signup';
import { differingFields } from '../contract/signup-difference';
import type { FailureReport, Outcome } from '../contract/tenant';
import { recordRefusal } from '../outcome/record-failure';
import { type EventBus, publish } from '../shared/event-publisher';
import { logger } from '../shared/logger';
import type { Meter } from '../shared/meter';
import { findRefusal, findTenant, noteEnd } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import type { RunEnd } from './run-end';

export interface NoticeEndDeps {
  readonly table: TenantsTable;
  readonly bus: EventBus;
  readonly meter: Meter;
  readonly now: () => Date;
}

/**
 * - `unfinished`: resources may exist
 * - `unannounced`: the tenant is ACTIVE, and the event TenantOnboarded is missing
 * - `concluded`: the run had recorded its failure itself
 * - `foreign`: another execution owns the tenant
 */
export type Notice = 'unfinished' | 'unannounced' | 'concluded' | 'foreign';

const CONCLUDING: ReadonlySet<Outcome> = new Set(['rolled-back', 'held', 'refused']);

/**
 * The report that PublishFailure has recorded, if the run ended between PublishFailure and
 * ConcludeFailure.
 */
function concludedBy(executionArn: string, record: TenantRecord | RefusedSignup | undefined) {
  const failure = record?.executionArn === executionArn ? record.failure : undefined;
  if (!failure || !CONCLUDING.has(failure.outcome)) return undefined;
  return failureReport({ executionArn, failure, outcome: failure.outcome });
}

/** For a run that ended in its rollback, the failure that started the rollback stays the reason. */
export function reportOf(
  { executionArn, failure, undone }: RunEnd,
  record: Pick<TenantRecord, 'status' | 'activatedAt' | 'failure'> | undefined,
): FailureReport {
  if (record?.activatedAt) return failureReport({ executionArn, failure, outcome: 'unannounced' });
  const first = record?.status === 'ROLLING_BACK' ? record.failure : undefined;
  return failureReport({
    executionArn,
    failure: first ?? failure,
    outcome: 'unfinished',
    undone,
    stoppedAt: first && failure,
  });
}

/**
 * Records and publishes the end of a run that has not done so itself. It may be called twice for
 * one end.
 *
 * 1. If another execution owns the tenant, change nothing: that execution has taken over the
 *    tenant, or this run was a duplicate. If this run's signup differs from the tenant's, publish
 *    `SignupConflict`.
 * 2. Record the failure, on the condition that owner and status are as they were read. A failure
 *    that the run has recorded itself stays, and a tenant that an equal event has announced has none. If the tenant has no record, the signup gets a record
 *    of its own.
 * 3. Publish `TenantOnboardingFailed`, except for a tenant in service: an ACTIVE one, or one whose
 *    record was lost.
 */
export async function noticeEnd({ table, bus, meter, now }: NoticeEndDeps, end: RunEnd): Promise<Notice> {
  const { executionArn, input, redriveCount } = end;
  const signupId = readableSignupId(input);
  const tenantId = signupId === undefined ? undefined : tenantIdOf(signupId);
  const record = tenantId === undefined ? undefined : await findTenant(table, tenantId);
  if (record && record.executionArn !== executionArn) {
    if (differingFields(input, record).length > 0)
      await publish(bus, SIGNUP_CONFLICT, conflictEvent(record, end, orderOf(redriveCount, now())));
    return 'foreign';
  }
  const refusal = tenantId === undefined || record ? undefined : await findRefusal(table, tenantId);
  const concluded = concludedBy(executionArn, record ?? refusal);
  const report = concluded ?? reportOf(end, record);
  const noticedAt = now();
  const at = noticedAt.toISOString();
  if (record && !concluded && !record.announcedAt) await noteEnd(table, record, { ...report, at });
  if (signupId && tenantId && !record && !concluded) {
    await recordRefusal(table, { tenantId, executionArn, failure: report, at }, { signupId, input });
  }
  if (report.outcome !== 'unannounced' && end.failure.error !== 'TenantRecordLost') {
    await publish(
      bus,
      TENANT_ONBOARDING_FAILED,
      failureEvent(report, { signupId, executionArn }, orderOf(redriveCount, noticedAt)),
    );
  }
  meter.count('UnfinishedRuns', 1);
  logger.error('run.unfinished', { executionArn, tenantId, step: end.failure.step, error: end.failure.error });
  if (concluded) return 'concluded';
  return report.outcome === 'unannounced' ? 'unannounced' : 'unfinished';
}
