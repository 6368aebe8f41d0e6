import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { whyNoRedrive } from '../../functions/acts/redrive-execution';
import { TENANT_ID_PATTERN, tenantIdOf } from '../../functions/contract/naming';
import { SignupSchema } from '../../functions/contract/signup';
import { describe } from '../../functions/shared/described-execution';
import { inGroups } from '../../functions/shared/in-groups';
import { settled } from '../../functions/shared/settled';
import type { StageClient } from '../client/stage-client';
import { type ListedTenant, listed } from '../client/tenant-list';
import { EXIT, failureOf, isMissing } from '../ops/exit';
import { actsOn, isDecidedByStatus, maySuit } from './acts-allowed';
import type {
  ActKind,
  ActResults,
  ActsRequestSchema,
  Preview,
  PreviewRequestSchema,
  SignupRequestSchema,
  SignupStarted,
} from './api/acts';
import { perform } from './perform-act';
import { Refused } from './refused';
import { confirmationOf } from './tenant-answers';
import type { TenantDirectory } from './tenant-directory';

/** Acts that are at work at the same time: a verification takes many seconds. */
const AT_ONCE = 5;
/** More than a person can look through. */
const MOST_TARGETS = 1000;
const NEED_REASON: readonly ActKind[] = ['abandon', 'suspend', 'retry-move'];

/** Outcomes by the exit code that `ops` has for them. */
export const OUTCOMES: Readonly<Record<number, ActResults['results'][number]['outcome']>> = {
  [EXIT.notFound]: 'not-found',
  [EXIT.refused]: 'refused',
};

/** Starts an onboarding by hand, with the same act as `ops signup`. */
export async function signUp(
  client: StageClient,
  { reason, signupId = `sub_${randomUUID().replaceAll('-', '')}`, ...given }: z.output<typeof SignupRequestSchema>,
): Promise<SignupStarted> {
  const signup = SignupSchema.parse({ version: 1, signupId, ...given });
  const { executionArn } = await client.signUp(signup, reason);
  return { signupId, tenantId: tenantIdOf(signupId), executionArn };
}

/** The text that confirms an act: the name of the one tenant, or how many there are. */
const confirmationFor = (targets: readonly ListedTenant[]) => {
  const [only] = targets;
  return targets.length === 1 && only ? confirmationOf(only) : `${targets.length} tenants`;
};

/** Why the act does not suit the tenant; undefined where it does. */
async function leftBecause(client: StageClient, act: ActKind, tenant: ListedTenant): Promise<string | undefined> {
  const { tenantId, status } = tenant;
  if (!maySuit(act, tenant)) return `it is ${status}`;
  if (isDecidedByStatus(act)) return undefined;
  const useless = act === 'redrive' ? whyNoRedrive(tenant.error, status) : undefined;
  if (useless) return useless;
  const record = await client.find(tenantId);
  const execution = await describe(client.sfn, record.executionArn);
  if (actsOn(record, execution?.status).includes(act)) return undefined;
  return `it is ${record.status}, and its run is ${execution?.status ?? 'deleted by AWS'}`;
}

interface Named {
  readonly tenants: readonly ListedTenant[];
  readonly left: Preview['left'];
}

/** Tenants by any of their names; a name that nobody has is told. */
async function named(client: StageClient, names: readonly string[]): Promise<Named> {
  const tenants = new Map<string, ListedTenant>();
  const left: Preview['left'] = [];
  for (const tenant of names) {
    try {
      const row = listed(await client.find(tenant));
      if (row) tenants.set(row.tenantId, row);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      left.push({ tenant, because: 'no tenant has that name' });
    }
  }
  return { tenants: [...tenants.values()], left };
}

/**
 * Whom an act would touch, and whom it would not. Nothing is changed. A query is about those tenants
 * whose status may suit the act at all.
 */
export async function preview(
  client: StageClient,
  directory: TenantDirectory,
  { act, tenants, query }: z.output<typeof PreviewRequestSchema>,
): Promise<Preview> {
  if ((tenants === undefined) === (query === undefined))
    throw new Refused('InvalidRequest', 'expected either tenants or a query', 'tenants');
  const asked: Named = tenants
    ? await named(client, tenants)
    : { tenants: (await directory.selected(query ?? {})).filter((row) => maySuit(act, row)), left: [] };
  if (asked.tenants.length > MOST_TARGETS)
    throw new Refused(
      'InvalidRequest',
      `it selects ${asked.tenants.length} tenants; expected at most ${MOST_TARGETS}`,
      'query',
    );
  const targets: ListedTenant[] = [];
  const left = [...asked.left];
  for (const rows of inGroups(asked.tenants, AT_ONCE)) {
    const judged = rows.map(async (row) => ({ row, because: await leftBecause(client, act, row) }));
    for (const { row, because } of await settled(judged)) {
      if (because === undefined) targets.push(row);
      else left.push({ tenant: row.tenantId, because });
    }
  }
  return { act, targets, left, confirm: confirmationFor(targets), needsReason: NEED_REASON.includes(act) };
}

/** @throws Refused when the request names no tenants by their ids, or its confirmation is about others */
async function confirmed(
  client: StageClient,
  { act, tenants, reason, confirm }: z.output<typeof ActsRequestSchema>,
): Promise<readonly string[]> {
  const strange = tenants.findIndex((tenant, n) => !TENANT_ID_PATTERN.test(tenant) || tenants.indexOf(tenant) !== n);
  if (strange >= 0)
    throw new Refused(
      'InvalidRequest',
      'expected tenant ids, each once, as a preview tells them',
      `tenants.${strange}`,
    );
  if (reason === undefined && NEED_REASON.includes(act))
    throw new Refused('InvalidRequest', `${act} needs a reason, for the record`, 'reason');
  const [only] = tenants;
  const wanted = tenants.length === 1 && only ? confirmationOf(await client.find(only)) : `${tenants.length} tenants`;
  if (confirm.trim() !== wanted) throw new Refused('InvalidRequest', `expected \`${wanted}\``, 'confirm');
  return tenants;
}

/**
 * Performs an act on each of the tenants. One that is refused or fails stops no other. Each is on
 * record under the caller's ARN, as every act of `ops` is.
 */
export async function act(client: StageClient, request: z.output<typeof ActsRequestSchema>): Promise<ActResults> {
  const results: ActResults['results'] = [];
  for (const ids of inGroups(await confirmed(client, request), AT_ONCE))
    results.push(...(await settled(ids.map((tenantId) => attempted(client, request, tenantId)))));
  return { results };
}

async function attempted(
  client: StageClient,
  request: z.output<typeof ActsRequestSchema>,
  tenantId: string,
): Promise<ActResults['results'][number]> {
  try {
    return { tenantId, ...(await perform(client, request.act, tenantId, request)) };
  } catch (thrown) {
    const { code, error, message, advice } = failureOf(thrown);
    return { tenantId, outcome: OUTCOMES[code] ?? 'failed', error, message, ...(advice && { advice }) };
  }
}
