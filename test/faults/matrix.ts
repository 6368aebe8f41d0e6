import { STACK_KINDS, type StackKind } from '../../functions/contract/stacks';
import { workflowNamed } from '../../functions/contract/workflows';
import { CALL_FAULTS, type CallFaultKind, ENDS } from './injection';
import type { Recording } from './recording';
import type { Fault, Trial } from './trial';

const KINDS: Readonly<Record<(typeof CALL_FAULTS)[number] | (typeof ENDS)[number], string>> = {
  throttled: 'throttled three times',
  refused: 'refused for good',
  faulted: 'answered 5xx before the effect',
  lost: 'effect done, answer lost',
  killed: 'function killed after the effect',
  'out-of-memory': 'function out of memory before the effect',
  'out-of-time': 'function out of time, the effect comes later',
};
/** A passing fault must not be felt; neither must the end of a function: it is called again. */
const PASSING: ReadonlySet<CallFaultKind> = new Set(['throttled', 'faulted', 'lost', 'killed', ...ENDS]);

/** States that a run without a fault walks through, and those of its rollback. */
const { forward, undos, failure, conclusion } = workflowNamed('TenantOnboarding');
const FORWARD_STATES = Object.keys(forward);
const ROLLBACK_STATES = Object.keys({ ...undos, ...failure });

type During = Trial['during'];

function trial(kind: string, during: During, subject: string, fault: Fault, heals: boolean): Trial {
  const row = during === 'rollback' ? `${kind}, in the rollback` : kind;
  return { kind: row, key: `${row}: ${subject}`, faults: [fault], heals, during };
}

/** An event brings a failed function back, and what it cannot do the sweep does. */
const isEdge = (call: string) => call.startsWith('StackSettled ');

const callTrials = (
  during: During,
  calls: readonly string[],
  kinds: readonly (typeof CALL_FAULTS | typeof ENDS)[number][] = CALL_FAULTS,
) =>
  kinds.flatMap((kind) =>
    calls.map((call) =>
      trial(KINDS[kind], during, call, { type: 'call', call, kind }, PASSING.has(kind) || isEdge(call)),
    ),
  );

/** Changes, and the first call of each state: an end between two readings is one of before or after both. */
function momentsOf(calls: readonly string[]): string[] {
  const states = new Set<string>();
  return calls.filter((call) => {
    const [state = '', action = ''] = call.split(' ');
    const isFirst = !states.has(state);
    states.add(state);
    return !isEdge(call) && (isFirst || !/:(Get|List|Describe|Query|Batch|Head|Search)/.test(action));
  });
}

/** A function that does not answer in time is called again; a wait for a stack that is stopped from outside is not. */
const taskTrials = (kind: string, fate: 'timeout' | 'abort', during: During, states: readonly string[]) =>
  states.map((state) =>
    trial(kind, during, state, { type: 'task', state, fate }, fate === 'timeout' && state !== conclusion),
  );

/** Resources that fail to be made, and those that fail to go. */
const resourceTrials = ({ resources }: Recording) =>
  STACK_KINDS.flatMap((stack) =>
    resources[stack].flatMap((resource) => {
      const subject = `${stack} ${resource}`;
      const fault = { type: 'resource', stack, resource, fails: true } as const;
      return [
        trial('stack fails at a resource', 'onboarding', subject, { ...fault, on: 'create' }, false),
        trial('stack fails at a resource', 'rollback', subject, { ...fault, on: 'delete' }, false),
      ];
    }),
  );

const eventTrials = (kind: string, deliveries: 0 | 2) =>
  STACK_KINDS.flatMap((stack) => [
    trial(kind, 'onboarding', stack, { type: 'event', stack, status: 'CREATE_COMPLETE', deliveries }, true),
    trial(kind, 'rollback', stack, { type: 'event', stack, status: 'DELETE_COMPLETE', deliveries }, true),
  ]);

const fails = (stack: StackKind, resource: string, seconds?: number): Fault => ({
  type: 'resource',
  stack,
  resource,
  on: 'create',
  fails: true,
  ...(seconds !== undefined && { seconds }),
});
const slow = (stack: StackKind, resource: string, seconds: number): Fault => ({
  type: 'resource',
  stack,
  resource,
  on: 'create',
  fails: false,
  seconds,
});

