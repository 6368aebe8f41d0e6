import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import {
  METRICS_NAMESPACE,
  METRICS_SERVICE,
  type MetricName,
  SERVICE_METRICS,
  type ServiceMetricName,
} from '../../functions/contract/metrics';

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

/** A metric that the shared service writes (service/behind-tenant.ts). */
export const serviceMetric = (metricName: ServiceMetricName, period: Duration) =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { service: SERVICE_METRICS },
    period,
    statistic: 'Sum',
  });

/** The messages that wait on a queue. */
export const waitingIn = (queue: IQueue) =>
  queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
