import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ReadableCells } from '../compute/compute';
import { PlatformError } from '../contract/errors';
import { itemKeys, TAKEN_SLOT_PREFIX } from '../contract/records';
import type { Slot } from '../contract/tenant';
import { pages } from '../shared/paging';
import { ReadableItems } from '../shared/readable-items';
import { findRoute } from '../tenants/routes';
import type { TenantsTable } from '../tenants/tenants-table';
import { slotAt } from './slots';

const TakenSlotSchema = z.object({ number: z.number().int().nonnegative(), tenantId: z.string().optional() });

export const recordLost = (tenantId: string, evidence: string) =>
  new PlatformError('TenantRecordLost', `tenant ${tenantId} has no record, but ${evidence}: restore the record`);

/**
 * Claims without a record: somebody has deleted the record. If the host's route says that the tenant
 * is in service, nothing may be made or undone for it.
 *
 * @throws PlatformError `TenantRecordLost`
 */
export async function requireNotInService(
  table: TenantsTable,
  { tenantId, host }: { readonly tenantId: string; readonly host: string },
): Promise<void> {
  const route = await findRoute(table, host);
  if (route?.tenantId !== tenantId || route.status === 'SETTING_UP') return;
  throw recordLost(tenantId, `its route is ${route.status}`);
}

/**
 * The slot that a tenant has kept although its record is gone. Only for that case: it reads the
 * taken slots of each cell.
 *
 * @throws PlatformError `ConfigurationInvalid` when it may be in a cell whose descriptor is damaged
 */
export async function slotWithoutRecord(
  table: TenantsTable,
  { cells, damaged }: ReadableCells,
  tenantId: string,
): Promise<Slot | undefined> {
  const readable = new ReadableItems();
  for (const cell of cells) {
    const taken = {
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :slot)',
      ExpressionAttributeValues: { ':pk': itemKeys.cell(cell.name).pk, ':slot': TAKEN_SLOT_PREFIX },
      ConsistentRead: true,
    };
    const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
      table.client.send(new QueryCommand({ ...taken, ExclusiveStartKey }));
    for await (const { Items = [] } of pages(ask, 'LastEvaluatedKey'))
      for (const item of Items) {
        const slot = readable.read(TakenSlotSchema, item);
        if (slot?.tenantId === tenantId) return slotAt(cell, slot.number);
      }
  }
  for (const reason of damaged.values()) throw reason;
  return undefined;
}
