import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

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
export const MachineSchema = z.looseObject({ StartAt: z.string(), States: z.record(z.string(), StateSchema) });
export type State = z.infer<typeof StateSchema>;

export const ASL_FILE = join(__dirname, '../../statemachines/tenant-onboarding.asl.json');
export const AUDIT_ASL_FILE = join(__dirname, '../../statemachines/tenant-isolation-audit.asl.json');
export const aslText = (file = ASL_FILE): string => readFileSync(file, 'utf8');

/** The machine as it is in the file, placeholders unresolved. */
export const onboardingMachine = () => MachineSchema.parse(JSON.parse(aslText()));
export const auditMachine = () => MachineSchema.parse(JSON.parse(aslText(AUDIT_ASL_FILE)));

/** Every state by name, those in branches and in a Map included. */
export function allStates(machine: z.infer<typeof MachineSchema>): [name: string, state: State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.Branches ?? []).flatMap(allStates),
    ...(state.ItemProcessor ? allStates(state.ItemProcessor) : []),
  ]);
}

export const tasksOf = (machine: z.infer<typeof MachineSchema>) =>
  allStates(machine).filter(([, state]) => state.Type === 'Task');
