import pc from 'picocolors';
import { breaches, type Target } from './target';
import type { AttackTechnique } from './technique';

/** A technique that was in force beside the others, and whether the report named its check. */
export interface InForce {
  readonly technique: string;
  readonly check: string;
  readonly named: boolean;
  /** What the check said, where it did not fail. */
  readonly said?: string;
}

export interface AtOnce {
  readonly inForce: readonly InForce[];
  /** Techniques that cannot stand beside the others, each with the reason. */
  readonly apart: readonly { readonly technique: string; readonly reason: string }[];
}

/** Techniques that take away what other techniques, or their checks, work with. */
export const APART: Readonly<Record<string, string>> = {
  'disable the key': 'no door of the tenant would open any more',
  'schedule the deletion of the key': 'no door of the tenant would open any more',
  'delete the secret, to be restored for a week': 'the secret could not be changed any more',
  'put a database under another key in the place of the tenant’s': 'the database would be another one',
  'set the master password to a known one': 'beside a new version of the secret it looks like a rotation',
  'stop the database': 'a stopped database cannot be changed',
};

const reasonOf = (thrown: unknown) => (thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));

/**
 * Detonates every technique that can stand beside the others, and then asks all checks once. Nothing
 * is reverted: the platform ends with the run.
 */
export async function allAtOnce(target: Target, techniques: readonly AttackTechnique[]): Promise<AtOnce> {
  const detonated: AttackTechnique[] = [];
  const apart: { technique: string; reason: string }[] = [];
  let { subject } = target;
  for (const technique of techniques) {
    const { name } = technique;
    const reason = APART[name];
    if (reason) {
      apart.push({ technique: name, reason });
      continue;
    }
    try {
      const { believed } = await technique.detonate({ ...target, subject });
      subject = believed ?? subject;
      detonated.push(technique);
    } catch (thrown) {
      apart.push({ technique: name, reason: `another technique is in its way: ${reasonOf(thrown)}` });
    }
  }
  const answers = await breaches({ ...target, subject });
  const verdictOn = ({ name, check }: AttackTechnique): InForce => {
    const answer = answers.find(({ id }) => id === check);
    const named = answer !== undefined && answer.open === undefined;
    return { technique: name, check, named, ...(!named && { said: answer?.evidence ?? 'passed' }) };
  };
  return { inForce: detonated.map(verdictOn), apart };
}

export function atOnceLines({ inForce, apart }: AtOnce): string[] {
  const missed = inForce.filter(({ named }) => !named);
  const checks = new Set(inForce.map(({ check }) => check));
  const closing = `all at once: ${inForce.length} attack techniques in force, ${checks.size} checks expected, ${missed.length} not named`;
  return [
    '\nall at once',
    ...apart.map(({ technique, reason }) => `apart: ${technique}: ${reason.slice(0, 160)}`),
    ...missed.map(({ technique, check, said }) => pc.red(`not named: ${check}, for ${technique}: ${said}`)),
    missed.length === 0 ? pc.green(closing) : pc.red(closing),
  ];
}
