import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import type * as z from 'zod';
import { type Compute, cellNamed, type ReadableCells } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { unreadableAbandonment } from '../contract/abandonment';
import { PlatformError } from '../contract/errors';
import { externalIdOf, tenantIdOf } from '../contract/naming';
import { ReserveTenantInput, ReserveTenantOutput } from '../contract/onboarding';
import type { TenantRecord } from '../contract/records';
import { readableSignupId, type Signup, SignupSchema } from '../contract/signup';
import { type Slot, TenantSchema } from '../contract/tenant';
import { type HostedZone, hostedZone } from '../dns/hosted-zone';
import { requireFreeName } from '../dns/tenant-name';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env, optionalEnv } from '../shared/env';
import { pause } from '../shared/invocation';
import { meter } from '../shared/meter';
import { describeIssues } from '../shared/parse-at';
import { tenantsTable } from '../tenants/tenants-table';
import { type Executions, hasSucceeded, holdersOf, notGone, type Reservation, readClaims, stands } from './claims';
import { pickFreeSlot, type SlotFinder } from './free-slots';
import { recordLost, requireNotInService, slotWithoutRecord } from './lost-record';
import { claimAll, refusalOf, takeOver } from './make-claims';
import { cellOrder } from './open-cell';
import { parseSignup } from './parse-signup';
import { requireSameSignup } from './same-signup';
import { slotAt } from './slots';

export interface ReserveTenantDeps extends SlotFinder {
  readonly executions: Executions;
  readonly compute: Pick<Compute, 'readableCells'>;
  /** The hosted zone of the domain, if the stage has one. */
  readonly zone?: HostedZone | undefined;
  readonly address: { readonly domain: string; readonly urlScheme: string; readonly urlPort?: string | undefined };
}

type Outcome = z.input<typeof ReserveTenantOutput>;

/** Attempts within one invocation. After them the state machine retries, with longer pauses. */
const ROUNDS = 8;

const hostOf = ({ address }: ReserveTenantDeps, { subdomain }: Signup) => `${subdomain}.${address.domain}`;

function newRecord(deps: ReserveTenantDeps, signup: Signup, executionArn: string, slot: Slot) {
  const { version: _, ...detail } = signup;
  const tenantId = tenantIdOf(signup.signupId);
  const host = hostOf(deps, signup);
  const at = deps.now().toISOString();
  return {
    ...detail,
    tenantId,
    host,
    url: `${deps.address.urlScheme}://${host}${deps.address.urlPort ? `:${deps.address.urlPort}` : ''}`,
    externalId: externalIdOf(tenantId),
    slot,
    executionArn,
    createdAt: at,
    updatedAt: at,
  } satisfies Reservation;
}

function reserved(record: Reservation, cells: ReadableCells): Outcome {
  return { outcome: 'reserved', tenant: TenantSchema.parse(record), cell: cellNamed(cells, record.slot.cell) };
}

/** Whether the signup of the tenant is settled: it is in service, it holds something, or its run is not over. */
const isTaken = (record: TenantRecord, over: boolean) => record.activatedAt !== undefined || stands(record) || !over;

/**
 * A tenant that holds nothing, because its run failed and was rolled back, takes a corrected signup
 * as a new attempt.
 *
 * @throws PlatformError `SignupConflict` when any other tenant was made of a different signup
 */
function requireNewOrSame(input: unknown, record: TenantRecord, over: boolean): void {
  if (isTaken(record, over)) requireSameSignup(input, record);
}

/**
 * An equal event came before. If the run that made the tenant ACTIVE has ended without success, it
 * may not have announced the tenant, and this run announces the tenant in its place.
 */
function duplicate(
  { tenantId, holder, over }: { tenantId: string; holder: string; over: boolean },
  record: TenantRecord | undefined,
): Outcome {
  const tenant = over && record?.activatedAt && stands(record) ? TenantSchema.parse(record) : undefined;
  return { outcome: 'duplicate', tenantId, firstExecutionArn: holder, ...(tenant && { tenant }) };
}

