import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { STACK_KINDS, type StackKind } from '../../functions/contract/stacks';
import { workflowNamed } from '../../functions/contract/workflows';
import { holdingsOf, inventory } from './census';
import type { CallFault } from './injection';
import type { Lab } from './lab';
import { takeFreeSlots } from './take-free-slots';
import { signupOf } from './trial';

/** The last call before a tenant is ACTIVE, refused: brings about the rollback of everything an onboarding makes. */
export const LAST_CALL_REFUSED = {
  type: 'call',
  call: 'ActivateTenant dynamodb:TransactWriteItems#1',
  kind: 'refused',
} as const satisfies CallFault & { type: 'call' };

/** What a faultless onboarding, and a rollback, look like: everything that the matrix lets fail. */
export interface Recording {
  readonly onboarding: readonly string[];
  readonly rollback: readonly string[];
  /** The calls of a reservation that finds no free slot, from the moment on when it is different. */
  readonly newSlots: readonly string[];
  readonly resources: Readonly<Record<StackKind, readonly string[]>>;
  /** How many of each kind of holding an ACTIVE tenant has. */
  readonly complete: ReadonlyMap<string, number>;
}

/** Two runs differ in which events come before which answers: a call that only some runs make cannot be waited for. */
const RUNS = 3;

/** Calls by which a reservation learns that there is no free slot: the claims, and the list. */
const FIRST_LOOK = 2;

const inAll = (runs: readonly (readonly string[])[]) =>
  (runs[0] ?? []).filter((call) => runs.every((calls) => calls.includes(call)));

const { undos, conclusion } = workflowNamed('TenantOnboarding');

const isUndoing = (call: string) => {
  const [state = '', , status = ''] = call.split(' ');
  return state in undos || state === 'PublishFailure' || status.startsWith('DELETE_');
};

async function onboard(
  lab: Lab,
  name: string,
  fault?: CallFault,
): Promise<{ tenantId: string; calls: readonly string[] }> {
  const signup = signupOf('recording', name);
  const tenantId = tenantIdOf(signup.signupId);
  const wanted = fault ? 'FAILED' : 'SUCCEEDED';
  if (fault) lab.injection.arm(tenantId, fault);
  await lab.start(signup.subdomain, signup);
  const end = await lab.end(lab.executionArn(signup.subdomain));
  if (end.status !== wanted || (fault && end.state !== conclusion)) {
    throw new Error(`recording: an onboarding ended ${end.status} at ${end.state}, ${end.error}: ${end.cause}`);
  }
  return { tenantId, calls: lab.injection.calls(tenantId) };
}

async function resourcesOf(lab: Lab, tenantId: string): Promise<Recording['resources']> {
  const client = new CloudFormationClient(lab.platform.aws);
  const of = async (stack: StackKind) => {
    const StackName = tenantNames.stack(tenantId, stack);
    const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
    return StackResources.flatMap(({ LogicalResourceId }) => LogicalResourceId ?? []);
  };
  const [network, database, storage, access] = await Promise.all(STACK_KINDS.map(of));
  client.destroy();
  if (!network || !database || !storage || !access) throw new Error('recording: a stack is missing');
  return { network, database, storage, access };
}

/**
 * Onboards a few tenants without a fault, and a few whose last step is refused, and notes every call that all of them make.
 * On a kind emulator: a call that is made again for a delay is none that the trials can count on.
 */
export async function record(lab: Lab, runs = RUNS): Promise<Recording> {
  const factor = await lab.patience();
  await lab.control('patience', { factor: 0 });
  try {
    return await recordKindly(lab, runs);
  } finally {
    await lab.control('patience', { factor });
  }
}

async function recordKindly(lab: Lab, runs: number): Promise<Recording> {
  const plain = [];
  const undone = [];
  for (let run = 0; run < runs; run++) plain.push(await onboard(lab, `plain ${run}`));
  for (let run = 0; run < runs; run++) undone.push(await onboard(lab, `undone ${run}`, LAST_CALL_REFUSED));
  const { tenantId = '' } = plain[0] ?? {};
  const giveBack = await takeFreeSlots(lab.platform);
  const { calls: newSlots } = await onboard(lab, 'new slots');
  await giveBack();
  return {
    onboarding: inAll(plain.map(({ calls }) => calls)),
    rollback: inAll(undone.map(({ calls }) => calls)).filter(isUndoing),
    newSlots: newSlots.filter((call) => call.startsWith('ReserveTenant dynamodb:')).slice(FIRST_LOOK),
    resources: await resourcesOf(lab, tenantId),
    complete: inventory(holdingsOf(await lab.census(), tenantId)),
  };
}
