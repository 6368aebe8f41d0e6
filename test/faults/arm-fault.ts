import * as z from 'zod';
import { tenantNames } from '../../functions/contract/naming';
import type { Lab } from './lab';
import { takeFreeSlots } from './take-free-slots';
import type { Fault } from './trial';

const AddedSchema = z.object({ id: z.number() });
const StruckSchema = z.object({ struck: z.record(z.string(), z.number()) });
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
  const { resource, on, fails, seconds } = fault;
  const reason = fails && { reason: `scripted failure of ${resource}` };
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

export async function arm(lab: Lab, subject: Subject, fault: Fault): Promise<Disarm> {
  switch (fault.type) {
    case 'call':
      return lab.injection.arm(subject.tenantId, fault);
    case 'task':
      return armTask(lab, subject, fault);
    case 'no-free-slot':
      return armNoFreeSlot(lab, subject);
    default:
      return armStack(lab, subject, fault);
  }
}
