import { failedOf, openOf } from '../../../functions/isolation/report';
import { sourcesOf } from '../../../functions/isolation/sources';
import { verify } from '../../../functions/isolation/verify';
import type { Target } from '../target';
import type { BenignChange } from './benign-change';

export interface BenignVerdict {
  readonly change: string;
  /** Checks that failed without a reason, with their evidence. */
  readonly failing: readonly string[];
  /** Whether an audit with `onBreach: 'suspend'` would take the tenant down. */
  readonly takesDown: boolean;
  /** Checks that could not be answered, though the change leaves no question open. */
  readonly open: readonly string[];
}

export const isUnharmed = ({ failing, takesDown, open }: BenignVerdict) =>
  failing.length === 0 && !takesDown && open.length === 0;

/** Makes a change, verifies the tenant and reverts. @throws Error when the change cannot be made */
export async function tryChange(target: Target, change: BenignChange): Promise<BenignVerdict> {
  const { name, make, leavesOpen, found = [] } = change;
  const { revert, subject = target.subject } = await make(target).catch((thrown: unknown) => {
    throw new Error(`cannot ${name}: ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown}`);
  });
  try {
    await target.settle();
    const report = await verify(subject, sourcesOf(target.verifier, subject), () => new Date());
    const failed = failedOf(report);
    const open = openOf(report).map(({ id, evidence }) => `${id}: ${evidence}`);
    // A question that stays open shows that the change was made.
    if (leavesOpen && open.length === 0) throw new Error(`to ${name} has left no question open: it was not made`);
    return {
      change: name,
      failing: failed.filter(({ id }) => !found.includes(id)).map(({ id, evidence }) => `${id}: ${evidence}`),
      takesDown: failed.some(({ severity }) => severity === 'critical'),
      open: leavesOpen ? [] : open,
    };
  } finally {
    await revert();
    await target.settle();
  }
}
