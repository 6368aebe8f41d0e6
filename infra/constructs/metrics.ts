import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_NAMESPACE, METRICS_SERVICE, type MetricName } from '../../functions/contract/metrics';

/** A metric that the functions write (functions/shared/meter.ts). */
export const platformMetric = (
  metricName: MetricName,
  period: Duration,
  statistic: 'Sum' | 'Maximum' | 'Minimum' = 'Sum',
) =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { service: METRICS_SERVICE },
    period,
    statistic,
  });
