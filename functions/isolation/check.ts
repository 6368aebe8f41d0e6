import type { Facts } from './facts/facts';
import type { Probes } from './probes/probes';
import type { Subject } from './subject';

export const CHECK_GROUPS = [
  'key',
  'database',
  'storage',
  'secrets',
  'network',
  'logs',
  'identity',
  'stacks',
  'routing',
  'probes',
  'cell',
  'platform',
  'audit',
] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

/**
 * - `critical`: another principal could reach the tenant's data now
 * - `high`: one more mistake is enough
 * - `medium`: weaker than promised
 */
export type Severity = 'critical' | 'high' | 'medium';

/**
 * AWS Foundational Security Best Practices, the CIS AWS Foundations Benchmark, the SOC 2 Trust
 * Services Criteria.
 */
export const FRAMEWORKS = ['FSBP', 'CIS AWS Foundations', 'SOC 2'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

/** A control that a check is evidence for, as the framework numbers it. */
export interface Control {
  readonly framework: Framework;
  readonly id: string;
}

/** What an operator does when the check fails. */
export interface Remediation {
  /** One sentence. */
  readonly action: string;
  /** The section of the runbook: `docs/runbook.md#ANCHOR`. */
  readonly runbook: string;
}

/** What AWS may not show everywhere yet: the tenant's role, or its listener rule. */
export type NewResource = 'role' | 'rule';

export interface Finding {
  readonly passed: boolean;
  /** What was seen, in a sentence that names the cause. Never a secret. */
  readonly evidence: string;
  /** Of a finding that has not passed: the question could not be asked, so there is no violation. */
  readonly unanswered?: true;
  /** Of a finding that has not passed: it says nothing while this resource is new. */
  readonly restsOn?: NewResource;
  /** Of a finding that has not passed, where it is less severe than the check. */
  readonly severity?: Severity;
}

/** Thrown by a source when a question cannot be asked: neither proof nor violation. */
export class Unanswered extends Error {
  constructor(
    message: string,
    readonly restsOn?: NewResource,
  ) {
    super(message);
  }
}

/** Thrown by a source whose answer this verification does not wait for. The report says so. */
export class NotAsked extends Error {}

/** Where the answers of checks come from: the configuration in AWS, and probes. */
export interface Sources {
  readonly facts: Facts;
  readonly probes: Probes;
}

/**
 * `GROUP.NAME`. Operators and auditors know a check by its id, so an id never changes its meaning.
 */
export type CheckId = `${CheckGroup}.${string}`;

/** A question with a yes/no answer: about one tenant, or about what all tenants share. */
export interface Check<S = Subject, F = Sources> {
  readonly id: CheckId;
  readonly title: string;
  readonly question: string;
  readonly severity: Severity;
  readonly controls: readonly Control[];
  readonly remediation: Remediation;
  /** Whether it passes when AWS denies something. A denial is asked for again at the end of a run. */
  readonly refusal?: true;
  /** Whether it begins ahead of the others, which wait until the door of the database is being tried: that takes longest. */
  readonly ahead?: true;
  readonly run: (subject: S, sources: F) => Promise<Finding>;
}

/** What people read about a check. It is kept apart from the code that answers the question. */
export interface CheckMetadata<Id extends CheckId = CheckId> {
  readonly id: Id;
  readonly title: string;
  readonly question: string;
  readonly severity: Severity;
  /** Numbers of controls by framework. */
  readonly controls: { readonly [framework in Framework]?: readonly string[] };
  /** One sentence: what an operator does when the check fails. */
  readonly remediation: string;
}

export const groupOf = ({ id }: Pick<Check, 'id'>): CheckGroup => {
  const group = CHECK_GROUPS.find((name) => id.startsWith(`${name}.`));
  if (!group) throw new Error(`check ${id} belongs to no group`);
  return group;
};

/** Controls by framework, in the order of FRAMEWORKS. */
export const byFramework = (controls: readonly Control[]) =>
  FRAMEWORKS.map((framework) => ({
    framework,
    ids: controls.filter((control) => control.framework === framework).map(({ id }) => id),
  })).filter(({ ids }) => ids.length > 0);

/** Controls as one line: `FSBP KMS.3, SOC 2 CC6.1, CC6.3`. */
export const controlLine = (controls: readonly Control[]) =>
  byFramework(controls)
    .map(({ framework, ids }) => `${framework} ${ids.join(', ')}`)
    .join(', ');

/** Joins metadata and code. A check without one of them does not compile. */
export function checksOf<Id extends CheckId, S = Subject, F = Sources>(
  metadata: readonly CheckMetadata<Id>[],
  runs: { readonly [id in Id]: Check<S, F>['run'] },
): Check<S, F>[] {
  return metadata.map(({ controls, remediation, ...rest }) => ({
    ...rest,
    controls: FRAMEWORKS.flatMap((framework) => (controls[framework] ?? []).map((id) => ({ framework, id }))),
    remediation: { action: remediation, runbook: `docs/runbook.md#isolation-${groupOf(rest)}` },
    run: runs[rest.id],
  }));
}

/**
 * Passed when there is neither a violation nor a shortfall. The evidence of a failed check is all of them.
 *
 * @param shortfalls violations that keep somebody out, or keep a promise less, and let nobody in: by themselves they are of
 * severity `medium`, whatever the check, so no audit suspends a tenant for them
 */
export function finding(violations: readonly string[], seen: string, shortfalls: readonly string[] = []): Finding {
  const all = [...violations, ...shortfalls];
  if (all.length === 0) return { passed: true, evidence: seen };
  return { passed: false, evidence: all.join('; '), ...(violations.length === 0 && { severity: 'medium' }) };
}

/** The check says nothing while the resource is new. */
export const restingOn =
  (restsOn: NewResource, run: Check['run']): Check['run'] =>
  async (subject, sources) => {
    const found = await run(subject, sources);
    return found.passed ? found : { ...found, restsOn };
  };

/** A violation when the value in AWS is not the expected one. */
export function expectEqual(what: string, actual: unknown, expected: unknown): string[] {
  return actual === expected ? [] : [`${what} is ${String(actual ?? 'absent')}, not ${String(expected)}`];
}

/** Whether a service has this key, as somebody has named it: by its ARN or its id, which no other key has. */
export const isKeyOf = (name: string | undefined, keyArn: string) =>
  name === keyArn || name === keyArn.split(':key/')[1];

type Members = readonly (string | undefined)[];

/** A violation for each member that is not expected. */
export const expectNoOther = (what: string, actual: Members, expected: readonly string[]): string[] =>
  actual
    .filter((each) => each === undefined || !expected.includes(each))
    .map((each) => `${what} ${each ?? 'without a name'} is unexpected`);

/** A violation for each member that is missing. */
export const expectEach = (what: string, actual: Members, expected: readonly string[]): string[] =>
  expected.filter((each) => !actual.includes(each)).map((each) => `${what} ${each} is missing`);

/** A violation for each unexpected and each missing member. The order does not matter. */
export const expectExactly = (what: string, actual: Members, expected: readonly string[]): string[] => [
  ...expectNoOther(what, actual, expected),
  ...expectEach(what, actual, expected),
];
