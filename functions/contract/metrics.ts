/** Namespace of what the functions count; alarms of the control plane read it. */
export const METRICS_NAMESPACE = 'TenantOnboarding';
export const METRICS_SERVICE = 'control-plane';

export type MetricName =
  /** Runs that ended outside their failure path. */
  | 'UnfinishedRuns'
  /** Running executions older than the stage's limit, at each sweep. */
  | 'LateRuns'
  /** Waiting tasks that the sweep had to answer. */
  | 'LostStackEvents'
  /** 1 for each sweep that has done all of its work. */
  | 'SweepsDone'
  /** What belongs to no living tenant, at each search. */
  | 'Orphans'
  /** 1 for each search for orphans that has seen everything. */
  | 'OrphanSearchesDone'
  /** ACTIVE tenants that an audit has found not to be isolated any more. */
  | 'TenantsDrifted'
  /** ACTIVE tenants of whom an audit could not tell. */
  | 'TenantsUnverified'
  /** 1 for each audit that has come to the last tenant. */
  | 'AuditsDone';
