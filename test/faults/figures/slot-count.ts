import { tenantIdOf } from '../../../functions/contract/naming';
import type { Figure } from '../../support/figures';
import { slotProblems, unowned } from '../census';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { seededRandom } from '../seeded-random';
import { signupOf } from '../trial';

const ONBOARDINGS = 200;
const AT_ONCE = 40;

/** Onboardings of which a random third fails at a random call: as many slots are taken as there are ACTIVE tenants. */
export async function slotCount(
  lab: Lab,
  { onboarding }: Recording,
  seed: string,
  onboardings = ONBOARDINGS,
): Promise<Figure[]> {
  const random = seededRandom(`${seed} slots`);
  // What a stack's event calls is brought back by the sweep, and the announcement comes when the tenant is ACTIVE.
  const fatal = onboarding.filter((call) => !/^(StackSettled|PublishCompletion) /.test(call));
  const signups = Array.from({ length: onboardings }, (_, index) => signupOf(seed, `slots ${index}`));
  let failing = 0;
  for (const { signupId } of signups) {
    const call = fatal[Math.floor(random() * fatal.length)];
    if (random() >= 1 / 3 || call === undefined) continue;
    lab.injection.arm(tenantIdOf(signupId), { call, kind: random() < 0.5 ? 'refused' : 'killed' });
    failing++;
  }
  for (let from = 0; from < onboardings; from += AT_ONCE) {
    await lab.signups.burst(signups.slice(from, from + AT_ONCE));
  }
  const census = await lab.census();
  const { records, takenSlots } = census.table;
  const active = [...records.values()].filter(({ status }) => status === 'ACTIVE').length;
  const problems = [...slotProblems(census), ...unowned(census).map(({ kind, name }) => `unowned: ${kind} ${name}`)];
  const name = `slots taken after ${onboardings} onboardings, ${failing} of them with a fatal fault`;
  const note = `${active} tenants are ACTIVE`;
  return [{ name, value: takenSlots.size, unit: 'slots', limit: { exactly: active }, note, problems }];
}
