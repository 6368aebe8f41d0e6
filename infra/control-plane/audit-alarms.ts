import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { platformMetric } from '../constructs/metrics';
import { PlatformAlarm } from '../constructs/platform-alarm';

export interface AuditAlarmsProps {
  readonly topic: ITopic;
  readonly machine: StateMachine;
}

/**
 * That isolation has been lost, or is not known. The first two ring until an audit finds nothing any more: an audit counts once
 * a day, and silence in between is no good news. Which tenants, and why, is in a message of its own (ReportBreach).
 */
export class AuditAlarms extends Construct {
  constructor(scope: Construct, id: string, { topic, machine }: AuditAlarmsProps) {
    super(scope, id);
    new PlatformAlarm(this, 'TenantDrifted', {
      metric: platformMetric('TenantsDrifted', Duration.minutes(1)),
      withoutData: 'as-before',
      impact: 'a tenant in service is not isolated: somebody may reach its data, or it another tenant’s.',
      runbook: 'docs/runbook.md#tenant-drifted',
      topic,
    });
    new PlatformAlarm(this, 'TenantUnverified', {
      metric: platformMetric('TenantsUnverified', Duration.minutes(1)),
      withoutData: 'as-before',
      impact: 'it is not known today whether a tenant in service is isolated.',
      runbook: 'docs/runbook.md#tenant-unverified',
      topic,
    });
    new PlatformAlarm(this, 'AuditFailed', {
      metric: machine.metricFailed({ period: Duration.minutes(1), statistic: 'Sum' }),
      impact: 'the daily audit has ended early: it is not known whether some tenants are isolated.',
      runbook: 'docs/runbook.md#audit-failed',
      topic,
    });
    new PlatformAlarm(this, 'AuditTimedOut', {
      metric: machine.metricTimedOut({ period: Duration.minutes(1), statistic: 'Sum' }),
      impact: 'the daily audit did not come to its end in a day: it is not known whether some tenants are isolated.',
      runbook: 'docs/runbook.md#audit-failed',
      topic,
    });
    new PlatformAlarm(this, 'AuditMissing', {
      metric: platformMetric('AuditsDone', Duration.days(1)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      withoutData: 'rings',
      impact: 'no audit has come to its end for two days: isolation that is lost goes unnoticed.',
      runbook: 'docs/runbook.md#audit-failed',
      topic,
    });
  }
}
