import { ScanCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys } from '../contract/records';
import { pages } from '../shared/paging';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';
import { permission } from '../tenants/transition';
import type { LeftoverKind } from './leftovers';

/** Items that hold something in a tenant's name: a slot, a subdomain, a route. A signup's claim outlives a failed run. */
const HOLDS = /^(?:CELL#.+\|SLOT#\d+|SUBDOMAIN#.+\|CLAIM|ROUTE#.+\|ROUTE)$/;
const KeySchema = z.object({ pk: z.string(), sk: z.string() });
const ClaimSchema = KeySchema.extend({ tenantId: z.string() });

/** By `pk|sk`, the claim's id in reports. */
function keyIn(id: string) {
  const [pk = '', sk = ''] = id.split('|');
  return { pk, sk };
}

/** What frees a taken slot beside deleting its claim. */
function freed(TableName: string, { pk, sk }: { pk: string; sk: string }) {
  const [cell, number] = [pk.replace('CELL#', ''), Number(sk.replace('SLOT#', ''))];
  return sk.startsWith('SLOT#') ? [{ Put: { TableName, Item: { ...itemKeys.freeSlot(cell, number), number } } }] : [];
}

/**
 * Claims in the table. A scan finds them whatever else is lost: the table has a few small items a tenant, and this is no part
 * of an onboarding.
 */
export function claimLeftovers(table: TenantsTable): LeftoverKind {
  return {
    kind: 'claim',
    list: async function* () {
      const all = { TableName: table.name, ProjectionExpression: 'pk, sk, tenantId' };
      const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
        table.client.send(new ScanCommand({ ...all, ExclusiveStartKey }));
      for await (const { Items = [] } of pages(ask, (page) => page.LastEvaluatedKey)) {
        for (const item of Items) {
          const claim = ClaimSchema.safeParse(item).data;
          const id = `${claim?.pk}|${claim?.sk}`;
          if (claim && HOLDS.test(id)) yield { tenantId: claim.tenantId, id };
        }
      }
    },
    remove: async ({ tenantId, id }) => {
      const TableName = table.name;
      const Key = keyIn(id);
      const ExpressionAttributeValues = { ':tenant': tenantId };
      try {
        await table.client.send(
          new TransactWriteCommand({
            TransactItems: [
              // A redrive may be reserving at this very moment.
              permission(table, 'removeOrphanedClaim', { tenantId }),
              { Delete: { TableName, Key, ConditionExpression: 'tenantId = :tenant', ExpressionAttributeValues } },
              ...freed(TableName, Key),
            ],
          }),
        );
      } catch (thrown) {
        if (!isConditionFailure(thrown)) throw thrown;
      }
    },
  };
}
