import { DeleteCommand, GetCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import {
  itemKeys,
  type RefusedSignup,
  RefusedSignupSchema,
  type RouteRecord,
  STATE_INDEX,
  stateKeys,
  type TenantFailure,
  type TenantRecord,
  TenantRecordSchema,
} from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { parseAt } from '../shared/parse-at';
import { isConditionFailure } from './condition-failure';
import { claimLost, type OperationName, requirePermission } from './lifecycle';
import type { TenantsTable } from './tenants-table';
import { creation, routeCreation, routeTransition, transition, type Update, type Write } from './transition';

type Verification = NonNullable<TenantRecord['verification']>;
type Suspension = NonNullable<TenantRecord['suspension']>;

/** A tenant, and the execution that must own it. */
export interface Owned {
  readonly tenantId: string;
  readonly executionArn: string;
}

async function readTenant(table: TenantsTable, tenantId: string): Promise<unknown> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.tenant(tenantId), ConsistentRead: true }),
  );
  return Item;
}

/**
 * @returns the tenant's record as it is now (strongly consistent); undefined where there is none,
 * and where a refused signup stands in its place
 */
export async function findTenant(table: TenantsTable, tenantId: string): Promise<TenantRecord | undefined> {
  const item = await readTenant(table, tenantId);
  if (!item || RefusedSignupSchema.safeParse(item).success) return undefined;
  return parseAt(`record of tenant ${tenantId}`, TenantRecordSchema, item);
}

/** @returns the refused signup that stands in the tenant's place, if its signup was refused */
export async function findRefusal(table: TenantsTable, tenantId: string): Promise<RefusedSignup | undefined> {
  return RefusedSignupSchema.safeParse(await readTenant(table, tenantId)).data;
}

/**
 * Whether an execution may undo a tenant. A tenant without a record has no owner: its undo goes on,
 * for resources that were never made or are gone.
 *
 * @throws PlatformError `TenantIsActive`, `ClaimLost`
 */
export async function guardUndo(
  table: TenantsTable,
  name: 'beginRollback' | 'deleteStack' | 'retireKey' | 'release',
  { tenantId, executionArn }: Owned,
): Promise<TenantRecord | undefined> {
  const record = await findTenant(table, tenantId);
  if (record) requirePermission(name, record, executionArn);
  return record;
}

/**
 * Whether an execution may take a tenant one step forward.
 *
 * @throws PlatformError `ClaimLost`
 */
export async function guardForward(
  table: TenantsTable,
  name: 'launchStack' | 'register',
  { tenantId, executionArn }: Owned,
): Promise<TenantRecord> {
  const record = await findTenant(table, tenantId);
  if (!record) throw claimLost(name, tenantId, executionArn);
  requirePermission(name, record, executionArn);
  return record;
}

const ListedSchema = z.array(z.looseObject({ tenantId: z.string() }));

/**
 * One page of the tenants that have a status, in the order of their ids. `next` begins the next
 * page.
 */
export async function listTenantsIn(
  table: TenantsTable,
  status: TenantStatus,
  { after, limit }: { readonly after?: string | null | undefined; readonly limit?: number } = {},
): Promise<{ tenants: z.output<typeof ListedSchema>; next?: string }> {
  const { Items = [], LastEvaluatedKey } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      IndexName: STATE_INDEX,
      KeyConditionExpression: 'statePk = :state',
      ExpressionAttributeValues: { ':state': stateKeys.tenant(status, '').statePk },
      ...(limit && { Limit: limit }),
      ...(after && { ExclusiveStartKey: { ...itemKeys.tenant(after), ...stateKeys.tenant(status, after) } }),
    }),
  );
  const tenants = ListedSchema.parse(Items);
  const last = tenants.at(-1);
  return { tenants, ...(LastEvaluatedKey && last && { next: last.tenantId }) };
}

