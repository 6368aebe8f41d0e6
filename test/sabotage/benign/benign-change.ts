import type { Target } from '../target';
import type { Revert } from '../technique';
import type { RoutedSubject } from '../verified-tenant';

export interface Made {
  readonly revert: Revert;
  /** The tenant as a later release expects it; absent: as it is. */
  readonly subject?: RoutedSubject;
}

/** A change of the account, the tenant or a visitor that is no breach. No check may fail on it. */
export interface BenignChange {
  readonly name: string;
  /**
   * Whether it keeps questions from being answered: an audit then alarms that the tenant is
   * unverified, and takes nothing down.
   */
  readonly leavesOpen?: true;
  /** Checks that tell what they see of it, without a reason to suspend: of a release, of what none makes, of an outage. */
  readonly found?: readonly string[];
  readonly make: (target: Target) => Promise<Made>;
}
