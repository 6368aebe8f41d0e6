import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS_NAMESPACE, METRICS_SERVICE, type MetricName } from '../contract/metrics';

export interface Meter {
  /** Zero counts too: an alarm can tell it from silence. */
  readonly count: (name: MetricName, value: number) => void;
}

const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: METRICS_SERVICE });

/** CloudWatch's embedded metric format: a line of the function's log, no call of an API. */
export const meter: Meter = {
  count: (name, value) => metrics.singleMetric().addMetric(name, MetricUnit.Count, value),
};
