import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { OnboardingError } from '../contract/errors';
import { itemKeys, type TenantRecord, TenantRecordSchema } from '../contract/records';
import { parseAt } from './step-handler';
import type { TenantsTable } from './tenants-table';

/** @returns the tenant's record as it is now (strongly consistent), or undefined where there is none */
export async function findTenant(table: TenantsTable, tenantId: string): Promise<TenantRecord | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.tenant(tenantId), ConsistentRead: true }),
  );
  return Item && parseAt(`record of tenant ${tenantId}`, TenantRecordSchema, Item);
}

export function claimLost(tenantId: string, executionArn: string): OnboardingError {
  return new OnboardingError('ClaimLost', `tenant ${tenantId} does not belong to ${executionArn} any more`);
}

/**
 * What every undo asks first, whoever calls it: has the tenant ever been ACTIVE, and does it still belong to this
 * execution? A tenant without a record is nobody's: its undo goes on, for what never happened and what is gone.
 *
 * The answer holds for the moment; what an undo writes must carry `ownedCondition` as well.
 *
 * @throws OnboardingError `TenantIsActive`, `ClaimLost`
 */
export async function guardUndo(
  table: TenantsTable,
  tenantId: string,
  executionArn: string,
): Promise<TenantRecord | undefined> {
  const record = await findTenant(table, tenantId);
  if (record?.activatedAt) {
    throw new OnboardingError('TenantIsActive', `tenant ${tenantId} is ACTIVE since ${record.activatedAt}`);
  }
  if (record && record.executionArn !== executionArn) throw claimLost(tenantId, executionArn);
  return record;
}

/** Whether a conditional write was refused by its condition: not a failure, but an answer. */
export function isConditionFailure(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'ConditionalCheckFailedException';
}
