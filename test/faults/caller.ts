import * as z from 'zod';
import { functionRoleName, tenantIdOf } from '../../functions/contract/naming';
import { readableSignupId } from '../../functions/contract/signup';
import { StackKindSchema } from '../../functions/contract/stacks';
import { tenantIn } from './holding';

/** For whom, and in which state of the machine, a function is at work. */
export interface Caller {
  readonly tenantId: string;
  /** A state of the machine, or `StackSettled network CREATE_COMPLETE` for a function that an event has called. */
  readonly state: string;
}

/** Who makes a call, and the end of its process; the emulator knows. */
export interface Invocations {
  of(traceRoot: string): Promise<Caller | undefined>;
  kill(traceRoot: string, death?: Death): Promise<void>;
}

/** What the caller of a function hears of its end. */
type Death = 'Runtime.ExitError' | 'Runtime.OutOfMemory';

const EventSchema = z.object({
  input: z.unknown().optional(),
  tenant: z.object({ tenantId: z.string() }).nullish(),
  stack: StackKindSchema.optional(),
  detail: z.object({ 'stack-id': z.string(), 'status-details': z.object({ status: z.string() }) }).optional(),
});
const InvocationSchema = z.object({ role: z.string(), event: z.unknown() });

const capital = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** @returns undefined for a function that works for no single tenant */
function callerIn(role: string, event: unknown): Caller | undefined {
  const name = role.split('/').at(-1)?.replace(functionRoleName(''), '') ?? '';
  const parsed = EventSchema.safeParse(event);
  if (!parsed.success) return undefined;
  const { input, tenant, stack, detail } = parsed.data;
  if (detail) {
    const stackName = detail['stack-id'].split('/')[1] ?? '';
    const tenantId = tenantIn(stackName);
    const state = `${name} ${stackName.split('-').at(-1)} ${detail['status-details'].status}`;
    return tenantId === undefined ? undefined : { tenantId, state };
  }
  const signupId = readableSignupId(input);
  const tenantId = tenant?.tenantId ?? (signupId && tenantIdOf(signupId));
  // LaunchStack and DeleteStack serve a state for each stack.
  return tenantId ? { tenantId, state: stack ? name.replace('Stack', capital(stack)) : name } : undefined;
}

/** Asks the emulator whose invocation a trace is; each is asked about once. */
export class Callers implements Invocations {
  private readonly known = new Map<string, Promise<Caller | undefined>>();

  constructor(private readonly endpointUrl: string) {}

  of(traceRoot: string): Promise<Caller | undefined> {
    const found = this.known.get(traceRoot) ?? this.invocation(traceRoot, false);
    this.known.set(traceRoot, found);
    return found;
  }

  /** Ends the process that makes the call. */
  async kill(traceRoot: string, death: Death = 'Runtime.ExitError'): Promise<void> {
    await this.invocation(traceRoot, death);
  }

  private async invocation(root: string, kill: Death | false): Promise<Caller | undefined> {
    const answer = await fetch(`${this.endpointUrl}/_local/invocations`, {
      method: 'POST',
      body: JSON.stringify({ root, kill }),
    });
    if (!answer.ok) return undefined;
    const { role, event } = InvocationSchema.parse(await answer.json());
    return callerIn(role, event);
  }
}
