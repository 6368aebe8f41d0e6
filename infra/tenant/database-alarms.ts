import { aws_cloudwatch as cloudwatch } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { MAX_CONNECTIONS } from '../../functions/contract/connections';

const GIB = 1024 ** 3;

interface DatabaseAlarm {
  readonly metric: string;
  readonly statistic: 'Average' | 'Minimum' | 'Maximum' | 'SampleCount';
  readonly comparison: 'GreaterThanThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  /** Number of consecutive minutes over the threshold. */
  readonly minutes: number;
  /** What the tenant's users notice. */
  readonly impact: string;
  /** Minutes without a value count as over the threshold. */
  readonly silenceRings?: true;
}

export const PRIMARY_ALARMS = {
  CpuAlarm: {
    metric: 'CPUUtilization',
    statistic: 'Average',
    comparison: 'GreaterThanThreshold',
    threshold: 80,
    minutes: 15,
    impact: 'pages of this tenant answer slowly; the instance class may be too small for the tenant',
  },
  FreeStorageAlarm: {
    // Storage autoscaling acts below 10 % (5 GiB of the smallest plan). Less means that it did not
    // act or cannot.
    metric: 'FreeStorageSpace',
    statistic: 'Minimum',
    comparison: 'LessThanThreshold',
    threshold: 3 * GIB,
    minutes: 15,
    impact: 'the database of this tenant refuses writes once its storage is full; storage autoscaling has not helped',
  },
  ConnectionsAlarm: {
    metric: 'DatabaseConnections',
    statistic: 'Maximum',
    comparison: 'GreaterThanThreshold',
    threshold: MAX_CONNECTIONS * 0.8,
    minutes: 5,
    impact: 'soon the shared service cannot open connections to this database, and pages of this tenant fail',
  },
  SilentAlarm: {
    // RDS tells it every minute of an instance that runs, and nothing of one that is stopped, failed or gone.
    metric: 'CPUUtilization',
    statistic: 'SampleCount',
    comparison: 'LessThanThreshold',
    threshold: 1,
    minutes: 15,
    impact: 'the database of this tenant is stopped, has failed or is gone: its forms and leads answer 503',
    silenceRings: true,
  },
} as const satisfies Record<string, DatabaseAlarm>;

export const REPLICA_LAG_ALARM = {
  metric: 'ReplicaLag',
  statistic: 'Maximum',
  comparison: 'GreaterThanThreshold',
  threshold: 300,
  minutes: 10,
  impact: 'reports of this tenant show old data, and the log on the primary grows until the replica catches up',
} as const satisfies DatabaseAlarm;

interface DatabaseAlarmProps {
  readonly tenantId: string;
  readonly instanceId: string;
  readonly topicArn: string;
  readonly runbookUrl: string;
}

export function databaseAlarm(scope: Construct, id: string, alarm: DatabaseAlarm, props: DatabaseAlarmProps) {
  return new cloudwatch.CfnAlarm(scope, id, {
    alarmDescription: `Impact on tenant ${props.tenantId}: ${alarm.impact}. What to do: ${props.runbookUrl}#tenant-database`,
    namespace: 'AWS/RDS',
    metricName: alarm.metric,
    dimensions: [{ name: 'DBInstanceIdentifier', value: props.instanceId }],
    statistic: alarm.statistic,
    comparisonOperator: alarm.comparison,
    threshold: alarm.threshold,
    period: 60,
    evaluationPeriods: alarm.minutes,
    // "Configuring how CloudWatch alarms treat missing data".
    ...(alarm.silenceRings && { treatMissingData: 'breaching' }),
    alarmActions: [props.topicArn],
    okActions: [props.topicArn],
  });
}
