import type { Finding, NewResource, Sources } from './check';

/**
 * How long a denied or missing role says nothing, milliseconds. "Changes that I make are not always
 * immediately visible" (IAM) names no bound; reports from the field say 10 to 30 seconds, at times a
 * minute (hashicorp/terraform-provider-aws#6566).
 */
const ROLE_IS_NEW_FOR = 5 * 60_000;
/**
 * How long a rule may be answered by its former action, milliseconds. Elastic Load Balancing names no
 * bound; reports from the field say some seconds (kubernetes-sigs/aws-load-balancer-controller#1433).
 */
const RULE_IS_NEW_FOR = 60_000;

/** What of a tenant is new, so that AWS may not show it everywhere yet. */
export interface Newness {
  /** When the tenant's listener rule was created or last changed, ISO 8601. */
  readonly ruleSince: string;
  /**
   * Whether the tenant's role has never been allowed anything. The role of a tenant in service was,
   * in its onboarding: a later denial is no delay.
   */
  readonly roleUnproven: boolean;
}

/** A role that IAM does not show yet is as new as the rule, which was made after it. */
async function roleSince({ ruleSince }: Newness, { facts }: Sources): Promise<number> {
  const created = await facts.identity.role().then(
    ({ createdAt }) => createdAt,
    () => undefined,
  );
  return (created ?? new Date(ruleSince)).getTime();
}

async function isNew(resource: NewResource, newness: Newness, sources: Sources, now: number): Promise<boolean> {
  const { ruleSince, roleUnproven } = newness;
  if (resource === 'role') return roleUnproven && now - (await roleSince(newness, sources)) < ROLE_IS_NEW_FOR;
  // In an onboarding the run is undone by a verdict: the rule gets as much time as the role.
  return now - Date.parse(ruleSince) < (roleUnproven ? ROLE_IS_NEW_FOR : RULE_IS_NEW_FOR);
}

/**
 * Why a finding that has not passed is no violation:
 * - `not-visible-yet`: what it rests on is new; AWS may answer otherwise in a moment
 * - `unanswered`: the question could not be asked
 *
 * @param newness absent when nothing of the tenant is new
 * @returns undefined when the finding has passed, or is a violation
 */
export async function opennessOf(
  { passed, unanswered, restsOn }: Finding,
  sources: Sources,
  now: Date,
  newness?: Newness,
): Promise<'not-visible-yet' | 'unanswered' | undefined> {
  if (passed) return undefined;
  if (restsOn && newness && (await isNew(restsOn, newness, sources, now.getTime()))) return 'not-visible-yet';
  return unanswered && 'unanswered';
}

/** The evidence of a decided finding. It says when a refusal is no delay of AWS any more. */
export function evidenceOf({ passed, evidence, restsOn }: Finding, newness?: Newness): string {
  if (passed || !restsOn || !newness?.roleUnproven) return evidence;
  return `${evidence}; this is no delay of AWS any more: the tenant was registered at ${newness.ruleSince}`;
}
