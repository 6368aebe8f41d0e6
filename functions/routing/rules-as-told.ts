import { isDeepStrictEqual } from 'node:util';
import type { Compute } from '../compute/compute';
import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { someAtOnce } from '../shared/some-at-once';
import { type LoadBalancer, pointRule, type RuleAim } from './host-rule';

/** What the table says that a rule has to do. */
export interface ToldRule {
  readonly ruleArn: string;
  readonly aim: RuleAim;
  /** The colour of a rule that forwards. */
  readonly colour: Colour;
}

export interface PointRulesDeps {
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'requireHealthyTarget'>;
}

/** Each round has met a change of what the table says. */
const ROUNDS = 5;

/**
 * Points rules as the table says. Whoever changes the table writes that first, and calls this afterwards: Elastic Load
 * Balancing has no conditional write.
 *
 * 1. Read what the table says, and point the rules, some at once.
 * 2. Read again. The rules that should do something else now are pointed again: of two callers at
 *    once, the later one has seen what the other has written.
 *
 * A throttled change waits for its turn.
 *
 * @param read all rules, and what the table says of each
 * @param known what rules are known to do, by their ARN
 * @param whose for the error
 * @throws PlatformError `TransientServiceUnsteady` when a colour has no healthy target; `TransientConflict` when the table
 * changes again and again
 */
export async function pointAsTold(
  { elb, compute }: PointRulesDeps,
  cell: CellDescriptor,
  read: () => Promise<readonly ToldRule[]>,
  known: ReadonlyMap<string, RuleAim>,
  whose: string,
): Promise<void> {
  const done = new Map(known);
  for (let round = 0; round < ROUNDS; round++) {
    const due = (await read()).filter(({ ruleArn, aim }) => !isDeepStrictEqual(aim, done.get(ruleArn)));
    if (due.length === 0) return;
    await someAtOnce(due, async ({ ruleArn, aim, colour }) => {
      if (typeof aim === 'object') await compute.requireHealthyTarget(cell, colour);
      await pointRule(elb, ruleArn, aim);
      done.set(ruleArn, aim);
    });
  }
  throw new PlatformError('TransientConflict', `${whose} should lead elsewhere again and again`);
}
