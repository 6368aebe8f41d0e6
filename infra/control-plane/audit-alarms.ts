import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { MetricName } from '../../functions/contract/metrics';
import type { StageConfig } from '../config/stages';
import { platformMetric } from '../constructs/metrics';
import { PER_MINUTE, platformAlarms } from '../constructs/platform-alarm';
import type { RunbookSection } from '../constructs/runbook-link';

export interface AuditAlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly machine: StateMachine;
}

/** An alarm that keeps ringing until the next audit finds none. */
const finding = (metric: MetricName, impact: string, runbook: RunbookSection) => ({
  metric: platformMetric(metric, Duration.minutes(1)),
  withoutData: 'as-before' as const,
  impact,
  runbook,
});

/**
 * Alarms for isolation that is lost or unknown. Those of findings ring until an audit finds no such
 * tenant: an audit reports its metrics once a day, so missing data does not change their state.
 * The message of ReportBreach names the tenants and the failed checks.
 */
export class AuditAlarms extends Construct {
  constructor(scope: Construct, id: string, props: AuditAlarmsProps) {
    super(scope, id);
    const { machine } = props;
    platformAlarms(this, props, {
      TenantDrifted: finding(
        'TenantsDrifted',
        'a tenant in service is not isolated. Others may reach its data, or it may reach the data of another tenant.',
        'docs/runbook.md#tenant-drifted',
      ),
      TenantUnverified: finding(
        'TenantsUnverified',
        'it is unknown whether a tenant in service is isolated: the audit could not verify the tenant today.',
        'docs/runbook.md#tenant-unverified',
      ),
      SuspensionsHeld: finding(
        'SuspensionsHeld',
        'many tenants fail critical checks for one cause, and the audit has suspended none of them.',
        'docs/runbook.md#many-tenants-fail-at-once',
      ),
      SurroundingsFailing: finding(
        'SurroundingsFailing',
        'what all tenants of a cell share and trust is not as the release made it, or could not be read.',
        'docs/runbook.md#surroundings',
      ),
      TenantsUncounted: finding(
        'TenantsUncounted',
        'route items, rules or buckets do not match the tenants audited: a tenant may have left the audit.',
        'docs/runbook.md#uncounted-tenants',
      ),
      AuditFailed: {
        metric: machine.metricFailed(PER_MINUTE),
        impact: 'the daily audit has failed: it is unknown whether the remaining tenants are isolated.',
        runbook: 'docs/runbook.md#audit-failed',
      },
      AuditTimedOut: {
        metric: machine.metricTimedOut(PER_MINUTE),
        impact: 'the daily audit did not end within a day: it is unknown whether the remaining tenants are isolated.',
        runbook: 'docs/runbook.md#audit-failed',
      },
      AuditMissing: {
        metric: platformMetric('AuditsDone', Duration.days(1)),
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: 2,
        withoutData: 'rings',
        impact: 'no audit has ended for two days: nobody notices a tenant that has lost its isolation.',
        runbook: 'docs/runbook.md#audit-failed',
      },
    });
  }
}
