import { isNamed } from '../shared/is-named';

/** Something that a tenant has, or had. */
export interface Leftover {
  readonly tenantId: string;
  /** As AWS names it: what an operator looks up. */
  readonly id: string;
}

/** One kind of thing that an onboarding makes, or that AWS makes by itself for what an onboarding made. */
export interface LeftoverKind {
  readonly kind: string;
  /** All of that kind, of living tenants too. */
  readonly list: () => AsyncIterable<Leftover>;
  /** Whether a resource that belongs to no tenant still exists: a key in its deletion window is not. */
  readonly stands?: (leftover: Leftover) => Promise<boolean>;
  /** Tolerates that it is gone. Without it, the kind is reported only. */
  readonly remove?: (leftover: Leftover) => Promise<void>;
}

/** Does it, unless what it would be done to is gone. */
export async function unlessGone(act: Promise<unknown>, ...names: string[]): Promise<void> {
  try {
    await act;
  } catch (thrown) {
    if (!isNamed(thrown, ...names)) throw thrown;
  }
}
