/** Namespace of the metrics that the functions write. Alarms of the control plane read them. */
export const METRICS_NAMESPACE = 'TenantOnboarding';
export const METRICS_SERVICE = 'control-plane';
/** Of the metrics that the shared service writes. */
export const SERVICE_METRICS = 'shared-service';

export type ServiceMetricName =
  /** Requests that were answered 503 because the tenant's database lacks a migration. */
  'RequestsOfTenantsBehind';

export type MetricName =
  /** Runs that ended outside their failure path. */
  | 'UnfinishedRuns'
  /** Running executions older than the stage's limit, at each sweep. */
  | 'LateRuns'
  /** Slots that no tenant gets, because somebody's listener rule has their priority. */
  | 'SlotsSetAside'
  /** Slots of all cells that tenants have or that are set aside, at each sweep. */
  | 'SlotsTaken'
  /** Slots of all cells that further tenants can get, at each sweep. */
  | 'SlotsLeft'
  /** Waiting tasks that the sweep had to answer. */
  | 'LostStackEvents'
  /** Items of the tenants table that cannot be parsed, at each sweep and at each search for orphans. */
  | 'UnreadableItems'
  /** Tenants that have been HELD for more than a day, at each sweep. */
  | 'TenantsHeldTooLong'
  | 'ApprovalsTooLate'
  /** 1 for each sweep that has completed all of its work. */
  | 'SweepsDone'
  /** Resources that belong to no tenant, at each search. */
  | 'Orphans'
  /** 1 for each search for orphans that has covered every kind of resource. */
  | 'OrphanSearchesDone'
  /** ACTIVE tenants that an audit has found to be no longer isolated. */
  | 'TenantsDrifted'
  /** ACTIVE tenants that an audit could not verify. */
  | 'TenantsUnverified'
  /** Tenants that an audit would have suspended for a cause that many share, and did not. */
  | 'SuspensionsHeld'
  /** Cells of which an audit has found that what all tenants share is not as it must be, or unknown. */
  | 'SurroundingsFailing'
  /** Route items, listener rules and buckets that do not match the tenants of an audit. */
  | 'TenantsUncounted'
  /** 1 for each audit that has reached the last tenant. */
  | 'AuditsDone';