/**
 * A malformed signup may have the id of a tenant that exists: that is a conflict and not a failed
 * onboarding. It may also equal the one that the tenant was made of, in everything that the platform
 * reads: the unknown fields have grown too long, or the rules have changed since.
 *
 * @returns the equal signup, as the tenant's record has it
 * @throws PlatformError `SignupConflict`; `TenantRecordLost` when the signup has a claim and no record
 */
async function acceptedBefore({ table, executions }: ReserveTenantDeps, input: unknown): Promise<Signup | undefined> {
  const signupId = readableSignupId(input);
  if (signupId === undefined) return undefined;
  const seen = await readClaims(table, { signupId, tenantId: tenantIdOf(signupId) });
  const { holder, record } = seen;
  if (!record && holder) throw recordLost(tenantIdOf(signupId), `execution ${holder} has claimed its signup`);
  if (!record) return undefined;
  const holding = await notGone(executions, holdersOf(seen));
  if (!isTaken(record, holding.length === 0)) return undefined;
  requireSameSignup(input, record);
  const { companyName, subdomain, contactEmail, plan } = record;
  return { version: SignupSchema.shape.version.value, signupId, companyName, subdomain, contactEmail, plan };
}

async function readSignup(deps: ReserveTenantDeps, input: unknown): Promise<Signup> {
  try {
    return parseSignup(input);
  } catch (refusal) {
    const accepted = await acceptedBefore(deps, input);
    if (accepted) return accepted;
    throw refusal;
  }
}

/** What somebody has damaged of a cell is no reason to refuse the tenants of the others. KeepCells and the sweep tell of it. */
function asBroken(thrown: unknown): PlatformError {
  if (thrown instanceof PlatformError && thrown.name === 'ConfigurationInvalid') return thrown;
  throw thrown;
}

async function freeSlot(deps: ReserveTenantDeps, { cells, damaged }: ReadableCells, openCell: unknown): Promise<Slot> {
  const order = cellOrder(deps.table, cells, openCell);
  const full = new Map<string, string>();
  const broken = new Map(damaged);
  for (const cell of order.cells) {
    const picked = await pickFreeSlot(deps, cell).catch(asBroken);
    if (typeof picked === 'number') {
      await order.found(cell);
      return slotAt(cell, picked);
    }
    if (picked instanceof PlatformError) broken.set(cell.name, picked);
    else full.set(cell.name, picked.full);
  }
  const reasons = [...broken.values()];
  if (full.size === 0 && reasons[0]) throw reasons[0];
  const why = [...cells.flatMap(({ name }) => full.get(name) ?? []), ...reasons.map(({ message }) => message)].join(
    ', ',
  );
  throw new PlatformError('CapacityExhausted', `no cell has a free slot: ${why}`);
}

/**
 * Reads the claims and tries once to make them.
 *
 * @throws the error of DynamoDB when a claim is refused
 */
async function tryToReserve(deps: ReserveTenantDeps, signup: Signup, executionArn: string): Promise<Outcome> {
  const { signupId, subdomain } = signup;
  const tenantId = tenantIdOf(signupId);
  const host = hostOf(deps, signup);
  const seen = await readClaims(deps.table, { signupId, tenantId, name: { subdomain, host } });
  const { record } = seen;
  const holders = holdersOf(seen);
  const others = holders.filter((each) => each !== executionArn);
  const holding = await notGone(deps.executions, others);
  const holder = holding[0] ?? holders[0];
  const ours = holder !== undefined && others.length === 0;
  const over = holding.length === 0;
  if (record && !ours) requireNewOrSame(signup, record, over);
  const lost = !record && (holder !== undefined || [seen.subdomainOf, seen.routeOf].includes(tenantId));
  if (lost) await requireNotInService(deps.table, { tenantId, host });
  if (lost && holding[0] && (await hasSucceeded(deps.executions, holding[0])))
    throw recordLost(tenantId, `execution ${holding[0]} has onboarded it`);
  if (holder && (record?.activatedAt || !over)) return duplicate({ tenantId, holder, over }, record);
  const cells = await deps.compute.readableCells();
  if (stands(record)) {
    if (ours && (record.activatedAt || record.status === 'ONBOARDING')) return reserved(record, cells);
    const resumed = { ...record, executionArn };
    const outcome = reserved(resumed, cells);
    const owner = record.executionArn;
    await takeOver(deps.table, resumed, { holder: seen.holder, owner, now: deps.now().toISOString() });
    return outcome;
  }
  if ([seen.subdomainOf, seen.routeOf].some((of) => of !== undefined && of !== tenantId)) {
    throw new PlatformError('SubdomainTaken', `subdomain ${subdomain} belongs to another tenant`);
  }
  await requireFreeName(deps.zone, { tenantId, host });
  const kept = lost ? await slotWithoutRecord(deps.table, cells, tenantId) : undefined;
  const fresh = newRecord(deps, signup, executionArn, kept ?? (await freeSlot(deps, cells, seen.openCell)));
  await claimAll(deps.table, fresh, seen, kept !== undefined);
  return reserved(fresh, cells);
}

