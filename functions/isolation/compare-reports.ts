import type { Evidence } from './evidence-report';
import type { Answer } from './report';

/** What a check said in a report; `absent` when the report has no answer to it. */
export type Verdict = 'passed' | 'failed' | 'unanswered' | 'absent';

export interface ChangedAnswer {
  readonly id: string;
  readonly title: string;
  readonly before: Verdict;
  readonly after: Verdict;
  /** What the later report says; where it has no answer, the earlier. */
  readonly evidence: string;
}

export interface ChangedValue {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

export interface Comparison {
  readonly earlier: Pick<Evidence, 'verifiedAt' | 'verifiedBy' | 'passed'>;
  readonly later: Pick<Evidence, 'verifiedAt' | 'verifiedBy' | 'passed'>;
  /** Checks whose verdict is another one, in the order of the later report. */
  readonly answers: readonly ChangedAnswer[];
  /** Code, templates, parameters, SDK: what the tenant and the checks were made of. */
  readonly values: readonly ChangedValue[];
  /** Checks with the same verdict in both. */
  readonly same: number;
  /** Checks that have passed in one report, and that the other has not asked, by its own account: an onboarding does not ask all. */
  readonly askedOnce: readonly string[];
}

function verdictOf(answer: Answer | undefined): Verdict {
  if (!answer) return 'absent';
  if (answer.passed) return 'passed';
  return answer.open === undefined ? 'failed' : 'unanswered';
}

/** Whatever a report says beside its answers, by name. */
function valuesOf(evidence: Evidence): Map<string, string> {
  const { host, cell, routed, codeVersion, templateVersions, parameters, sdkVersions = {} } = evidence;
  const named = (of: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => [`${of} ${name}`, value] as const);
  return new Map<string, string>([
    ...Object.entries({ host, cell, route: routed ? 'open' : 'closed', 'code version': codeVersion }),
    ...named('template version of', templateVersions),
    ...Object.entries(parameters ?? {}).flatMap(([kind, values]) => named(`parameter of the ${kind} stack:`, values)),
    ...named('version of', sdkVersions),
  ]);
}

function changedValues(earlier: Evidence, later: Evidence): ChangedValue[] {
  const [before, after] = [valuesOf(earlier), valuesOf(later)];
  return [...new Set([...after.keys(), ...before.keys()])]
    .map((what) => ({ what, before: before.get(what) ?? 'absent', after: after.get(what) ?? 'absent' }))
    .filter((each) => each.before !== each.after);
}

const headOf = ({ verifiedAt, verifiedBy, passed }: Evidence) => ({ verifiedAt, verifiedBy, passed });

/**
 * Compares two reports about one tenant, in whatever order they are given: what has another verdict,
 * and what the tenant and the checks were made of. Evidence in other words is no difference, and neither
 * is a check that has passed in one and that the other says it has not asked.
 *
 * @throws Error when the reports are about different tenants
 */
export function compareReports(one: Evidence, other: Evidence): Comparison {
  if (one.tenantId !== other.tenantId)
    throw new Error(`the reports are about different tenants: ${one.tenantId} and ${other.tenantId}`);
  const [earlier, later] = one.verifiedAt <= other.verifiedAt ? [one, other] : [other, one];
  const answersBy = ({ checks }: Evidence) => new Map(checks.map((answer) => [answer.id, answer]));
  const [before, after] = [answersBy(earlier), answersBy(later)];
  const all = [...new Set([...after.keys(), ...before.keys()])].flatMap((id) => {
    const answer = after.get(id) ?? before.get(id);
    if (!answer) return [];
    const { title, evidence } = answer;
    return [{ id, title, before: verdictOf(before.get(id)), after: verdictOf(after.get(id)), evidence }];
  });
  const left = new Set([earlier, later].flatMap(({ notAsked = [] }) => notAsked.map(({ id }) => id)));
  const isAskedOnce = ({ id, before, after }: ChangedAnswer) =>
    left.has(id) && [before, after].includes('passed') && [before, after].includes('absent');
  const changed = all.filter((each) => each.before !== each.after);
  const answers = changed.filter((each) => !isAskedOnce(each));
  return {
    ...{ earlier: headOf(earlier), later: headOf(later), answers },
    ...{ values: changedValues(earlier, later), same: all.length - changed.length },
    askedOnce: changed.filter(isAskedOnce).map(({ id }) => id),
  };
}
