import { isDeepStrictEqual } from 'node:util';
import type { Compute } from '../compute/compute';
import { rememberingHealth } from '../compute/target-health';
import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { someAtOnce } from '../shared/some-at-once';
import { isRuleGone, type LoadBalancer, pointRule, type RuleAim } from './host-rule';

/** What the table says that a rule has to do. */
export interface ToldRule {
  readonly ruleArn: string;
  readonly aim: RuleAim;
  /** The colour of a rule that forwards. */
  readonly colour: Colour;
}

export interface PointRulesDeps {
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'live' | 'requireHealthyTarget'>;
}

/** What this call has let rules do, by their ARN. */
export type Pointed = ReadonlyMap<string, RuleAim>;

export interface LookAfterRules {
  /** Reads what the table says now, and chooses the rules that do something else. */
  readonly look: (pointed: Pointed) => Promise<readonly ToldRule[]>;
  /** The rules that are known to need a change before the first look. */
  readonly first?: readonly ToldRule[];
  /** For the error. */
  readonly whose: string;
  /** Somebody has deleted the rule: among many, it is passed over. Without this, it is an error. */
  readonly passedOver?: (ruleArn: string) => void;
}

/** Each round has met a change of what the table says. */
const ROUNDS = 5;
/**
 * Milliseconds from the first change of a rule to the next look. For so long a rule may lead where a suspension has just
 * closed it: the shared service answers 503 then. Elastic Load Balancing changes 44 rules meanwhile.
 */
const LOOK_AFTER_MS = 8_000;

/**
 * Points rules as the table says. Whoever changes the table writes that first, and calls this afterwards: Elastic Load
 * Balancing has no conditional write.
 *
 * 1. Look which rules do something else than the table says, and point them, some at once.
 * 2. Look again after all of them, at the latest after eight seconds. The rules that should do something else now are
 *    pointed again: of two callers at once, the later one has seen what the other has written.
 *
 * A throttled change waits for its turn. A rule that somebody has deleted stops no other: an audit reports its tenant, and
 * whoever works on that tenant alone gets the error.
 *
 * @returns the rules that were changed
 * @throws PlatformError `TransientServiceUnsteady` when a colour has no healthy target; `TransientConflict` when the table
 * changes again and again
 */
export async function pointAsTold(
  { elb, compute }: PointRulesDeps,
  cell: CellDescriptor,
  { look, first, whose, passedOver }: LookAfterRules,
): Promise<Pointed> {
  const { requireHealthyTarget } = rememberingHealth(compute);
  const pointed = new Map<string, RuleAim>();
  const gone = new Set<string>();
  const point = async ({ ruleArn, aim }: ToldRule) => {
    try {
      await pointRule(elb, ruleArn, aim);
      pointed.set(ruleArn, aim);
    } catch (thrown) {
      if (!passedOver || !isRuleGone(thrown)) throw thrown;
      gone.add(ruleArn);
      passedOver(ruleArn);
    }
  };
  let due = first?.length ? first : await look(pointed);
  for (let rounds = 0; rounds < ROUNDS; ) {
    if (due.length === 0) return pointed;
    const lookAt = Date.now() + LOOK_AFTER_MS;
    let isCutShort = false;
    await someAtOnce(due, async (rule) => {
      isCutShort ||= Date.now() >= lookAt;
      if (isCutShort) return;
      if (typeof rule.aim === 'object') await requireHealthyTarget(cell, rule.colour);
      await point(rule);
    });
    if (!isCutShort) rounds++;
    due = (await look(pointed)).filter(({ ruleArn }) => !gone.has(ruleArn));
  }
  throw new PlatformError('TransientConflict', `${whose} should lead elsewhere again and again`);
}

export interface OwnRules extends Pick<LookAfterRules, 'whose' | 'first' | 'passedOver'> {
  /** Reads what the table says now. */
  readonly told: () => Promise<readonly ToldRule[]>;
  /** What the caller has just let the rules do, by their ARN. */
  readonly known?: Pointed | undefined;
}

/**
 * The same without a look at what the rules do: only what the caller or this call has let them do is known of them.
 *
 * @throws as `pointAsTold`
 */
export async function pointUnseen(
  deps: PointRulesDeps,
  cell: CellDescriptor,
  { told, known, ...rules }: OwnRules,
): Promise<void> {
  const look = async (pointed: Pointed) =>
    (await told()).filter(({ ruleArn, aim }) => !isDeepStrictEqual(aim, pointed.get(ruleArn) ?? known?.get(ruleArn)));
  await pointAsTold(deps, cell, { look, ...rules });
}