async function send(table: TenantsTable, update: Update, ...further: readonly Write[]): Promise<void> {
  if (further.length === 0) await table.client.send(new UpdateCommand(update));
  else await table.client.send(new TransactWriteCommand({ TransactItems: [{ Update: update }, ...further] }));
}

/** Only the owner's write goes through. @throws PlatformError `ClaimLost` */
async function unlessLost(
  name: OperationName,
  { tenantId, executionArn }: Owned,
  write: Promise<unknown>,
): Promise<void> {
  try {
    await write;
  } catch (thrown) {
    throw isConditionFailure(thrown) ? claimLost(name, tenantId, executionArn) : thrown;
  }
}

/**
 * Only a write on a tenant that is as it was read goes through.
 *
 * @throws PlatformError `TransientConflict`
 */
async function unlessChanged(conflict: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    throw new PlatformError('TransientConflict', conflict, { cause: thrown });
  }
}

/**
 * Notes on the record that a key is about to be made.
 *
 * @returns when an earlier attempt of this execution noted the same: a key may exist that has no
 * alias
 * @throws PlatformError `ClaimLost`
 */
export async function requestKey(table: TenantsTable, owned: Owned, now: string): Promise<Date | undefined> {
  const { tenantId, executionArn } = owned;
  const update = transition(table, 'requestKey', { tenantId, owner: executionArn, set: { keyRequestedAt: now } });
  try {
    const { Attributes } = await table.client.send(new UpdateCommand({ ...update, ReturnValues: 'UPDATED_NEW' }));
    const noted = String(Attributes?.keyRequestedAt ?? now);
    return noted === now ? undefined : new Date(noted);
  } catch (thrown) {
    throw isConditionFailure(thrown) ? claimLost('requestKey', tenantId, executionArn) : thrown;
  }
}

/** Takes the note back. `withdrawKeyRequest`: no key was made. `retireKey`: no key is left. */
export async function forgetKeyRequest(
  table: TenantsTable,
  name: 'withdrawKeyRequest' | 'retireKey',
  owned: Owned,
): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  await unlessLost(name, owned, send(table, transition(table, name, { tenantId, owner })));
}

/** Records what the tenant's steps have made, and its route, which answers 503. All or none. */
export async function register(
  table: TenantsTable,
  owned: Owned,
  made: Pick<TenantRecord, 'ruleArn' | 'templateVersions'> & { readonly route: Omit<RouteRecord, 'status'> },
  at: string,
): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const { route, ruleArn, templateVersions } = made;
  const { keyArn, roleArn, bucketName } = route;
  const set = { keyArn, roleArn, bucketName, ruleArn, templateVersions };
  const update = transition(table, 'register', { tenantId, owner, at, set });
  await unlessLost('register', owned, send(table, update, routeCreation(table, 'register', route)));
}

/** The verification that an activation must name. */
export async function recordVerification(table: TenantsTable, owned: Owned, verification: Verification): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const change = { tenantId, owner, at: verification.verifiedAt, set: { verification } };
  await unlessLost('recordVerification', owned, send(table, transition(table, 'recordVerification', change)));
}

/**
 * Record and route become ACTIVE together, if the record still has the verification of that digest.
 */
export async function activate(
  table: TenantsTable,
  tenant: Owned & { readonly host: string },
  digest: string,
  at: string,
): Promise<void> {
  const { tenantId, executionArn: owner } = tenant;
  const seen = { 'verification.digest': digest };
  const update = transition(table, 'activate', { tenantId, owner, seen, at, set: { activatedAt: at } });
  await unlessLost('activate', tenant, send(table, update, routeTransition(table, 'activate', tenant)));
}

/** The failure of an earlier attempt goes off the record. */
export async function forgetFailure(table: TenantsTable, owned: Owned): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  await unlessLost('forgetFailure', owned, send(table, transition(table, 'forgetFailure', { tenantId, owner })));
}

