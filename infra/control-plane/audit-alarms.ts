import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { platformMetric } from '../constructs/metrics';
import { PlatformAlarm } from '../constructs/platform-alarm';

export interface AuditAlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly machine: StateMachine;
}

/** What an audit may find, by the alarm's construct id: each keeps ringing until the next audit finds none. */
const FINDINGS = {
  TenantDrifted: {
    metric: 'TenantsDrifted',
    impact:
      'a tenant in service is not isolated. Others may reach its data, or it may reach the data of another tenant.',
    section: 'tenant-drifted',
  },
  TenantUnverified: {
    metric: 'TenantsUnverified',
    impact: 'it is unknown whether a tenant in service is isolated: the audit could not verify the tenant today.',
    section: 'tenant-unverified',
  },
  SuspensionsHeld: {
    metric: 'SuspensionsHeld',
    impact: 'many tenants fail critical checks for one cause, and the audit has suspended none of them.',
    section: 'many-tenants-fail-at-once',
  },
  SurroundingsFailing: {
    metric: 'SurroundingsFailing',
    impact: 'what all tenants of a cell share and trust is not as the release made it, or could not be read.',
    section: 'surroundings',
  },
  TenantsUncounted: {
    metric: 'TenantsUncounted',
    impact: 'route items, rules or buckets do not match the tenants audited: a tenant may have left the audit.',
    section: 'uncounted-tenants',
  },
} as const;

/**
 * Alarms for isolation that is lost or unknown. Those of findings ring until an audit finds no such
 * tenant: an audit reports its metrics once a day, so missing data does not change their state.
 * The message of ReportBreach names the tenants and the failed checks.
 */
export class AuditAlarms extends Construct {
  constructor(scope: Construct, id: string, { config, topic, machine }: AuditAlarmsProps) {
    super(scope, id);
    for (const [id, { metric, impact, section }] of Object.entries(FINDINGS))
      new PlatformAlarm(this, id, {
        metric: platformMetric(metric, Duration.minutes(1)),
        withoutData: 'as-before',
        impact,
        runbook: `docs/runbook.md#${section}`,
        config,
        topic,
      });
    new PlatformAlarm(this, 'AuditFailed', {
      metric: machine.metricFailed({ period: Duration.minutes(1), statistic: 'Sum' }),
      impact: 'the daily audit has failed: it is unknown whether the remaining tenants are isolated.',
      runbook: 'docs/runbook.md#audit-failed',
      config,
      topic,
    });
    new PlatformAlarm(this, 'AuditTimedOut', {
      metric: machine.metricTimedOut({ period: Duration.minutes(1), statistic: 'Sum' }),
      impact: 'the daily audit did not end within a day: it is unknown whether the remaining tenants are isolated.',
      runbook: 'docs/runbook.md#audit-failed',
      config,
      topic,
    });
    new PlatformAlarm(this, 'AuditMissing', {
      metric: platformMetric('AuditsDone', Duration.days(1)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      withoutData: 'rings',
      impact: 'no audit has ended for two days: nobody notices a tenant that has lost its isolation.',
      runbook: 'docs/runbook.md#audit-failed',
      config,
      topic,
    });
  }
}
