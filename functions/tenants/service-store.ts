import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { AuditFinding } from '../contract/audit';
import type { CellDescriptor } from '../contract/cell';
import { itemKeys, type TenantRecord } from '../contract/records';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { isConditionFailure } from './condition-failure';
import { send, unlessChanged } from './guarded-write';
import { routeLost } from './routes';
import type { TenantsTable } from './tenants-table';
import { routeTransition, routeVersion, transition } from './transition';

type Verification = NonNullable<TenantRecord['verification']>;
type Suspension = NonNullable<TenantRecord['suspension']>;
type Placement = NonNullable<TenantRecord['placement']>;

/**
 * Records a verdict, and the finding of the audit that asked, if the tenant still has the status with
 * which it was verified.
 */
export async function recordVerdict(
  table: TenantsTable,
  { tenantId, status }: TenantRecord,
  verification: Verification,
  audit?: AuditFinding,
): Promise<void> {
  const update = transition(table, 'recordVerdict', { tenantId, seen: { status }, set: { verification, audit } });
  await unlessChanged(`tenant ${tenantId} is no longer ${status}, or has a later verdict`, send(table, update));
}

/** Records what an audit has found where it is no verdict: the last verification stays on record. */
export async function recordFinding(
  table: TenantsTable,
  { tenantId, status }: TenantRecord,
  audit: AuditFinding,
): Promise<void> {
  const update = transition(table, 'recordFinding', { tenantId, seen: { status }, set: { audit } });
  await unlessChanged(`tenant ${tenantId} is no longer ${status}`, send(table, update));
}

/** Why a tenant in service has no route of its own. @returns undefined when it has one */
export const routeLostInService = (table: TenantsTable, record: Pick<TenantRecord, 'host' | 'tenantId'>) =>
  routeLost(table, record, 'docs/runbook.md#isolation-routing says how it comes back');

/**
 * Sets record and route to SUSPENDED in one transaction. A route that somebody has deleted, or given to another tenant, stays as it
 * is: it leads no visitor to this one.
 */
export async function suspend(table: TenantsTable, record: TenantRecord, suspension: Suspension): Promise<void> {
  const { tenantId } = record;
  const update = transition(table, 'suspend', { tenantId, at: suspension.at, set: { suspension } });
  const conflict = `tenant ${tenantId} changed while it was being suspended`;
  try {
    await unlessChanged(conflict, send(table, update, routeTransition(table, 'suspend', record)));
  } catch (thrown) {
    const lost = isNamed(thrown, 'TransientConflict') ? await routeLostInService(table, record) : undefined;
    if (!lost) throw thrown;
    logger.warn('suspension.route-lost', { tenantId, why: lost.message });
    await unlessChanged(conflict, send(table, update));
  }
}

/**
 * Sets record and route to ACTIVE in one transaction, if the record has the verification of the
 * digest.
 *
 * @throws PlatformError `TransientConflict`; `UnexpectedFailure` or `SubdomainTaken` when the route is gone, or another tenant's
 */
export async function resume(table: TenantsTable, record: TenantRecord, digest: string, at: string): Promise<void> {
  const { tenantId } = record;
  const update = transition(table, 'resume', { tenantId, seen: { 'verification.digest': digest }, at });
  const write = send(table, update, routeTransition(table, 'resume', record));
  try {
    await unlessChanged(`tenant ${tenantId} changed while it was being resumed`, write);
  } catch (thrown) {
    throw (isNamed(thrown, 'TransientConflict') && (await routeLostInService(table, record))) || thrown;
  }
}

/** Records the rule that was made in the place of a deleted one, if the record still names that one. */
export async function recordRule(
  table: TenantsTable,
  { tenantId, ruleArn }: Pick<TenantRecord, 'tenantId' | 'ruleArn'>,
  made: string,
): Promise<void> {
  const update = transition(table, 'replaceRule', { tenantId, seen: { ruleArn }, set: { ruleArn: made } });
  await unlessChanged(`the record of tenant ${tenantId} names another listener rule by now`, send(table, update));
}

type Placed = Pick<TenantRecord, 'tenantId'>;

