import type { Answer } from '../../functions/isolation/report';
import type { Detonated } from './technique';

interface Named {
  readonly name: string;
  /** The check that must find it. */
  readonly check: string;
}

/** An attack technique on a scene: one tenant, or what all tenants share. */
export interface Technique<S> extends Named {
  readonly detonate: (scene: S) => Promise<Detonated>;
}

export interface Ground<S> {
  readonly scene: S;
  /**
   * Asks all checks.
   *
   * @param believed what the platform believes of the tenant, where a technique has changed that
   * @returns the answers that have not passed
   */
  readonly ask: (believed?: Detonated['believed']) => Promise<Answer[]>;
}

/** What the checks said while a technique was in force. */
export interface Finding {
  readonly technique: string;
  /** The check that must find it. */
  readonly check: string;
  /** Every check that failed. */
  readonly foundBy: readonly string[];
  /** The check failed, and its evidence names the change. */
  readonly found: boolean;
  /** The evidence of that check. */
  readonly evidence: string;
  readonly expectedEvidence: string;
  readonly seconds: number;
}

export interface Verdict extends Finding {
  /** Checks that still fail after the revert, with their evidence. */
  readonly falseAlarms: readonly string[];
}

interface Seen {
  readonly answers: readonly Answer[];
  readonly seconds: number;
}

function findingOf({ name, check }: Named, expectedEvidence: string, { answers, seconds }: Seen): Finding {
  const evidence = answers.find(({ id }) => id === check)?.evidence ?? 'nothing';
  return {
    technique: name,
    check,
    foundBy: answers.map(({ id }) => id),
    found: evidence.includes(expectedEvidence),
    evidence,
    expectedEvidence,
    seconds,
  };
}

/** Detonates a technique, asks, reverts and asks again. @throws Error when the detonation fails */
export async function tryAlone<S>(ground: Ground<S>, technique: Technique<S>): Promise<Verdict> {
  const finding = await findAlone(ground, technique);
  const left = await ground.ask();
  return { ...finding, falseAlarms: left.map(({ id, evidence }) => `${id}: ${evidence}`) };
}

/** Detonates a technique, asks and reverts. @throws Error when the detonation fails */
async function findAlone<S>({ scene, ask }: Ground<S>, technique: Technique<S>): Promise<Finding> {
  const began = performance.now();
  const { expectedEvidence, revert, believed } = await technique.detonate(scene).catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown;
    throw new Error(`cannot ${technique.name}: ${reason}`);
  });
  const answers = await ask(believed).finally(revert);
  const seconds = (performance.now() - began) / 1000;
  return findingOf(technique, expectedEvidence, { answers, seconds });
}

/** Techniques in force at the same time: no batch is larger, as each is for another check. */
const AT_ONCE = 40;

/** Techniques that take away what others work with, or that others hide. */
const ALONE: ReadonlySet<string> = new Set([
  'disable the key',
  'schedule the deletion of the key',
  'delete the secret, to be restored for a week',
  'put a database under another key in the place of the tenant’s',
  'stop the database',
  // What probes have put into the bucket stays.
  'lock each object of the tenant for ten years',
  // Nobody looks behind the door of a database that refuses the application.
  'turn IAM authentication off',
  'take rds_iam from the application',
  'let the application no longer log in',
  'let the application log in with the master password',
  // Beside a new version of the secret it looks like a rotation.
  'set the master password to a known one',
  // All other questions are asked about what the descriptor names.
  'name a stranger’s target group in the cell’s descriptor',
  'name a stranger’s task role in the cell’s descriptor',
  'name another block of tenants in the cell’s descriptor',
  'name another bucket for access logs in the cell’s descriptor',
]);

/** What only one technique of a batch may be about. All probes use the same doors. */
const subjectOf = ({ check }: Named) => (check.startsWith('probes.') ? 'probes' : check);

/** Groups of techniques, each for another check: which technique made a check fail is clear. */
export function batchesOf<T extends Named>(techniques: readonly T[]): T[][] {
  const batches: T[][] = [];
  const takes = (batch: readonly T[], technique: T) =>
    batch.length < AT_ONCE && batch.every((each) => subjectOf(each) !== subjectOf(technique) && !ALONE.has(each.name));
  for (const technique of techniques) {
    const free = ALONE.has(technique.name) ? undefined : batches.find((batch) => takes(batch, technique));
    if (free) free.push(technique);
    else batches.push([technique]);
  }
  return batches;
}

async function revertAll(detonated: readonly Detonated[]): Promise<void> {
  for (const { revert } of detonated.toReversed()) await revert();
}

/**
 * Puts the techniques in force together, asks all checks once and reverts. What cannot stand beside
 * the others, or is not found beside them, is tried alone.
 *
 * @throws Error when a technique cannot be detonated alone either
 */
export async function tryTogether<S, T extends Technique<S>>(
  ground: Ground<S>,
  techniques: readonly T[],
): Promise<Map<T, Finding>> {
  const { scene, ask } = ground;
  const began = performance.now();
  const inForce = new Map<T, Detonated>();
  let answers: Answer[] = [];
  try {
    for (const technique of techniques) {
      const detonated = await technique.detonate(scene).catch(() => undefined);
      // The platform would have to believe it of all of them.
      if (detonated?.believed) await detonated.revert();
      else if (detonated) inForce.set(technique, detonated);
    }
    answers = await ask();
  } finally {
    await revertAll([...inForce.values()]);
  }
  const seen = { answers, seconds: (performance.now() - began) / 1000 };

  const findings = new Map<T, Finding>();
  for (const technique of techniques) {
    const detonated = inForce.get(technique);
    const finding = detonated && findingOf(technique, detonated.expectedEvidence, seen);
    findings.set(technique, finding?.found ? finding : await findAlone(ground, technique));
  }
  return findings;
}
