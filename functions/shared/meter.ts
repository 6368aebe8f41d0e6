import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS_NAMESPACE, METRICS_SERVICE, type MetricName } from '../contract/metrics';

export interface Meter {
  /** Writes zeros too: an alarm distinguishes 0 from missing data. */
  readonly count: (name: MetricName, value: number) => void;
}

const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: METRICS_SERVICE });

/**
 * Writes metrics in CloudWatch's embedded metric format: as a line of the log, without an API call.
 */
export const meter: Meter = {
  count: (name, value) => metrics.singleMetric().addMetric(name, MetricUnit.Count, value),
};
