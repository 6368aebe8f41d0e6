import { createHash } from 'node:crypto';
import type { Signup } from '../../functions/contract/signup';
import type { StackKind } from '../../functions/contract/stacks';
import { newSignup } from '../../local/signups';
import type { CallFaultKind } from './injection';

/** One thing that goes wrong. */
export type Fault =
  | { readonly type: 'call'; readonly call: string; readonly kind: CallFaultKind }
  | { readonly type: 'task'; readonly state: string; readonly fate: 'timeout' | 'abort' }
  /** A resource that fails, takes its time, or both. */
  | {
      readonly type: 'resource';
      readonly stack: StackKind;
      readonly resource: string;
      readonly on: 'create' | 'delete';
      readonly fails: boolean;
      /** AWS's words for the failure; by default words that nothing knows. */
      readonly reason?: string;
      readonly seconds?: number;
    }
  /** Others have taken all the slots there are, so that new ones must come into being. */
  | { readonly type: 'no-free-slot' }
  /** The event of one status of a stack: 0 is a lost one, 2 a doubled one. */
  | { readonly type: 'event'; readonly stack: StackKind; readonly status: string; readonly deliveries: 0 | 2 };

/** One onboarding with what goes wrong in it. */
export interface Trial {
  /** The row of the table. */
  readonly kind: string;
  /** What `--only` names. */
  readonly key: string;
  readonly faults: readonly Fault[];
  /** The product must get over it by itself: the run ends as it would have without this fault. */
  readonly heals: boolean;
  /** In a rollback, another fault has come before, and brought it about. */
  readonly during: 'onboarding' | 'rollback';
}

/** A signup whose names follow from seed and key: the same trial with the same seed is the same tenant. */
export function signupOf(seed: string, key: string): Signup {
  const id = createHash('sha256').update(`${seed} ${key}`).digest('hex').slice(0, 20);
  return newSignup({ signupId: `sub_${id}`, companyName: `Trial ${key}`.slice(0, 200), subdomain: `trial-${id}` });
}
