import * as z from 'zod';
import type { Workflow } from '../../functions/contract/workflows';
import { aslJson } from '../../infra/asl-file';

const RetrierSchema = z.looseObject({
  ErrorEquals: z.array(z.string()),
  MaxAttempts: z.number(),
  IntervalSeconds: z.number(),
  BackoffRate: z.number(),
});
const CatcherSchema = z.looseObject({
  ErrorEquals: z.array(z.string()),
  Next: z.string(),
  Assign: z.record(z.string(), z.unknown()).optional(),
});

const StateSchema = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Resource: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  Arguments: z.looseObject({ FunctionName: z.string() }).optional(),
  Retry: z.array(RetrierSchema).optional(),
  Catch: z.array(CatcherSchema).optional(),
  Choices: z
    .array(z.looseObject({ Next: z.string(), Assign: z.record(z.string(), z.unknown()).optional() }))
    .optional(),
  Assign: z.record(z.string(), z.unknown()).optional(),
  Default: z.string().optional(),
  get Branches() {
    return z.array(MachineSchema).optional();
  },
  get ItemProcessor() {
    return MachineSchema.optional();
  },
});
export const MachineSchema = z.looseObject({
  ProcessorConfig: z.looseObject({ Mode: z.string() }).optional(),
  StartAt: z.string(),
  States: z.record(z.string(), StateSchema),
});
export type State = z.infer<typeof StateSchema>;

export type Machine = z.infer<typeof MachineSchema>;

/** A workflow's machine as AWS gets it, placeholders unresolved. */
export const machineOf = (workflow: Workflow): Machine => MachineSchema.parse(JSON.parse(aslJson(workflow)));

/** Names of the placeholders in a workflow's machine, each once. */
export const placeholdersOf = (workflow: Workflow): string[] =>
  [...new Set([...aslJson(workflow).matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name))].sort();

/** Every state by name, those in branches and in a Map included. */
export function allStates(machine: Machine): [name: string, state: State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.Branches ?? []).flatMap(allStates),
    ...(state.ItemProcessor ? allStates(state.ItemProcessor) : []),
  ]);
}

export const tasksOf = (machine: Machine) => allStates(machine).filter(([, state]) => state.Type === 'Task');
