import { pause } from '../shared/invocation';
import { CATALOGUE } from './catalogue';
import type { Check, Sources } from './check';
import type { Known } from './facts/facts';
import type { Newness } from './newness';
import { failedOf, openOf, type Report } from './report';
import type { Subject } from './subject';
import { verify } from './verify';

/** How long one call waits for what AWS does not show yet. A test passes its own. */
export interface Patience {
  /** Upper limits of the pauses, milliseconds; a pause is between half of its limit and all of it. */
  readonly pauses: readonly number[];
  /** After so many milliseconds no further pause begins. */
  readonly atMost: number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * A minute: mostly longer than AWS takes to show a new role or rule. The state machine's retries
 * bring further minutes (contract/time-limits.ts counts this one).
 */
const PATIENCE: Patience = {
  pauses: [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000],
  atMost: 60_000,
  pause,
  random: Math.random,
};

export interface Verifying {
  readonly sourcesFor: (subject: Subject, known?: Known) => Sources;
  readonly known?: Known;
  readonly now: () => Date;
  readonly patience?: Patience;
  readonly catalogue?: readonly Check[];
}

const waits = (report: Report) =>
  failedOf(report).length === 0 && openOf(report).some(({ open }) => open === 'not-visible-yet');

/** Asks some checks again, over new sources, and puts their answers in place of the earlier ones. */
async function askAgain(
  report: Report,
  subject: Subject,
  { sourcesFor, known, now }: Verifying,
  checks: readonly Check[],
  newness?: Newness,
): Promise<Report> {
  const later = await verify(subject, sourcesFor(subject, known), now, checks, newness);
  const answers = new Map(later.checks.map((answer) => [answer.id, answer]));
  const merged = report.checks.map((answer) => answers.get(answer.id) ?? answer);
  const { verifiedAt } = later;
  return { ...report, verifiedAt, checks: merged, passed: merged.every(({ passed }) => passed) };
}

/**
 * Asks every violation once more, over new sources. A check compares answers that AWS gave at different moments, while a
 * release, a suspension or a rotation of ours may be at work between them: what is a violation of isolation is one at the
 * second look, too.
 */
async function confirmed(
  report: Report,
  subject: Subject,
  verifying: Verifying,
  catalogue: readonly Check[],
  newness?: Newness,
): Promise<Report> {
  const failed = new Set(failedOf(report).map(({ id }) => id));
  if (failed.size === 0) return report;
  const checks = catalogue.filter(({ id }) => failed.has(id));
  // Stacks and route were read for the first look, and lists of the account for an earlier tenant.
  const known = { ...verifying.known, stacks: undefined, route: undefined, accountWide: undefined };
  const anew = { ...verifying, known };
  return await askAgain(report, subject, anew, checks, newness);
}

/**
 * Verifies a tenant, and asks again for up to a minute what fails only because AWS may not show a
 * new role or a new rule everywhere yet.
 *
 * 1. Every check once. A violation is asked about once more, and then decides: nothing is waited for.
 * 2. After each pause, the checks whose failure decides nothing yet.
 * 3. If anything was waited for: every denial once more. A role that AWS did not know everywhere a
 *    moment ago may have been denied because of that.
 *
 * @param newness absent when nothing of the tenant is new: then nothing is waited for
 * @returns a report with answers that are `not-visible-yet` when the patience has ended
 * @throws PlatformError see `verify`
 */
export async function verifyPatiently(subject: Subject, verifying: Verifying, newness?: Newness): Promise<Report> {
  const { sourcesFor, known, now, patience = PATIENCE, catalogue = CATALOGUE } = verifying;
  const began = now().getTime();
  const first = await verify(subject, sourcesFor(subject, known), now, catalogue, newness);
  let report = await confirmed(first, subject, verifying, catalogue, newness);
  let waited = false;
  for (const limit of patience.pauses) {
    if (!waits(report) || now().getTime() - began > patience.atMost) break;
    waited = true;
    await patience.pause(limit * (0.5 + patience.random() / 2));
    const open = new Set(openOf(report).map(({ id }) => id));
    const checks = catalogue.filter(({ id }) => open.has(id));
    const later = await askAgain(report, subject, verifying, checks, newness);
    report = await confirmed(later, subject, verifying, catalogue, newness);
  }
  if (!waited || !report.passed) return report;
  const refusals = catalogue.filter(({ refusal }) => refusal);
  const last = await askAgain(report, subject, verifying, refusals, newness);
  return await confirmed(last, subject, verifying, catalogue, newness);
}
