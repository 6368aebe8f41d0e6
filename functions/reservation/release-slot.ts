import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys } from '../contract/records';
import { settled } from '../shared/settled';
import type { TenantsTable } from '../tenants/tenants-table';
import type { Update } from '../tenants/transition';
import type { StandingRecord } from './claims';
import { slotSetAside } from './set-aside';

/** Whether another tenant has come to the tenant's subdomain, or to its slot. */
export interface OfOthers {
  readonly subdomain: boolean;
  readonly slot: boolean;
}

/** Who has subdomain and slot now: somebody may have given one of them to another tenant by hand, or set the slot aside. */
export async function ofOthers(table: TenantsTable, record: StandingRecord): Promise<OfOthers> {
  const isOfAnother = async (Key: { readonly pk: string; readonly sk: string }) => {
    const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key, ConsistentRead: true }));
    return Item !== undefined && Item.tenantId !== record.tenantId;
  };
  const [subdomain, slot] = await settled([
    isOfAnother(itemKeys.subdomain(record.subdomain)),
    isOfAnother(itemKeys.takenSlot(record.slot.cell, record.slot.number)),
  ]);
  return { subdomain, slot };
}

export interface HowToRelease {
  /** The time, if no tenant is to get the slot; otherwise the slot is free again. */
  readonly setAside?: string | undefined;
  /** What is left as it is. */
  readonly others?: OfOthers;
}

/**
 * Releases a tenant's slot and subdomain, in one transaction with the write of the tenant's record.
 *
 * This is only the effect. The permission is the condition of `permitted`.
 *
 * @param permitted the write, made by `transition`, that removes the slot from the record
 * @throws what DynamoDB throws when the condition fails
 */
export async function releaseSlot(
  table: TenantsTable,
  record: StandingRecord,
  permitted: Update,
  { setAside, others }: HowToRelease = {},
): Promise<void> {
  const { tenantId, subdomain, slot } = record;
  const TableName = table.name;
  const ofTenant = {
    ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
    ExpressionAttributeValues: { ':tenant': tenantId },
  };
  const ofSlot = setAside
    ? [{ Put: { TableName, Item: slotSetAside(slot, setAside), ...ofTenant } }]
    : [
        { Delete: { TableName, Key: itemKeys.takenSlot(slot.cell, slot.number), ...ofTenant } },
        { Put: { TableName, Item: { ...itemKeys.freeSlot(slot.cell, slot.number), number: slot.number } } },
      ];
  await table.client.send(
    new TransactWriteCommand({
      TransactItems: [
        { Update: permitted },
        ...(others?.subdomain ? [] : [{ Delete: { TableName, Key: itemKeys.subdomain(subdomain), ...ofTenant } }]),
        { Put: { TableName, Item: { ...itemKeys.lastOf(subdomain), subdomain, tenantId } } },
        ...(others?.slot ? [] : ofSlot),
      ],
    }),
  );
}