/**
 * Reserves the signup id, the tenant id, the subdomain and a slot in a cell, before any resource is
 * created.
 *
 * 1. Parse the signup. The refusal of a malformed signup names every bad field. An abandonment beside
 *    it must be readable before anything is taken over.
 * 2. Read the claim on the signup id. EventBridge delivers at least once and cannot name the
 *    execution, so only this claim makes one tenant out of equal events. If the holder is running
 *    or has succeeded, or if the tenant has been ACTIVE, the signup is a duplicate. If the holder
 *    is gone, take over the claim and the holder's resources. A signup of the same id with another
 *    content changes nothing, unless the tenant's run failed and was rolled back.
 * 3. If this execution already holds the reservation, return it again. That happens at a retry
 *    after a lost answer, and at a redrive.
 * 4. If there are claims or a route and no record, somebody has deleted the record. A tenant whose route is in
 *    service, or whose execution has succeeded, is left alone. Otherwise the tenant keeps the slot that it has.
 * 5. Otherwise neither subdomain nor host may be another tenant's, and no DNS record of somebody else may be
 *    at the host, where the stage has a hosted zone.
 * 6. Pick a free slot. The listener's rules are read, and a slot whose priority somebody's rule has
 *    is set aside. A cell whose load balancer has as many rules as it may have is passed over. A rule
 *    that is made later is found by RegisterTenant. A cell that somebody has damaged, or that has no live colour, is passed over.
 * 7. Claim all four in one transaction, on the condition that the claims are as they were
 *    read ("Amazon DynamoDB Transactions: How it works"). After a conflict, start again at 2, a few
 *    times.
 *
 * The number of reads and writes does not depend on the number of tenants.
 *
 * Undone by ReleaseReservation.
 *
 * Throws `InvalidSignup`, `InvalidRequest`, `SignupConflict`, `TenantRecordLost`, `SubdomainTaken`, `NameOccupied`,
 * `CapacityExhausted`, `ConfigurationInvalid`, `TransientConflict`.
 */
export const reserveTenant: Action<typeof ReserveTenantInput, typeof ReserveTenantOutput, ReserveTenantDeps> = {
  name: 'ReserveTenant',
  input: ReserveTenantInput,
  output: ReserveTenantOutput,
  run: async (deps, { executionArn, input }) => {
    const unreadable = unreadableAbandonment(input);
    if (unreadable) throw new PlatformError('InvalidRequest', describeIssues(unreadable));
    const signup = await readSignup(deps, input);
    for (let round = 0; round < ROUNDS; round++) {
      try {
        return await tryToReserve(deps, signup, executionArn);
      } catch (thrown) {
        if (!refusalOf(thrown)) throw thrown;
        await pause(deps.random() * 25 * 2 ** round);
      }
    }
    throw new PlatformError(
      'TransientConflict',
      `signup ${signup.signupId}: other executions changed its claims during each of ${ROUNDS} attempts`,
    );
  },
};

const realDeps = (): ReserveTenantDeps => ({
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  meter,
  executions: new SFNClient(clientOptions),
  compute: ssmCells(new SSMClient(clientOptions)),
  zone: hostedZone(),
  get address() {
    return { domain: env('DOMAIN'), urlScheme: env('URL_SCHEME'), urlPort: optionalEnv('URL_PORT') };
  },
  now: () => new Date(),
  random: Math.random,
});

export const handler = actionHandler(reserveTenant, realDeps());
