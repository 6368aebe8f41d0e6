import * as z from 'zod';

/**
 * Outputs of a stage's control plane, for people who deploy or operate the stage. A further output is
 * a line here and its value in the stack.
 *
 * Two spellings: clients and `.local/outputs.json` say `domain`, the CloudFormation stack `Domain`.
 */
export const StageOutputsSchema = z.object({
  eventBusName: z.string(),
  eventBusArn: z.string(),
  stateMachineArn: z.string(),
  tenantsTableName: z.string(),
  domain: z.string(),
  /** Dead-letter queue of the rule that starts onboardings. */
  undeliveredSignupsUrl: z.url(),
  undeliveredStackEventsUrl: z.url(),
  undeliveredRunEventsUrl: z.url(),
  /** Queue of the events on the bus that match no rule. */
  unmatchedEventsUrl: z.url(),
  /** Queue of the uses of the break-glass role. */
  breakGlassUsesUrl: z.url(),
  sweepFunctionName: z.string(),
  orphansFunctionName: z.string(),
  alarmTopicArn: z.string(),
  auditMachineArn: z.string(),
  auditTenantFunctionName: z.string(),
  suspendTenantFunctionName: z.string(),
  resumeTenantFunctionName: z.string(),
  releaseMachineArn: z.string(),
  migrationMachineArn: z.string(),
  keepCellsFunctionName: z.string(),
  evidenceBucketName: z.string(),
  /** Who did what: only PerformAct adds to it. */
  actsTableName: z.string(),
  performActFunctionName: z.string(),
  /** Managed policies for people: what they attach decides what a person may do. */
  readerPolicyArn: z.string(),
  operatorPolicyArn: z.string(),
});
export type StageOutputs = z.infer<typeof StageOutputsSchema>;

/** Outputs of a cell, in the same two spellings. */
export const CellOutputsSchema = z.object({
  loadBalancerDnsName: z.string(),
  loadBalancerArn: z.string(),
  listenerArn: z.string(),
  taskRoleArn: z.string(),
  liveTargetGroupArn: z
    .string()
    .describe('Target group that was live at the last call of SeedCell; the tenants table has the live colour of now'),
});
export type CellOutputs = z.infer<typeof CellOutputsSchema>;

/** Name of a stack's output, by its key. */
export const outputName = (key: string) => key.replace(/^./, (letter) => letter.toUpperCase());
const keyOf = (name: string) => name.replace(/^./, (letter) => letter.toLowerCase());

const renamed = (outputs: Readonly<Record<string, string>>, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [rename(name), value]));

/** Outputs under the names that their stack gives them. */
export const stackOutputs = (outputs: StageOutputs | CellOutputs): Record<string, string> =>
  renamed(outputs, outputName);

/** Reads outputs under the names that their stack gives them. */
const StackOutputsSchema = z.record(z.string(), z.string()).transform((outputs) => renamed(outputs, keyOf));
export const StageStackOutputsSchema = StackOutputsSchema.pipe(StageOutputsSchema);
export const CellStackOutputsSchema = StackOutputsSchema.pipe(CellOutputsSchema);
