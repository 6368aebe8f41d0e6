import { ScanCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys, TAKEN_SLOT_PREFIX } from '../contract/records';
import { pages } from '../shared/paging';
import { unless } from '../shared/unless';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';
import { permission } from '../tenants/transition';
import type { LeftoverKind } from './leftovers';

/**
 * Items that occupy a slot, a subdomain or a host for a tenant. A signup's claim is no leftover: it
 * outlives a failed run.
 */
const HOLDS = /^(?:CELL#.+\|SLOT#\d+|SUBDOMAIN#.+\|CLAIM|ROUTE#.+\|ROUTE)$/;
const KeySchema = z.object({ pk: z.string(), sk: z.string() });
const ClaimSchema = KeySchema.extend({ tenantId: z.string() });

/** Parses `pk|sk`, the claim's id in reports. */
function keyIn(id: string) {
  const [pk = '', sk = ''] = id.split('|');
  return { pk, sk };
}

/** The write that makes a released slot free again. */
function freed(TableName: string, { pk, sk }: { pk: string; sk: string }) {
  const [cell, number] = [pk.replace('CELL#', ''), Number(sk.replace(TAKEN_SLOT_PREFIX, ''))];
  return sk.startsWith(TAKEN_SLOT_PREFIX)
    ? [{ Put: { TableName, Item: { ...itemKeys.freeSlot(cell, number), number } } }]
    : [];
}

/**
 * Claims in the table. A scan finds them even when other items are lost. The table has a few small
 * items per tenant, and no onboarding waits for the scan.
 */
export function claimLeftovers(table: TenantsTable): LeftoverKind {
  return {
    kind: 'claim',
    list: async function* () {
      const all = { TableName: table.name, ProjectionExpression: 'pk, sk, tenantId' };
      const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
        table.client.send(new ScanCommand({ ...all, ExclusiveStartKey }));
      for await (const { Items = [] } of pages(ask, 'LastEvaluatedKey')) {
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
      const removal = new TransactWriteCommand({
        TransactItems: [
          // A redrive may be reserving the tenant at the same time.
          permission(table, 'removeOrphanedClaim', { tenantId }),
          { Delete: { TableName, Key, ConditionExpression: 'tenantId = :tenant', ExpressionAttributeValues } },
          ...freed(TableName, Key),
        ],
      });
      await unless(table.client.send(removal), isConditionFailure);
    },
  };
}