/** From here on no forward step of the execution can write the record: each needs ONBOARDING. */
export async function beginRollback(table: TenantsTable, owned: Owned, failure: TenantFailure): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const change = { tenantId, owner, at: failure.at, set: { failure } };
  await unlessLost('beginRollback', owned, send(table, transition(table, 'beginRollback', change)));
}

/**
 * Makes a failure final. `fail`: all is undone. `hold`: the resources are kept.
 *
 * @throws `ClaimLost`
 */
export async function concludeFailed(
  table: TenantsTable,
  name: 'fail' | 'hold',
  owned: Owned,
  failure: TenantFailure,
): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const update = transition(table, name, { tenantId, owner, at: failure.at, set: { failure } });
  await unlessLost(name, owned, send(table, update));
}

/**
 * A signup that never became a tenant, in the tenant's place and under its subdomain, if that is
 * known.
 *
 * @throws PlatformError `TransientConflict` when a tenant stands there
 */
export async function refuse(table: TenantsTable, refusal: Omit<RefusedSignup, 'status'>): Promise<void> {
  const { tenantId, subdomain } = refusal;
  const last = subdomain
    ? [{ Put: { TableName: table.name, Item: { ...itemKeys.lastOf(subdomain), subdomain, tenantId } } }]
    : [];
  const TransactItems = [creation(table, 'refuse', refusal), ...last];
  const write = table.client.send(new TransactWriteCommand({ TransactItems }));
  await unlessChanged(`refused signup not recorded: tenant ${tenantId} exists`, write);
}

/** The failure of a run that ended outside its failure path, on a tenant as it was read. */
export async function noteEnd(table: TenantsTable, record: TenantRecord, failure: TenantFailure): Promise<void> {
  const { tenantId, executionArn: owner, status } = record;
  const update = transition(table, 'noteEnd', {
    ...{ tenantId, owner, at: failure.at },
    ...{ seen: { status }, set: { failure } },
  });
  await unlessChanged(`tenant ${tenantId} changed while its failure was being recorded`, send(table, update));
}

/** An audit's verdict, on a tenant that has the status under which it was audited. */
export async function recordVerdict(
  table: TenantsTable,
  { tenantId, status }: TenantRecord,
  verification: Verification,
): Promise<void> {
  const update = transition(table, 'recordVerdict', { tenantId, seen: { status }, set: { verification } });
  await unlessChanged(`tenant ${tenantId} is no longer ${status}`, send(table, update));
}

/** Record and route become SUSPENDED together. */
export async function suspend(table: TenantsTable, record: TenantRecord, suspension: Suspension): Promise<void> {
  const { tenantId } = record;
  const update = transition(table, 'suspend', { tenantId, at: suspension.at, set: { suspension } });
  const write = send(table, update, routeTransition(table, 'suspend', record));
  await unlessChanged(`tenant ${tenantId} changed while it was being suspended`, write);
}

/**
 * Record and route become ACTIVE again together, if the verification is still that of the digest.
 */
export async function resume(table: TenantsTable, record: TenantRecord, digest: string, at: string): Promise<void> {
  const { tenantId } = record;
  const update = transition(table, 'resume', { tenantId, seen: { 'verification.digest': digest }, at });
  const write = send(table, update, routeTransition(table, 'resume', record));
  await unlessChanged(`tenant ${tenantId} changed while it was being resumed`, write);
}

/** @returns whether there was one. A route of that host that is another tenant's stays. */
export async function deleteRoute(
  table: TenantsTable,
  { host, tenantId }: Pick<RouteRecord, 'host' | 'tenantId'>,
): Promise<boolean> {
  try {
    const { Attributes } = await table.client.send(
      new DeleteCommand({
        TableName: table.name,
        Key: itemKeys.route(host),
        ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
        ExpressionAttributeValues: { ':tenant': tenantId },
        ReturnValues: 'ALL_OLD',
      }),
    );
    return Attributes !== undefined;
  } catch (thrown) {
    if (isConditionFailure(thrown)) return false;
    throw thrown;
  }
}