/**
 * One branch of ProvisionStacks fails while the other is at work: its stack is being created, or the request for it is on
 * its way. Storage fails late enough for the other branch to have come to the stack in question.
 */
function siblingTrials({ onboarding }: Recording): Trial[] {
  const kind = 'sibling still launching';
  const sibling = (subject: string, faults: readonly Fault[]): Trial => ({
    kind,
    key: `${kind}: ${subject}`,
    faults,
    heals: false,
    during: 'onboarding',
  });
  const calls = (state: string) => onboarding.filter((call) => call.startsWith(`${state} `));
  const delayed = (state: string, failure: Fault) =>
    calls(state).map((call) => sibling(`${call} on its way`, [failure, { type: 'call', call, kind: 'delayed' }]));
  return [
    sibling('storage being created', [fails('network', 'Vpc'), slow('storage', 'Bucket', 5)]),
    sibling('network being created', [fails('storage', 'Bucket'), slow('network', 'Vpc', 5)]),
    sibling('database being created', [fails('storage', 'Bucket', 2), slow('database', 'Primary', 6)]),
    sibling('access being created', [fails('storage', 'Bucket', 3), slow('access', 'AccessRole', 6)]),
    ...delayed('LaunchStorage', fails('network', 'Vpc')),
    ...delayed('LaunchNetwork', fails('storage', 'Bucket')),
    ...delayed('LaunchDatabase', fails('storage', 'Bucket', 2)),
    ...delayed('LaunchAccess', fails('storage', 'Bucket', 3)),
  ];
}

/** What a reservation does only where no slot is free. */
const newSlotTrials = ({ newSlots }: Recording) =>
  callTrials('onboarding', newSlots).map((one) => ({
    ...one,
    key: `${one.key}, no slot free`,
    faults: [{ type: 'no-free-slot' } as const, ...one.faults],
  }));

/** A stack that fails, and whose failure is not heard of, or twice. */
function failedStackEventTrials({ resources }: Recording): Trial[] {
  return STACK_KINDS.flatMap((stack) => {
    const resource = resources[stack].at(-1);
    if (resource === undefined) return [];
    return ([0, 2] as const).map((deliveries): Trial => {
      const kind = deliveries === 0 ? 'stack event lost' : 'stack event doubled';
      const event = { type: 'event', stack, status: 'ROLLBACK_COMPLETE', deliveries } as const;
      const failure = fails(stack, resource);
      return { ...trial(kind, 'onboarding', `${stack} that fails`, event, false), faults: [failure, event] };
    });
  });
}

/** Every call, state, resource and stack event of an onboarding and of a rollback, with everything that can happen to it. */
export function matrix(recording: Recording): Trial[] {
  return [
    ...callTrials('onboarding', recording.onboarding),
    ...newSlotTrials(recording),
    ...callTrials('rollback', recording.rollback),
    ...callTrials('onboarding', momentsOf(recording.onboarding), ENDS),
    ...callTrials('rollback', momentsOf(recording.rollback), ENDS),
    ...taskTrials('state times out', 'timeout', 'onboarding', FORWARD_STATES),
    ...taskTrials('state times out', 'timeout', 'rollback', ROLLBACK_STATES),
    ...resourceTrials(recording),
    ...eventTrials('stack event lost', 0),
    ...eventTrials('stack event doubled', 2),
    ...failedStackEventTrials(recording),
    ...siblingTrials(recording),
    ...taskTrials('StopExecution', 'abort', 'onboarding', FORWARD_STATES),
    ...taskTrials('StopExecution', 'abort', 'rollback', ROLLBACK_STATES),
  ];
}

/** Of each kind one trial, as a matrix of one call and one resource has them. */
const ONE_OF_EACH: Recording = {
  onboarding: ['CALL'],
  rollback: ['CALL'],
  newSlots: ['CALL'],
  resources: { network: ['RESOURCE'], database: ['RESOURCE'], storage: ['RESOURCE'], access: ['RESOURCE'] },
  complete: new Map(),
};

/** The beginnings of keys that fit no trial. What follows the kind of a trial is known only once an onboarding was recorded. */
export function fittingNone(beginnings: readonly string[]): readonly string[] {
  const kinds = [...new Set(matrix(ONE_OF_EACH).map(({ kind }) => `${kind}: `))];
  return beginnings.filter((key) => !kinds.some((kind) => kind.startsWith(key) || key.startsWith(kind)));
}
