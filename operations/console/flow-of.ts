import * as z from 'zod';
import type { StateActions, Workflow } from '../../functions/contract/workflows';
import { aslJson } from '../../infra/asl-file';
import type { Flow, RunState } from './api/runs';

const StateSchema = z.object({
  Type: z.string(),
  Next: z.string().optional(),
  Default: z.string().optional(),
  Choices: z.array(z.object({ Next: z.string() })).default([]),
  Catch: z.array(z.object({ Next: z.string() })).default([]),
  get Branches() {
    return z.array(MachineSchema).default([]);
  },
  get ItemProcessor() {
    return MachineSchema.optional();
  },
});
const MachineSchema = z.object({ StartAt: z.string(), States: z.record(z.string(), StateSchema) });
type State = z.output<typeof StateSchema>;
type Machine = z.output<typeof MachineSchema>;
type States = Machine['States'];
type Row = (string | null)[];

/** What runs inside of a Parallel state or a Map. */
const inside = ({ Branches, ItemProcessor }: State): readonly Machine[] => [
  ...Branches,
  ...(ItemProcessor ? [ItemProcessor] : []),
];

/** The first state at or behind this one that does something; a choice goes the way that it goes by default. */
function stepAt(states: States, name: string | undefined): string | undefined {
  const state = name === undefined ? undefined : states[name];
  if (!state || state.Type === 'Succeed' || state.Type === 'Fail') return undefined;
  if (state.Type === 'Pass') return stepAt(states, state.Next);
  return state.Type === 'Choice' ? stepAt(states, state.Default) : name;
}

/** Tasks of a step: its own name, or those that its branches satisfy. */
function tasksOf(
  states: States,
  step: string | undefined,
  of: (machine: Machine) => readonly string[],
): readonly string[] {
  const state = step === undefined ? undefined : states[step];
  if (step === undefined || !state) return [];
  const machines = inside(state);
  return machines.length === 0 ? [step] : machines.flatMap(of);
}
const firstOf = ({ StartAt, States }: Machine): readonly string[] => tasksOf(States, stepAt(States, StartAt), firstOf);
const lastOf = ({ States }: Machine): readonly string[] =>
  stepsOf(States)
    .filter((step) => stepAt(States, States[step]?.Next) === undefined)
    .flatMap((step) => tasksOf(States, step, lastOf));
const allOf = ({ States }: Machine): readonly string[] =>
  stepsOf(States).flatMap((step) => tasksOf(States, step, allOf));

const stepsOf = (states: States) => Object.keys(states).filter((name) => stepAt(states, name) === name);

/** The rows of a course: one state, or one of each branch. Branches that are shorter have nothing in the last rows. */
function rowsFrom(states: States, start: string, seen: Set<string>): Row[] {
  const rows: Row[] = [];
  for (let at = stepAt(states, start); at !== undefined && !seen.has(at); at = stepAt(states, states[at]?.Next)) {
    seen.add(at);
    const state = states[at];
    const branches = (state ? inside(state) : []).map(rowsOf);
    if (branches.length === 0) rows.push([at]);
    const length = Math.max(0, ...branches.map((branch) => branch.length));
    for (let row = 0; row < length; row += 1) rows.push(branches.flatMap((branch) => branch[row] ?? [null]));
  }
  return rows;
}

/** The rows of a machine. What only an error or a choice leads to is a course of its own. */
function rowsOf({ StartAt, States }: Machine): Row[] {
  const seen = new Set<string>();
  return [StartAt, ...stepsOf(States)].flatMap((start) => rowsFrom(States, start, seen));
}

type Edge = Flow['edges'][number];

/** Every way from one task to the next, and where errors and choices lead. */
function edgesOf({ States }: Machine): Edge[] {
  const to = (name: string | undefined) => tasksOf(States, stepAt(States, name), firstOf);
  const pairs = (sources: readonly string[], next: readonly (string | undefined)[], kind: Edge['kind']): Edge[] =>
    sources.flatMap((from) => next.flatMap(to).map((target) => ({ from, to: target, kind })));
  return Object.entries(States).flatMap(([name, state]) => {
    if (stepAt(States, name) !== name) return [];
    const choices = (state.Next === undefined ? undefined : States[state.Next])?.Choices ?? [];
    const nextOf = (each: { readonly Next: string }) => each.Next;
    return [
      ...pairs(tasksOf(States, name, lastOf), [state.Next], 'next'),
      ...pairs(tasksOf(States, name, lastOf), choices.map(nextOf), 'choice'),
      ...pairs(tasksOf(States, name, allOf), state.Catch.map(nextOf), 'error'),
      ...inside(state).flatMap(edgesOf),
    ];
  });
}

const known = new Map<string, Flow>();

/**
 * How a workflow's states follow each other, as its ASL file says: a lane of rows for the way forward,
 * for the undos and for what a failed run ends with, and the ways between the states.
 */
export function flowOf(workflow: Workflow): Flow {
  const flow = known.get(workflow.name) ?? readFlow(workflow);
  known.set(workflow.name, flow);
  return flow;
}

function readFlow(workflow: Workflow): Flow {
  const machine = MachineSchema.parse(JSON.parse(aslJson(workflow)));
  const { forward, undos, failure } = workflow;
  const rows = rowsOf(machine);
  const lane = (part: RunState['part'], own: StateActions) => {
    const states = Object.keys(own);
    const rankOf = (row: Row) => Math.min(...row.flatMap((state) => (state === null ? [] : [states.indexOf(state)])));
    const ofLane = rows.filter((row) => row.some((state) => state !== null && state in own));
    return { part, rows: ofLane.sort((one, other) => rankOf(one) - rankOf(other)) };
  };
  const lanes = [lane('forward', forward), lane('undo', undos), lane('failure', failure)];
  return { lanes: lanes.filter(({ rows }) => rows.length > 0), edges: edgesOf(machine) };
}
