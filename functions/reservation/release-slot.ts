import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys } from '../contract/records';
import type { TenantsTable } from '../tenants/tenants-table';
import type { Update } from '../tenants/transition';
import type { StandingRecord } from './claims';
import { slotSetAside } from './set-aside';

/**
 * Releases a tenant's slot and subdomain, in one transaction with the write of the tenant's record.
 *
 * This is only the effect. The permission is the condition of `permitted`.
 *
 * @param permitted the write, made by `transition`, that removes the slot from the record
 * @param setAside the time, if no tenant is to get the slot; otherwise the slot is free again
 * @throws what DynamoDB throws when the condition fails
 */
export async function releaseSlot(
  table: TenantsTable,
  record: StandingRecord,
  permitted: Update,
  setAside?: string,
): Promise<void> {
  const { tenantId, subdomain, slot } = record;
  const TableName = table.name;
  const ofTenant = {
    ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
    ExpressionAttributeValues: { ':tenant': tenantId },
  };
  await table.client.send(
    new TransactWriteCommand({
      TransactItems: [
        { Update: permitted },
        { Delete: { TableName, Key: itemKeys.subdomain(subdomain), ...ofTenant } },
        { Put: { TableName, Item: { ...itemKeys.lastOf(subdomain), subdomain, tenantId } } },
        ...(setAside
          ? [{ Put: { TableName, Item: slotSetAside(slot, setAside), ...ofTenant } }]
          : [
              { Delete: { TableName, Key: itemKeys.takenSlot(slot.cell, slot.number), ...ofTenant } },
              { Put: { TableName, Item: { ...itemKeys.freeSlot(slot.cell, slot.number), number: slot.number } } },
            ]),
      ],
    }),
  );
}
