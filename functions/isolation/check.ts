import type { Facts } from './facts/facts';
import type { Probes } from './probes/probes';
import type { Subject } from './subject';

export const CHECK_GROUPS = [
  'key',
  'database',
  'storage',
  'secrets',
  'network',
  'identity',
  'routing',
  'probes',
] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

/** `critical`: somebody else could reach the tenant's data now. `high`: one more mistake is enough. `medium`: weaker than promised. */
export type Severity = 'critical' | 'high' | 'medium';

export interface Finding {
  readonly passed: boolean;
  /** What was seen, in a sentence that names the cause; never a secret. */
  readonly evidence: string;
}

/** Where the answers of checks come from: the configuration in AWS, and probes. */
export interface Sources {
  readonly facts: Facts;
  readonly probes: Probes;
}

/** A question about one tenant with a yes/no answer. */
export interface Check {
  /** `GROUP.NAME`; operators and auditors know it by this, so it never changes its meaning. */
  readonly id: `${CheckGroup}.${string}`;
  readonly title: string;
  readonly question: string;
  readonly severity: Severity;
  /** What it is evidence for: AWS Foundational Security Best Practices (FSBP), CIS AWS Foundations, SOC 2. */
  readonly control: string;
  readonly run: (subject: Subject, sources: Sources) => Promise<Finding>;
}

export const groupOf = ({ id }: Pick<Check, 'id'>): CheckGroup => {
  const group = CHECK_GROUPS.find((name) => id.startsWith(`${name}.`));
  if (!group) throw new Error(`check ${id} is of no group`);
  return group;
};

/** Passed when there is no violation. The evidence of a failed check is its violations. */
export function finding(violations: readonly string[], seen: string): Finding {
  return violations.length === 0
    ? { passed: true, evidence: seen }
    : { passed: false, evidence: violations.join('; ') };
}

/** A violation when the value in AWS is not the expected one. */
export function expectEqual(what: string, actual: unknown, expected: unknown): string[] {
  return actual === expected ? [] : [`${what} is ${String(actual ?? 'absent')}, not ${String(expected)}`];
}

/** A violation for each unexpected and each missing member. The order does not matter. */
export function expectExactly(
  what: string,
  actual: readonly (string | undefined)[],
  expected: readonly string[],
): string[] {
  const extra = actual.filter((each) => each === undefined || !expected.includes(each));
  const missing = expected.filter((each) => !actual.includes(each));
  return [
    ...extra.map((each) => `${what}: ${each ?? 'one without a name'} must not be there`),
    ...missing.map((each) => `${what}: ${each} is missing`),
  ];
}
