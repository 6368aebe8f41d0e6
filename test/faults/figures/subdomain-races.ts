import { tenantIdOf } from '../../../functions/contract/naming';
import { readableSignupId } from '../../../functions/contract/signup';
import type { Figure } from '../../support/figures';
import { differences, holdingsOf, slotProblems } from '../census';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { signupOf } from '../trial';

const PAIRS = 50;

/** Two signups for each subdomain, all at once: one of each pair wins, and the other leaves it untouched. */
export async function subdomainRaces(
  lab: Lab,
  { complete }: Recording,
  seed: string,
  count = PAIRS,
): Promise<Figure[]> {
  const pairs = Array.from({ length: count }, (_, index) => {
    const [one, other] = [signupOf(seed, `race ${index}`), signupOf(seed, `race ${index}, the other`)];
    return [one, { ...other, subdomain: one.subdomain }] as const;
  });
  const { executions } = await lab.signups.burst(pairs.flat());
  const refused = (await lab.describe(executions)).filter(({ error }) => error === 'SubdomainTaken');
  // EventBridge delivers an event twice now and then: the second run of a loser is an attempt of its own, and ends alike.
  const taken = new Set(refused.map(({ input = '{}' }) => readableSignupId(JSON.parse(input)))).size;

  const census = await lab.census();
  const isActive = (signupId: string) => census.table.records.get(tenantIdOf(signupId))?.status === 'ACTIVE';
  const winners = pairs.flat().filter(({ signupId }) => isActive(signupId));
  const losers = pairs.flat().filter(({ signupId }) => !isActive(signupId));
  const decided = pairs.filter((pair) => pair.filter(({ signupId }) => isActive(signupId)).length === 1).length;
  const problems = [
    ...winners.flatMap(({ signupId }) => differences(holdingsOf(census, tenantIdOf(signupId)), complete)),
    ...losers.flatMap(({ signupId }) => differences(holdingsOf(census, tenantIdOf(signupId)), new Map())),
    ...slotProblems(census),
  ];
  const inAll = { unit: '', limit: { exactly: count } };
  return [
    { name: `${count} pairs that race for a subdomain: pairs with one winner`, value: decided, ...inAll, problems },
    { name: 'losers that end SubdomainTaken', value: taken, ...inAll },
  ];
}
