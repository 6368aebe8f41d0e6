import * as z from 'zod';

/**
 * A task state in the present attempt of a run.
 * - waiting: not reached yet (and never, once the run has ended)
 * - running: entered; with errors, it is being retried
 * - done, failed
 * - stopped: entered, and ended with its run or with the failure of a parallel state
 */
export const RunStateSchema = z.object({
  state: z.string(),
  /** Name of the function that it calls: several states can be one step. */
  step: z.string(),
  part: z.enum(['forward', 'undo', 'failure']),
  status: z.enum(['waiting', 'running', 'done', 'failed', 'stopped']),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** How often the run has entered it: a state of a loop has many visits. */
  visits: z.number(),
  /** Error names of its failed attempts, in order. */
  errors: z.array(z.string()),
});
export type RunState = z.infer<typeof RunStateSchema>;

/** How the states of a workflow follow each other, for a drawing. */
const FlowSchema = z.object({
  /** From top to bottom in the order of the states; a row has one state, or one of each branch that goes on beside. */
  lanes: z.array(z.object({ part: RunStateSchema.shape.part, rows: z.array(z.array(z.string().nullable())) })),
  /** next: without an error. error: from a state that catches one. choice: where the state's answer may lead besides. */
  edges: z.array(z.object({ from: z.string(), to: z.string(), kind: z.enum(['next', 'error', 'choice']) })),
});
export type Flow = z.infer<typeof FlowSchema>;

export const RunQuerySchema = z.strictObject({ execution: z.string().min(1).max(2048) });

/** An execution of one of the platform's state machines. */
export const RunSchema = z.object({
  executionArn: z.string(),
  /** Name of the state machine: TenantOnboarding, TenantIsolationAudit, TenantRelease. */
  workflow: z.string(),
  /** RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE; `deleted`: AWS has deleted it. */
  status: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  redriveCount: z.number(),
  /** 1 for the first; one more each time that the run started over. */
  attempt: z.number(),
  /** When the present attempt began. */
  attemptStartedAt: z.string().optional(),
  /** The task states in the order of the workflow: forward, undos, failure. */
  states: z.array(RunStateSchema),
  flow: FlowSchema,
  error: z.string().optional(),
  /** Its page in the AWS console; absent on the local stage. */
  link: z.string().optional(),
});
export type Run = z.infer<typeof RunSchema>;
