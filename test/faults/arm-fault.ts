import * as z from 'zod';
import { functionRoleName, tenantNames } from '../../functions/contract/naming';
import { STACK_KINDS } from '../../functions/contract/stacks';
import { taskStatesOf, workflowNamed } from '../../functions/contract/workflows';
import { SECONDS_LEFT } from './injection';
import type { Lab } from './lab';
import { takeFreeSlots } from './take-free-slots';
import type { Fault } from './trial';

const AddedSchema = z.object({ id: z.number() });
const StruckSchema = z.object({ struck: z.record(z.string(), z.number()) });
const MetSchema = z.object({ met: z.boolean() });
const PlayedSchema = z.object({ played: z.boolean() });

const LOOKS_FOR_SLOT = 'ReserveTenant dynamodb:Query#1';

export interface Subject {
  readonly tenantId: string;
  readonly executionArn: string;
}

/** Takes a fault away. @returns whether it has come about */
export type Disarm = () => Promise<boolean>;

type StackFate = Omit<Fault & { type: 'resource' }, 'stack'> | Omit<Fault & { type: 'event' }, 'stack'>;

function fateOf(fault: StackFate): Record<string, unknown> {
  if (fault.type === 'event') return { status: fault.status, deliveries: fault.deliveries };
  const { resource, on, fails, seconds, reason: words = `scripted failure of ${resource}` } = fault;
  const reason = fails && { reason: words };
  return { resource, on, ...reason, ...(seconds !== undefined && { seconds }) };
}

async function armStack(
  lab: Lab,
  { tenantId }: Subject,
  { stack, ...fault }: Fault & { type: 'resource' | 'event' },
): Promise<Disarm> {
  const { id } = AddedSchema.parse(
    await lab.control('stack-faults', { stack: tenantNames.stack(tenantId, stack), ...fateOf(fault), times: 1 }),
  );
  return async () => {
    const { struck } = StruckSchema.parse(await lab.control('stack-faults/remove', { id }));
    return (struck[id] ?? 0) > 0;
  };
}

async function armTask(
  lab: Lab,
  { executionArn }: Subject,
  { state, fate }: Fault & { type: 'task' },
): Promise<Disarm> {
  await lab.control('tasks', { executionArn, state, fate });
  return async () => PlayedSchema.parse(await lab.control('tasks/remove', { executionArn, state })).played;
}

/** The slots go the moment before the reservation looks for one: others need some, and make new ones, at the same time. */
function armNoFreeSlot({ injection, platform }: Lab, { tenantId }: Subject): Disarm {
  const giveBack: (() => Promise<void>)[] = [];
  const disarm = injection.before(tenantId, LOOKS_FOR_SLOT, async () => {
    giveBack.push(await takeFreeSlots(platform));
  });
  return async () => {
    for (const give of giveBack) await give();
    return disarm();
  };
}

/** The function of the call's state: LaunchStack and DeleteStack serve a state for each stack, which their event names. */
function invocationOf(call: string, { executionArn }: Subject): { role: string; event: string[] } {
  const [state = ''] = call.split(' ');
  const action = taskStatesOf(workflowNamed('TenantOnboarding'))[state] ?? state;
  const stack = STACK_KINDS.find((kind) => action !== state && state.toLowerCase().endsWith(kind));
  return { role: functionRoleName(action), event: [executionArn, ...(stack ? [`"stack":"${stack}"`] : [])] };
}

/** The function begins with little time, and the call outlasts it. */
async function armOutOfTime(lab: Lab, subject: Subject, fault: Fault & { type: 'call' }): Promise<Disarm> {
  const hurry = { ...invocationOf(fault.call, subject), seconds: SECONDS_LEFT };
  await lab.control('function-time', hurry);
  const disarm = lab.injection.arm(subject.tenantId, fault);
  return async () => {
    const { met } = MetSchema.parse(await lab.control('function-time/remove', hurry));
    return (await disarm()) && met;
  };
}

export async function arm(lab: Lab, subject: Subject, fault: Fault): Promise<Disarm> {
  switch (fault.type) {
    case 'call':
      if (fault.kind === 'out-of-time') return armOutOfTime(lab, subject, fault);
      return lab.injection.arm(subject.tenantId, fault);
    case 'task':
      return armTask(lab, subject, fault);
    case 'no-free-slot':
      return armNoFreeSlot(lab, subject);
    default:
      return armStack(lab, subject, fault);
  }
}
