import {
  type CloudWatchClient,
  DeleteAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { Revert } from '../technique';

/** An alarm of another team, or of an operator: on a metric of their own unless the properties say otherwise. */
export async function anAlarm(
  cloudwatch: CloudWatchClient,
  AlarmName: string,
  properties: Partial<PutMetricAlarmCommandInput>,
): Promise<Revert> {
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName, Namespace: 'Team', MetricName: 'Errors', Statistic: 'Sum', Period: 60 },
      ...{ EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
      ...properties,
    }),
  );
  return () => cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] }));
}
