import { GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
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
import { inGroups } from '../shared/in-groups';
import { parseAt } from '../shared/parse-at';
import { isConditionFailure } from './condition-failure';
import { type Owned, send, unlessChanged, unlessLost } from './guarded-write';
import { allows, claimLost, recordGone, requirePermission } from './lifecycle';
import { type ItemKey, projectionOf, readItems } from './read-items';
import { routeLost } from './routes';
import type { TenantsTable } from './tenants-table';
import { creation, routeCreation, routeTransition, transition } from './transition';

type Verification = NonNullable<TenantRecord['verification']>;

async function readTenant(table: TenantsTable, tenantId: string): Promise<unknown> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.tenant(tenantId), ConsistentRead: true }),
  );
  return Item;
}

function tenantIn(item: unknown, tenantId: string): TenantRecord | undefined {
  if (!item || RefusedSignupSchema.safeParse(item).success) return undefined;
  return parseAt(`record of tenant ${tenantId}`, TenantRecordSchema, item);
}

/**
 * @returns the tenant's record (strongly consistent read); undefined when there is none, also when
 * the item is a refused signup
 */
export async function findTenant(table: TenantsTable, tenantId: string): Promise<TenantRecord | undefined> {
  return tenantIn(await readTenant(table, tenantId), tenantId);
}

/** "BatchGetItem": at most 100 items a request. */
const AT_ONCE = 100;

/**
 * The records of tenants as `findTenant` reads them.
 *
 * @returns those that exist, in the order of the ids
 */
export async function findTenants(table: TenantsTable, tenantIds: readonly string[]): Promise<TenantRecord[]> {
  const items = await readTenants(table, tenantIds);
  return tenantIds.flatMap((tenantId, index) => tenantIn(items[index], tenantId) ?? []);
}

/**
 * The items of tenants as they are, strongly consistent, in the order of the ids; undefined for one that does not exist.
 *
 * @param attributes all of each item, unless it names some
 */
export async function readTenants(
  table: TenantsTable,
  tenantIds: readonly string[],
  attributes?: readonly string[],
): Promise<unknown[]> {
  const items: unknown[] = [];
  for (const group of inGroups(tenantIds, AT_ONCE)) {
    const keys = group.map((tenantId) => itemKeys.tenant(tenantId));
    items.push(...(await readItems(table, keys, attributes)));
  }
  return items;
}

/**
 * The tenant's record as `findTenant` reads it, and other items in the same request.
 *
 * @returns the other items in the order of their keys
 */
export async function findTenantWith(table: TenantsTable, tenantId: string, others: readonly ItemKey[]) {
  const [item, ...further] = await readItems(table, [itemKeys.tenant(tenantId), ...others]);
  return { record: tenantIn(item, tenantId), others: further };
}

/** @returns the refused signup under the tenant's key, if the signup was refused */
export async function findRefusal(table: TenantsTable, tenantId: string): Promise<RefusedSignup | undefined> {
  return RefusedSignupSchema.safeParse(await readTenant(table, tenantId)).data;
}

/**
 * Checks that an execution may undo a tenant. A tenant without a record has no owner, so its undo
 * may continue: it finds no resource, or resources of a lost record.
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
 * Checks that an execution may run a forward action for a tenant.
 *
 * @throws PlatformError `ClaimLost`
 */
export async function guardForward(table: TenantsTable, name: Forward, owned: Owned): Promise<TenantRecord> {
  return permitted(name, owned, await findTenant(table, owned.tenantId));
}

/** The same check, and other items in the same request. @returns the items, in the order of their keys */
export async function guardForwardWith(table: TenantsTable, name: Forward, owned: Owned, others: readonly ItemKey[]) {
  const { record, others: items } = await findTenantWith(table, owned.tenantId, others);
  return { record: permitted(name, owned, record), others: items };
}

type Forward = 'launchStack' | 'recordDatabase' | 'register' | 'recordVerification';

function permitted(name: Forward, { tenantId, executionArn }: Owned, record: TenantRecord | undefined): TenantRecord {
  if (!record) throw recordGone(tenantId, executionArn);
  requirePermission(name, record, executionArn);
  return record;
}

export interface ListOptions {
  readonly after?: string | null | undefined;
  readonly limit?: number;
  /** All of each item, unless it names some. */
  readonly attributes?: readonly string[];
}

/** The index's sort key is the tenant's id, also of a record that is damaged otherwise. */
const ListedSchema = z.array(z.looseObject({ stateSk: z.string() }));

/**
 * One page of the tenants with a status, in the order of their ids: items as they are, which the
 * caller parses one by one. Pass `next` as `after` for the next page.
 */
export async function listTenantsIn(
  table: TenantsTable,
  status: TenantStatus,
  { after, limit, attributes }: ListOptions = {},
): Promise<{ tenants: z.output<typeof ListedSchema>; next?: string }> {
  const { Items = [], LastEvaluatedKey } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      IndexName: STATE_INDEX,
      KeyConditionExpression: 'statePk = :state',
      ExpressionAttributeValues: { ':state': stateKeys.tenant(status, '').statePk },
      ...(limit && { Limit: limit }),
      ...(attributes && projectionOf([...new Set(['pk', 'sk', 'stateSk', ...attributes])])),
      ...(after && { ExclusiveStartKey: { ...itemKeys.tenant(after), ...stateKeys.tenant(status, after) } }),
    }),
  );
  const tenants = ListedSchema.parse(Items);
  const last = tenants.at(-1);
  return { tenants, ...(LastEvaluatedKey && last && { next: last.stateSk }) };
}

