import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import {
  itemKeys,
  type RefusedSignup,
  RefusedSignupSchema,
  type TenantRecord,
  TenantRecordSchema,
} from '../contract/records';
import { parseAt } from '../shared/parse-at';
import type { TenantsTable } from './tenants-table';

async function readTenant(table: TenantsTable, tenantId: string): Promise<unknown> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.tenant(tenantId), ConsistentRead: true }),
  );
  return Item;
}

/**
 * @returns the tenant's record as it is now (strongly consistent), or undefined where there is none, or a refused signup
 * in its place
 */
export async function findTenant(table: TenantsTable, tenantId: string): Promise<TenantRecord | undefined> {
  const item = await readTenant(table, tenantId);
  if (!item || RefusedSignupSchema.safeParse(item).success) return undefined;
  return parseAt(`record of tenant ${tenantId}`, TenantRecordSchema, item);
}

/** @returns what stands in the tenant's place, if its signup was refused */
export async function findRefusal(table: TenantsTable, tenantId: string): Promise<RefusedSignup | undefined> {
  return RefusedSignupSchema.safeParse(await readTenant(table, tenantId)).data;
}

export function claimLost(tenantId: string, executionArn: string): PlatformError {
  return new PlatformError('ClaimLost', `tenant ${tenantId} is not ${executionArn}'s to change any more`);
}

/**
 * What every undo asks first, whoever calls it: has the tenant ever been ACTIVE, and does it still belong to this
 * execution? A tenant without a record is nobody's: its undo goes on, for what never happened and what is gone.
 *
 * The answer holds for the moment; what an undo writes must be conditional on the same.
 *
 * @throws PlatformError `TenantIsActive`, `ClaimLost`
 */
export async function guardUndo(
  table: TenantsTable,
  tenantId: string,
  executionArn: string,
): Promise<TenantRecord | undefined> {
  const record = await findTenant(table, tenantId);
  if (record?.activatedAt) {
    throw new PlatformError('TenantIsActive', `tenant ${tenantId} has been ACTIVE since ${record.activatedAt}`);
  }
  if (record && record.executionArn !== executionArn) throw claimLost(tenantId, executionArn);
  return record;
}

const CancelledSchema = z.object({ CancellationReasons: z.array(z.object({ Code: z.string().optional() })) });

/**
 * Whether a conditional write, or a transaction, was refused by a condition and by nothing else: an answer, not a fault.
 * A transaction that lost a race as well is worth another try first.
 */
export function isConditionFailure(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown.name === 'ConditionalCheckFailedException') return true;
  const cancelled = CancelledSchema.safeParse(thrown);
  if (thrown.name !== 'TransactionCanceledException' || !cancelled.success) return false;
  const codes = cancelled.data.CancellationReasons.map((reason) => reason.Code ?? 'None');
  return codes.includes('ConditionalCheckFailed') && codes.every((c) => c === 'ConditionalCheckFailed' || c === 'None');
}
