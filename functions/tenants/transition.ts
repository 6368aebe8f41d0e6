import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { itemKeys, type RefusedSignup, type RouteRecord, stateKeys, type TenantRecord } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';
import { changedNow } from './changes';
import { type Claim, type Creation, OPERATIONS, type Operation, type OperationName, type Seen } from './lifecycle';
import type { TenantsTable } from './tenants-table';

type TimeOf<N extends OperationName> = (typeof OPERATIONS)[N] extends { to: TenantStatus }
  ? { readonly at: string }
  : unknown;

/**
 * The values that an operation writes besides the status. `at` (ISO 8601) becomes `updatedAt`. A
 * change of status requires it.
 */
export type Change<N extends OperationName> = Claim<N> &
  TimeOf<N> & {
    readonly at?: string;
    readonly set?: Partial<Omit<TenantRecord, 'tenantId' | 'status' | 'updatedAt'>>;
  };

interface AnyClaim {
  readonly tenantId: string;
  readonly owner?: string;
  readonly seen?: Partial<Seen>;
  readonly set?: Pick<Partial<TenantRecord>, 'verification'>;
}

export type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
export type Update = NonNullable<Write['Update']>;

/** Attributes that are written once: a later write keeps the first value. */
const WRITTEN_ONCE: ReadonlySet<string> = new Set(['activatedAt', 'keyRequestedAt'] satisfies (keyof TenantRecord)[]);

/** Names and values of one request. DynamoDB refuses a request with an unused name or value. */
class Terms {
  readonly ExpressionAttributeNames: Record<string, string> = {};
  readonly ExpressionAttributeValues: Record<string, unknown> = {};

  path(path: string): string {
    const aliases = path.split('.').map((name) => {
      this.ExpressionAttributeNames[`#${name}`] = name;
      return `#${name}`;
    });
    return aliases.join('.');
  }

  value(name: string, value: unknown): string {
    this.ExpressionAttributeValues[`:${name}`] = value;
    return `:${name}`;
  }
}

/** An audit that took long must not hide what a later one has found. */
function laterThanRecorded({ set }: AnyClaim, terms: Terms): string {
  const written = terms.value('verifiedAt', set?.verification?.verifiedAt);
  return `(attribute_not_exists(${terms.path('verification')}) OR ${terms.path('verification.verifiedAt')} <= ${written})`;
}

/** The row of the table as a condition on the tenant's item. */
function conditionOf(name: OperationName, claim: AnyClaim, terms: Terms): string {
  const { owner, seen = {} } = claim;
  const row: Operation = OPERATIONS[name];
  const statuses = row.from.filter((status) => status !== 'none');
  const parts = [
    `${terms.path('status')} IN (${statuses.map((status, n) => terms.value(`from${n}`, status)).join(', ')})`,
    ...(row.owned ? [`${terms.path('executionArn')} = ${terms.value('owner', owner)}`] : []),
    ...(row.neverActive ? [`attribute_not_exists(${terms.path('activatedAt')})`] : []),
    ...(row.present ?? []).map((attribute) => `attribute_exists(${terms.path(attribute)})`),
    ...(row.absent ?? []).map((attribute) => `attribute_not_exists(${terms.path(attribute)})`),
    ...(row.asSeen ?? []).map((path, n) =>
      seen[path] === undefined
        ? `attribute_not_exists(${terms.path(path)})`
        : `${terms.path(path)} = ${terms.value(`seen${n}`, seen[path])}`,
    ),
    ...(row.latestVerdict ? [laterThanRecorded(claim, terms)] : []),
  ];
  const allowed = parts.join(' AND ');
  return row.from.includes('none') ? `attribute_not_exists(pk) OR (${allowed})` : allowed;
}

/** Only the condition, for a transaction that changes another item of the tenant. */
export function permission<N extends OperationName>(table: TenantsTable, name: N, claim: Claim<N>): Write {
  const terms = new Terms();
  const ConditionExpression = conditionOf(name, claim, terms);
  const Key = itemKeys.tenant(claim.tenantId);
  return { ConditionCheck: { TableName: table.name, Key, ConditionExpression, ...terms } };
}

/** The write of a whole new record. Status and index keys come from the table of operations. */
export function creation(
  table: TenantsTable,
  name: Creation,
  record: Omit<TenantRecord, 'status'> | Omit<RefusedSignup, 'status'>,
): Write {
  const terms = new Terms();
  const { tenantId } = record;
  const { to } = OPERATIONS[name];
  const keys = { ...itemKeys.tenant(tenantId), ...stateKeys.tenant(to, tenantId), ...changedNow() };
  const Item = { ...keys, ...record, status: to };
  const ConditionExpression = conditionOf(name, { tenantId }, terms);
  return { Put: { TableName: table.name, Item, ConditionExpression, ...terms } };
}

/**
 * The only write of a tenant's status: status, index keys and condition come from the table of
 * operations.
 */
export function transition<N extends OperationName>(table: TenantsTable, name: N, change: Change<N>): Update {
  const row: Operation = OPERATIONS[name];
  const { tenantId, at, set = {} } = change;
  const terms = new Terms();
  const written = {
    ...set,
    ...(row.to && { status: row.to, ...stateKeys.tenant(row.to, tenantId) }),
    ...(at && { updatedAt: at }),
    ...changedNow(),
  };
  const assignments = Object.entries(written)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const [path, given] = [terms.path(name), terms.value(name, value)];
      return WRITTEN_ONCE.has(name) ? `${path} = if_not_exists(${path}, ${given})` : `${path} = ${given}`;
    });
  const removals = (row.removes ?? []).map((name) => terms.path(name));
  const UpdateExpression = [
    ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
    ...(removals.length > 0 ? [`REMOVE ${removals.join(', ')}`] : []),
  ].join(' ');
  const ConditionExpression = conditionOf(name, change, terms);
  return { TableName: table.name, Key: itemKeys.tenant(tenantId), UpdateExpression, ConditionExpression, ...terms };
}

/**
 * The write of the route's new status. It fails when the host's route belongs to another tenant.
 */
export function routeTransition(
  table: TenantsTable,
  name: 'activate' | 'suspend' | 'resume',
  { tenantId, host }: { readonly tenantId: string; readonly host: string },
): Write {
  return {
    Update: {
      TableName: table.name,
      Key: itemKeys.route(host),
      UpdateExpression: 'SET #status = :status',
      ConditionExpression: 'tenantId = :tenant',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': OPERATIONS[name].route, ':tenant': tenantId },
    },
  };
}

/** The write of the last migration of the tenant's database. It fails when the host's route belongs to another tenant. */
export function routeVersion(
  table: TenantsTable,
  { tenantId, host, version }: { readonly tenantId: string; readonly host: string; readonly version: string },
): Write {
  return {
    Update: {
      TableName: table.name,
      Key: itemKeys.route(host),
      UpdateExpression: 'SET #database.#version = :version',
      ConditionExpression: 'tenantId = :tenant AND attribute_exists(#database)',
      ExpressionAttributeNames: { '#database': 'database', '#version': 'version' },
      ExpressionAttributeValues: { ':version': version, ':tenant': tenantId },
    },
  };
}

/**
 * The write of the route of a new tenant. It fails when the host's route belongs to another tenant.
 */
export function routeCreation(table: TenantsTable, name: 'register', route: Omit<RouteRecord, 'status'>): Write {
  return {
    Put: {
      TableName: table.name,
      Item: { ...itemKeys.route(route.host), ...route, status: OPERATIONS[name].route },
      ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
      ExpressionAttributeValues: { ':tenant': route.tenantId },
    },
  };
}
