import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys } from '../contract/records';
import { claimLost, isConditionFailure } from '../tenants/ownership';
import type { TenantsTable } from '../tenants/tenants-table';

/** A tenant, and the execution that must own it. */
interface Owned {
  readonly tenantId: string;
  readonly executionArn: string;
}

/** Only the execution that owns the tenant makes its key, and only while the tenant is being onboarded. */
const OWNED = {
  ConditionExpression: 'executionArn = :execution AND #status = :onboarding',
  ExpressionAttributeNames: { '#status': 'status' },
} as const;

/**
 * Notes on the record that a key is about to be made.
 *
 * @returns when an earlier attempt of this execution noted the same: a key may exist that has no alias yet
 */
export async function noteIntent(
  table: TenantsTable,
  { tenantId, executionArn }: Owned,
  at: Date,
): Promise<Date | undefined> {
  const now = at.toISOString();
  try {
    const { Attributes } = await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKeys.tenant(tenantId),
        UpdateExpression: 'SET keyRequestedAt = if_not_exists(keyRequestedAt, :now)',
        ...OWNED,
        ExpressionAttributeValues: { ':now': now, ':execution': executionArn, ':onboarding': 'ONBOARDING' },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    const noted = String(Attributes?.keyRequestedAt ?? now);
    return noted === now ? undefined : new Date(noted);
  } catch (thrown) {
    throw isConditionFailure(thrown) ? claimLost(tenantId, executionArn) : thrown;
  }
}

/** No key was made: neither a retry nor the rollback need wait for one to become visible. */
export async function withdrawIntent(table: TenantsTable, { tenantId, executionArn }: Owned): Promise<void> {
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: itemKeys.tenant(tenantId),
      UpdateExpression: 'REMOVE keyRequestedAt',
      ...OWNED,
      ExpressionAttributeValues: { ':execution': executionArn, ':onboarding': 'ONBOARDING' },
    }),
  );
}

/** Nothing of the tenant is left that costs money. A key made from now on is not one of those that were looked for here. */
export async function forgetIntent(table: TenantsTable, { tenantId, executionArn }: Owned): Promise<void> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKeys.tenant(tenantId),
        UpdateExpression: 'REMOVE keyRequestedAt',
        ConditionExpression: 'executionArn = :execution AND attribute_not_exists(activatedAt)',
        ExpressionAttributeValues: { ':execution': executionArn },
      }),
    );
  } catch (thrown) {
    throw isConditionFailure(thrown) ? claimLost(tenantId, executionArn) : thrown;
  }
}
