import { METRICS_NAMESPACE, SERVICE_METRICS, type ServiceMetricName } from '../functions/contract/metrics';
import type { Visit } from './tenant-context/tenant';

const METRIC: ServiceMetricName = 'RequestsOfTenantsBehind';

/**
 * Members of the log line for a request that was answered 503 because the tenant's database lacks a
 * migration. CloudWatch makes the metric of the line ("Specification: Embedded metric format").
 */
export const behindTenant = (
  { tenantId, has }: Extract<Visit, { state: 'behind' }>,
  needs: string,
  now = Date.now(),
) => ({
  tenantId,
  needs,
  has,
  service: SERVICE_METRICS,
  [METRIC]: 1,
  _aws: {
    Timestamp: now,
    CloudWatchMetrics: [
      { Namespace: METRICS_NAMESPACE, Dimensions: [['service']], Metrics: [{ Name: METRIC, Unit: 'Count' }] },
    ],
  },
});
