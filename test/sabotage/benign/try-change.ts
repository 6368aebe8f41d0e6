import { failedOf, openOf } from '../../../functions/isolation/report';
import { sourcesOf } from '../../../functions/isolation/sources';
import { verify } from '../../../functions/isolation/verify';
import type { Target } from '../target';
import type { Revert } from '../technique';
import type { BenignChange, Made } from './benign-change';

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

const ask = async ({ verifier, settle }: Target, subject: Target['subject']) => {
  await settle();
  return await verify(subject, sourcesOf(verifier, subject), () => new Date());
};

/** Makes a change, verifies the tenant and reverts. @throws Error when the change cannot be made */
export async function tryChange(target: Target, change: BenignChange): Promise<BenignVerdict> {
  const { name, make, leavesOpen, found = [] } = change;
  const { revert, subject = target.subject } = await make(target).catch((thrown: unknown) => {
    throw new Error(`cannot ${name}: ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown}`);
  });
  try {
    const report = await ask(target, subject);
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

/** Changes that are told apart from others by what they leave open, or by what a check expects then. */
const standsAlone = ({ leavesOpen, found }: BenignChange) => leavesOpen || found;

/** Makes each change that can be made beside those before it. @returns these, and whether no check minded them */
async function makeTogether(target: Target, changes: readonly BenignChange[]) {
  const made: { change: BenignChange; revert: Revert }[] = [];
  try {
    for (const change of changes) {
      const { revert, subject } = await change.make(target).catch((): Partial<Made> => ({}));
      // The tenant that is verified is one and the same for all.
      if (subject) await revert?.();
      else if (revert) made.push({ change, revert });
    }
    const report = await ask(target, target.subject);
    const unharmed = failedOf(report).length === 0 && openOf(report).length === 0;
    return { unharmed, together: made.map(({ change }) => change) };
  } finally {
    for (const { revert } of made.toReversed()) await revert();
    await target.settle();
  }
}

/**
 * Verifies the tenant once with all changes in force that can stand beside each other. What cannot, and
 * each change where a check fails then, is tried alone.
 */
export async function tryChanges(target: Target, changes: readonly BenignChange[]): Promise<BenignVerdict[]> {
  const { unharmed, together } = await makeTogether(
    target,
    changes.filter((change) => !standsAlone(change)),
  );
  const verdicts: BenignVerdict[] = [];
  for (const change of changes)
    verdicts.push(
      unharmed && together.includes(change)
        ? { change: change.name, failing: [], takesDown: false, open: [] }
        : await tryChange(target, change),
    );
  return verdicts;
}