/** The writes that record where a release moves tenants, while its attempt is the one that moves tenants of the cell. */
function placing(table: TenantsTable, cell: Pick<CellDescriptor, 'name'>, tenants: readonly Placed[], to: Placement) {
  const whileMoving = {
    TableName: table.name,
    Key: itemKeys.liveColour(cell.name),
    ConditionExpression: '#releasing = :attempt',
    ExpressionAttributeNames: { '#releasing': 'releasing' },
    ExpressionAttributeValues: { ':attempt': to.release },
  };
  const updates = tenants.map(({ tenantId }) => ({
    Update: transition(table, 'place', { tenantId, set: { placement: to } }),
  }));
  return new TransactWriteCommand({ TransactItems: [{ ConditionCheck: whileMoving }, ...updates] });
}

/**
 * Records where a release moves tenants, in one transaction. The rules follow (routing/tenant-rule.ts). When one of
 * them has left service, or is written by somebody else at this moment, each is recorded by itself. None is
 * recorded once the cell's item LIVE names another attempt: their tenants were returned.
 *
 * @param tenants at most 99: "TransactWriteItems"
 * @returns those that were recorded; the others are no longer in service
 */
export async function place<T extends Placed>(
  table: TenantsTable,
  cell: Pick<CellDescriptor, 'name'>,
  tenants: readonly T[],
  placement: Placement,
): Promise<readonly T[]> {
  try {
    if (tenants.length > 0) await table.client.send(placing(table, cell, tenants, placement));
    return tenants;
  } catch (thrown) {
    if (!isNamed(thrown, 'TransactionCanceledException')) throw thrown;
    const recorded: T[] = [];
    for (const tenant of tenants) if (await placeOne(table, cell, tenant, placement)) recorded.push(tenant);
    return recorded;
  }
}

/** @returns whether the tenant is in service */
async function placeOne(
  table: TenantsTable,
  cell: Pick<CellDescriptor, 'name'>,
  tenant: Placed,
  placement: Placement,
): Promise<boolean> {
  try {
    await table.client.send(placing(table, cell, [tenant], placement));
    return true;
  } catch (thrown) {
    if (isConditionFailure(thrown)) return false;
    throw thrown;
  }
}

/** @throws PlatformError `TransientConflict` when the tenant has left service */
const whileInService = (tenantId: string, write: Promise<unknown>) =>
  unlessChanged(`tenant ${tenantId} is no longer in service`, write);

type Database = NonNullable<TenantRecord['database']>;
type Migration = NonNullable<TenantRecord['migration']>;

/** Records what a tenant's database has now, on the record and on the route, in one transaction. */
export async function recordMigrated(
  table: TenantsTable,
  { tenantId, host, database }: TenantRecord,
  { migration, ...made }: Pick<Database, 'version' | 'seconds' | 'roles'> & { readonly migration: Migration },
): Promise<void> {
  const { at } = migration;
  const { version, roles } = made;
  const prepared = { ...(database ?? { preparedAt: at, ...made }), version, roles };
  const update = transition(table, 'recordMigration', { tenantId, at, set: { database: prepared, migration } });
  const write = send(table, update, routeVersion(table, { tenantId, host, version }));
  await whileInService(tenantId, write);
}

/** Records that a migration of the tenant's database has failed. What the database has stays on record. */
export async function recordMigrationFailure(
  table: TenantsTable,
  tenantId: string,
  migration: Migration,
): Promise<void> {
  const update = transition(table, 'recordMigration', { tenantId, at: migration.at, set: { migration } });
  await whileInService(tenantId, send(table, update));
}

/** Records that a restore is under way, before there is anything of it. */
export async function recordRestoring(
  table: TenantsTable,
  { tenantId }: Pick<TenantRecord, 'tenantId'>,
  restoring: NonNullable<TenantRecord['restoring']>,
): Promise<void> {
  const update = transition(table, 'beginRestoration', { tenantId, at: restoring.at, set: { restoring } });
  await whileInService(tenantId, send(table, update));
}

/** Records that nothing of a restore is left. */
export async function endRestoring(
  table: TenantsTable,
  { tenantId }: Pick<TenantRecord, 'tenantId'>,
  at: string,
): Promise<void> {
  const update = transition(table, 'endRestoration', { tenantId, at });
  await whileInService(tenantId, send(table, update));
}

/** Records that the tenant's database has the data of an earlier time. */
export async function recordRestoration(
  table: TenantsTable,
  { tenantId }: Pick<TenantRecord, 'tenantId'>,
  restoration: NonNullable<TenantRecord['restoration']>,
): Promise<void> {
  const update = transition(table, 'recordRestoration', { tenantId, at: restoration.at, set: { restoration } });
  await unlessChanged(`tenant ${tenantId} is no longer SUSPENDED`, send(table, update));
}