/** Records that the tenant's database is ready. @throws PlatformError `ClaimLost` */
export async function recordDatabase(
  table: TenantsTable,
  owned: Owned,
  database: NonNullable<TenantRecord['database']>,
): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const change = { tenantId, owner, at: database.preparedAt, set: { database } };
  await unlessLost('recordDatabase', owned, send(table, transition(table, 'recordDatabase', change)));
}

/**
 * What to throw of a write of record and route that was refused.
 *
 * @returns undefined when the record permits the operation and the route is the tenant's
 */
async function refusalWithRoute(
  table: TenantsTable,
  name: 'register' | 'activate',
  { tenantId, executionArn, host }: Owned & { readonly host: string },
  record: TenantRecord | undefined,
): Promise<PlatformError | undefined> {
  if (!record) return recordGone(tenantId, executionArn);
  if (!allows(name, record, executionArn)) return claimLost(name, tenantId, executionArn);
  return await routeLost(table, { host, tenantId }, name === 'activate' ? 'a redrive makes another' : undefined);
}

/**
 * Records the tenant's resources and its route, which answers 503, in one transaction.
 *
 * @throws PlatformError `ClaimLost`; `SubdomainTaken` when the host's route is another tenant's
 */
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
  try {
    await send(table, update, routeCreation(table, 'register', route));
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    const refusal = await refusalWithRoute(
      table,
      'register',
      { ...owned, ...route },
      await findTenant(table, tenantId),
    );
    throw refusal ?? claimLost('register', tenantId, owner);
  }
}

/**
 * Records the verification that an activation must name.
 *
 * @throws PlatformError `ClaimLost`; `TransientConflict` when a later verification is on record
 */
export async function recordVerification(table: TenantsTable, owned: Owned, verification: Verification): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const change = { tenantId, owner, at: verification.verifiedAt, set: { verification } };
  try {
    await send(table, transition(table, 'recordVerification', change));
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    await guardForward(table, 'recordVerification', owned);
    throw new PlatformError('TransientConflict', `a later verification of tenant ${tenantId} is on record`);
  }
}

/**
 * Sets record and route to ACTIVE in one transaction, if the record still has the verification and
 * the failure with which it was read. So the function of a stopped run does not activate a tenant
 * after the watchdog has published the failure of that run.
 *
 * @param seen the record as it was read
 * @throws PlatformError `ClaimLost`; `TransientConflict` when only a failure was recorded meanwhile; `SubdomainTaken` or
 * `UnexpectedFailure` when the route is another tenant's, or gone
 */
export async function activate(
  table: TenantsTable,
  tenant: Owned & { readonly host: string },
  seen: Pick<TenantRecord, 'verification' | 'failure'>,
  at: string,
): Promise<void> {
  const { tenantId, executionArn: owner } = tenant;
  const update = transition(table, 'activate', {
    ...{ tenantId, owner, at, set: { activatedAt: at } },
    seen: { 'verification.digest': seen.verification?.digest, 'failure.at': seen.failure?.at },
  });
  try {
    await send(table, update, routeTransition(table, 'activate', tenant));
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    const record = await findTenant(table, tenantId);
    const refusal = await refusalWithRoute(table, 'activate', tenant, record);
    if (refusal) throw refusal;
    if (record?.failure?.at === seen.failure?.at) throw claimLost('activate', tenantId, owner);
    const conflict = `tenant ${tenantId} changed while it was being activated`;
    throw new PlatformError('TransientConflict', conflict, { cause: thrown });
  }
}

/** Removes the failure of an earlier attempt from the record. */
export async function forgetFailure(table: TenantsTable, owned: Owned, announcedAt?: string): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const change = { tenantId, owner, ...(announcedAt && { set: { announcedAt } }) };
  await unlessLost('forgetFailure', owned, send(table, transition(table, 'forgetFailure', change)));
}

/** Sets ROLLING_BACK. After that no forward action can write the record: each needs ONBOARDING. */
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
 * Records a refused signup under the key of the tenant that it would have become, and points to it
 * from its subdomain, if the subdomain is known.
 *
 * @throws PlatformError `TransientConflict` when the tenant exists
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

/**
 * Records the failure of a run that ended outside its failure path. The status must be as it was
 * read.
 */
export async function noteEnd(table: TenantsTable, record: TenantRecord, failure: TenantFailure): Promise<void> {
  const { tenantId, executionArn: owner, status, announcedAt } = record;
  const update = transition(table, 'noteEnd', {
    ...{ tenantId, owner, at: failure.at },
    ...{ seen: { status, announcedAt }, set: { failure } },
  });
  await unlessChanged(`tenant ${tenantId} changed while its failure was being recorded`, send(table, update));
}
