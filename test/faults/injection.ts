import { setTimeout as pause } from 'node:timers/promises';
import type { AwsCall } from '../../local/aws-call';
import type { AwsProxy, Intervention } from '../../local/aws-proxy';
import { awsError } from './aws-errors';
import type { Caller, Invocations } from './caller';

export const CALL_FAULTS = ['throttled', 'refused', 'faulted', 'lost', 'killed'] as const;
/** How a function ends in mid-work: of no kind of answer that AWS gives to a call. */
export const ENDS = ['out-of-memory', 'out-of-time'] as const;
/** Below the clients' own patience with a request. */
const DELAY_MS = 5_000;
/** What is left of a function's time at the start of an invocation that runs out of it, and how long its call then takes. */
export const SECONDS_LEFT = 3;
const PAST_DEADLINE_MS = 4_000;

/**
 * - throttled: asked to slow down three times, which is as often as the SDK tries within one invocation.
 * - refused: not allowed, for good.
 * - faulted: a 5xx without an effect, as often as the SDK tries within one invocation.
 * - lost: the effect happens, the connection breaks.
 * - killed: the effect happens, and the function's process ends before it hears of it.
 * - out-of-memory: the function's process ends before the call takes effect, under the name Runtime.OutOfMemory.
 * - out-of-time: the function's time is up while it waits for the call, which takes effect later.
 * - delayed: the call takes seconds to arrive, while everything else goes on.
 */
export type CallFaultKind = (typeof CALL_FAULTS)[number] | (typeof ENDS)[number] | 'delayed';

export interface CallFault {
  /** As `nameOf` names it. */
  readonly call: string;
  readonly kind: CallFaultKind;
}

const TIMES: Readonly<Record<CallFaultKind, number>> = {
  throttled: 3,
  faulted: 3,
  refused: Number.POSITIVE_INFINITY,
  lost: 1,
  killed: 1,
  'out-of-memory': 1,
  'out-of-time': 1,
  delayed: 1,
};

/** A fault that waits for its call, or has met it. */
class Armed {
  private left: number;
  /** The call that was met first: what the SDK repeats is the same call, what runs beside it is not. */
  private first: { readonly sdkInvocationId: string | undefined; readonly traceRoot: string | undefined } | undefined;

  constructor(readonly fault: CallFault) {
    this.left = TIMES[fault.kind];
  }

  get met(): boolean {
    return this.first !== undefined;
  }

  /** @param action the call's name without its number: a fault that lasts meets later calls of the same kind too */
  meets(name: string, action: string, { sdkInvocationId, traceRoot }: AwsCall): boolean {
    if (this.left === 0) return false;
    if (!this.first) {
      if (name !== this.fault.call) return false;
      this.first = { sdkInvocationId, traceRoot };
    } else if (!this.fault.call.startsWith(`${action}#`)) return false;
    else if (sdkInvocationId !== this.first.sdkInvocationId) {
      // Beside the call, or in an invocation that comes later.
      if (this.fault.kind === 'faulted' || traceRoot === this.first.traceRoot) return false;
    }
    this.left--;
    return true;
  }
}

/** What one tenant's functions have asked of AWS, and the faults that wait for them. */
class Traffic {
  readonly calls: string[] = [];
  readonly faults = new Set<Armed>();
  readonly before = new Map<string, () => Promise<void>>();
  latest = 0;
  private readonly counts = new Map<string, number>();
  private readonly names = new Map<string, string>();

  /** The SDK's attempts at one call have one name. */
  name(action: string, { sdkInvocationId }: AwsCall): string {
    this.latest = Date.now();
    const known = this.names.get(sdkInvocationId ?? '');
    if (known !== undefined) return known;
    const count = (this.counts.get(action) ?? 0) + 1;
    this.counts.set(action, count);
    const name = `${action}#${count}`;
    this.calls.push(name);
    if (sdkInvocationId) this.names.set(sdkInvocationId, name);
    return name;
  }
}

const MOMENT_MS = 600;

/** Sees a call before it goes on; to wait is to hold the call. */
export type Witness = (caller: Caller, call: AwsCall) => void | Promise<void>;

/**
 * Stands between the functions and AWS, learns which calls an onboarding makes, and lets them fail: one tenant's faults
 * never meet another tenant's calls. A call is named by the state that makes it, its service and action, and how many of
 * these the state has made before for this tenant: `RegisterTenant elasticloadbalancing:CreateRule#1`.
 */
export class Injection {
  private readonly traffic = new Map<string, Traffic>();
  private readonly witnesses: Witness[] = [];

  constructor(
    proxy: AwsProxy,
    private readonly invocations: Invocations,
  ) {
    proxy.listen((call) => this.intervene(call));
  }

  private of(tenantId: string): Traffic {
    const found = this.traffic.get(tenantId) ?? new Traffic();
    this.traffic.set(tenantId, found);
    return found;
  }

  witness(witness: Witness): void {
    this.witnesses.push(witness);
  }

  /** @returns takes the fault away, and tells whether its call has come */
  arm(tenantId: string, fault: CallFault): () => Promise<boolean> {
    const armed = new Armed(fault);
    const { faults } = this.of(tenantId);
    faults.add(armed);
    return async () => {
      faults.delete(armed);
      return armed.met;
    };
  }

  /**
   * Does something the moment before a call goes on, once.
   *
   * @returns takes it away, and tells whether the call has come
   */
  before(tenantId: string, call: string, act: () => Promise<void>): () => Promise<boolean> {
    const { before } = this.of(tenantId);
    before.set(call, act);
    return async () => !before.delete(call);
  }

  /** How many tenants' functions have asked for something within the last moment. */
  atWork(): number {
    const since = Date.now() - MOMENT_MS;
    return [...this.traffic.values()].filter(({ latest }) => latest > since).length;
  }

  calls(tenantId: string): readonly string[] {
    return this.of(tenantId).calls;
  }

  private async intervene(call: AwsCall): Promise<Intervention | undefined> {
    const { traceRoot } = call;
    const caller = traceRoot === undefined ? undefined : await this.invocations.of(traceRoot);
    if (traceRoot === undefined || !caller) return undefined;
    for (const witness of this.witnesses) await witness(caller, call);
    const traffic = this.of(caller.tenantId);
    const action = `${caller.state} ${call.service}:${call.action}`;
    const name = traffic.name(action, call);
    const act = traffic.before.get(name);
    traffic.before.delete(name);
    await act?.();
    const fault = [...traffic.faults].find((armed) => armed.meets(name, action, call))?.fault;
    return fault && this.interventionOf(fault.kind, call, traceRoot);
  }

  private async interventionOf(kind: CallFaultKind, call: AwsCall, traceRoot: string): Promise<Intervention> {
    switch (kind) {
      case 'delayed':
        await pause(DELAY_MS);
        return {};
      case 'out-of-time':
        await pause(PAST_DEADLINE_MS);
        return {};
      case 'out-of-memory':
        await this.invocations.kill(traceRoot, 'Runtime.OutOfMemory');
        return { answer: awsError(call, 'fault') };
      case 'throttled':
        return { answer: awsError(call, 'throttling') };
      case 'refused':
        return { answer: awsError(call, 'refusal') };
      case 'faulted':
        return { answer: awsError(call, 'fault') };
      case 'lost':
        return { loseAnswer: true };
      case 'killed':
        return { loseAnswer: true, afterEffect: () => this.invocations.kill(traceRoot) };
    }
  }
}
