import { tenantIdOf } from '../../../functions/contract/naming';
import { differences, holdingsOf, slotProblems } from '../census';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { signupOf } from '../trial';
import { Executions, sendAll } from './executions';
import { type Figure, figure } from './figure';

const PAIRS = 50;
const TIMEOUT_MS = 600_000;

/** Two signups for each subdomain, all at once: one of each pair wins, and the other leaves it untouched. */
export async function subdomainRaces(lab: Lab, { complete }: Recording, seed: string): Promise<Figure[]> {
  const pairs = Array.from({ length: PAIRS }, (_, index) => {
    const [one, other] = [signupOf(seed, `race ${index}`), signupOf(seed, `race ${index}, the other`)];
    return [one, { ...other, subdomain: one.subdomain }] as const;
  });
  const executions = new Executions(lab);
  await executions.forget();
  await sendAll(lab, pairs.flat());
  const ended = await executions.ended(PAIRS * 2, TIMEOUT_MS);
  const errors = await Promise.all(ended.map(({ executionArn }) => executions.describe(executionArn)));
  const taken = errors.filter(({ error }) => error === 'SubdomainTaken').length;

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
  const all = (value: number) => ({ text: String(PAIRS), ok: value === PAIRS });
  return [
    figure(`${PAIRS} pairs that race for a subdomain: pairs with one winner`, decided, '', all(decided), problems),
    figure('losers that end SubdomainTaken', taken, '', all(taken)),
  ];
}
