import { tenantIdOf } from '../../../functions/contract/naming';
import { STACK_KINDS } from '../../../functions/contract/stacks';
import type { Figure } from '../../support/figures';
import { arm } from '../arm-fault';
import { differences, holdingsOf, slotProblems, unowned } from '../census';
import type { CallFaultKind } from '../injection';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { seededRandom } from '../seeded-random';
import { type Fault, signupOf } from '../trial';

const ONBOARDINGS = 200;
const AT_ONCE = 40;
/** A twentieth of AWS's delays, where the platform has none. */
const PATIENCE = 0.05;

const IN_CALLS: readonly CallFaultKind[] = ['throttled', 'faulted', 'lost', 'killed', 'out-of-memory'];
/** Reasons in AWS's words for which a stack fails today and not tomorrow: cloudformation.passing_failures of the emulator. */
const REASONS = [
  'Rate exceeded (Service: Ec2, Status Code: 400) (HandlerErrorCode: Throttling)',
  'Internal Failure (Service: Rds, Status Code: 500) (HandlerErrorCode: ServiceInternalError)',
  'We currently do not have sufficient db.t4g.medium capacity (Service: Rds, InsufficientDBInstanceCapacity)',
  'A conflicting conditional operation is currently in progress against this resource. Please try again. (Service: S3)',
] as const;

/** A fault that passes: of ten, seven in a call, two in a resource, one in an event. */
function passingFault({ onboarding, resources }: Recording, random: () => number): Fault {
  const one = <T>(of: readonly T[]): T => {
    const found = of[Math.floor(random() * of.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  };
  const which = random();
  const stack = one(STACK_KINDS);
  if (which < 0.1) return { type: 'event', stack, status: 'CREATE_COMPLETE', deliveries: 2 };
  if (which < 0.3) {
    return {
      type: 'resource',
      stack,
      resource: one(resources[stack]),
      on: 'create',
      fails: true,
      reason: one(REASONS),
    };
  }
  return { type: 'call', call: one(onboarding), kind: one(IN_CALLS) };
}

/** Onboardings that each meet AWS's delays and one fault that passes: each ends ACTIVE and complete without a person. */
export async function passingFaults(
  lab: Lab,
  recording: Recording,
  seed: string,
  onboardings = ONBOARDINGS,
): Promise<Figure[]> {
  const random = seededRandom(`${seed} passing`);
  const signups = Array.from({ length: onboardings }, (_, index) => signupOf(seed, `passing ${index}`));
  const armed = new Map<string, Fault>();
  for (const { signupId, subdomain } of signups) {
    const tenantId = tenantIdOf(signupId);
    const fault = passingFault(recording, random);
    await arm(lab, { tenantId, executionArn: lab.executionArn(subdomain) }, fault);
    armed.set(tenantId, fault);
  }
  const factor = await lab.patience();
  await lab.control('patience', { factor: factor || PATIENCE });
  for (let from = 0; from < onboardings; from += AT_ONCE) await lab.signups.burst(signups.slice(from, from + AT_ONCE));
  await lab.control('patience', { factor });

  const census = await lab.census();
  const statusOf = (tenantId: string) => census.table.records.get(tenantId)?.status;
  const failureOf = (tenantId: string) => {
    const { step, error, reason = '' } = census.table.records.get(tenantId)?.failure ?? {};
    return `${step}: ${error}: ${reason.slice(0, 300)}`;
  };
  const active = [...armed.keys()].filter((tenantId) => statusOf(tenantId) === 'ACTIVE');
  const problems = [
    ...[...armed].flatMap(([tenantId, fault]) =>
      statusOf(tenantId) === 'ACTIVE'
        ? []
        : [`${tenantId} is ${statusOf(tenantId)} after ${JSON.stringify(fault)}: ${failureOf(tenantId)}`],
    ),
    ...active.flatMap((tenantId) => differences(holdingsOf(census, tenantId), recording.complete)),
    ...slotProblems(census),
    ...unowned(census).map(({ kind, name }) => `unowned: ${kind} ${name}`),
  ];
  const name = `of ${onboardings} onboardings under delays and one passing fault each, ACTIVE without a person`;
  return [{ name, value: active.length, unit: '', limit: { exactly: onboardings }, problems }];
}
