import * as z from 'zod';

/** What the control plane's stack of a stage says of itself, for those who deploy the stage and those who operate it. */
export const ControlPlaneOutputs = z.object({
  EventBusName: z.string(),
  StateMachineArn: z.string(),
  TenantsTableName: z.string(),
  UndeliveredSignupsUrl: z.string(),
  UndeliveredStackEventsUrl: z.string(),
  UnmatchedEventsUrl: z.string(),
  SweepFunctionName: z.string(),
  OrphansFunctionName: z.string(),
  AlarmTopicArn: z.string(),
  AuditMachineArn: z.string(),
  AuditTenantFunctionName: z.string(),
  SuspendTenantFunctionName: z.string(),
  ResumeTenantFunctionName: z.string(),
  EvidenceBucketName: z.string(),
  Domain: z.string(),
});
