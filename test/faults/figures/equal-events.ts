import * as z from 'zod';
import { tenantIdOf } from '../../../functions/contract/naming';
import type { Signup } from '../../../functions/contract/signup';
import type { Figure } from '../../support/figures';
import { type Census, differences, holdingsOf, slotProblems, unowned } from '../census';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { signupOf } from '../trial';

const EVENTS = 1_000;
/** A list of thousands of executions takes a moment. */
const ASK_MS = 1_000;
const DuplicateSchema = z.object({ outcome: z.literal('duplicate') });

/** @returns how many of the executions that the equal events have begun did more than point at another one */
async function sendEqual(lab: Lab, signup: Signup, count: number): Promise<number> {
  const equal = Array.from({ length: count }, () => signup);
  const { executions } = await lab.signups.burst(equal, ASK_MS);
  const outputs = await lab.describe(executions);
  return outputs.filter(({ output }) => !DuplicateSchema.safeParse(JSON.parse(output ?? '{}')).success).length;
}

/** Tenants of whom there is anything, in the table or in AWS. */
const tenants = ({ holdings, table }: Census) =>
  new Set([...holdings.flatMap(({ tenantId }) => tenantId ?? []), ...table.records.keys(), ...table.refusals.keys()]);

/**
 * Equal events: a thousand at once, a thousand more after the onboarding has succeeded, and of another signup a thousand
 * after its onboarding has failed.
 */
export async function equalEvents(lab: Lab, { complete }: Recording, seed: string, count = EVENTS): Promise<Figure[]> {
  const before = tenants(await lab.census());
  const signup = signupOf(seed, 'equal events');
  const atOnce = await sendEqual(lab, signup, count);
  const later = await sendEqual(lab, signup, count);

  const failing = signupOf(seed, 'equal events after a failure');
  const failingId = tenantIdOf(failing.signupId);
  const disarm = lab.injection.arm(failingId, {
    call: 'RegisterTenant elasticloadbalancing:CreateRule#1',
    kind: 'refused',
  });
  await sendEqual(lab, failing, 1);
  await disarm();
  const afterFailure = await sendEqual(lab, failing, count);

  const census = await lab.census();
  const made = [...tenants(census)].filter((tenantId) => !before.has(tenantId));
  const problems = [
    ...[tenantIdOf(signup.signupId), failingId].flatMap((id) => differences(holdingsOf(census, id), complete)),
    ...slotProblems(census),
    ...unowned(census).map(({ kind, name }) => `unowned: ${kind} ${name}`),
  ];
  const of = (name: string, value: number, exactly: number): Figure => ({ name, value, unit: '', limit: { exactly } });
  return [
    of(`onboardings of ${count} equal events at once`, atOnce, 1),
    of(`of ${count} more after success`, later, 0),
    of(`of ${count} after failure`, afterFailure, 1),
    { ...of('tenants of both signups', made.length, 2), problems },
  ];
}
