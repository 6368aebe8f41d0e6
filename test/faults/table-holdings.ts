import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { RefusedSignupSchema, type TenantRecord, TenantRecordSchema } from '../../functions/contract/records';
import { everyItem } from '../../functions/shared/paging';
import type { AwsAccess } from '../../local/platform';
import { type Holding, holding } from './holding';

const ItemSchema = z.looseObject({
  pk: z.string(),
  sk: z.string(),
  tenantId: z.string().optional(),
  status: z.string().optional(),
  number: z.number().optional(),
});
type Item = z.output<typeof ItemSchema>;

/** What the tenants table says: who has what, and why who has nothing. */
export interface TableContents {
  readonly holdings: readonly Holding[];
  readonly records: ReadonlyMap<string, TenantRecord>;
  readonly refusals: ReadonlyMap<string, z.output<typeof RefusedSignupSchema>>;
  readonly freeSlots: readonly string[];
  /** Tenant by slot. */
  readonly takenSlots: ReadonlyMap<string, string>;
}

/** In the place of a tenant: somebody's rule has the slot's priority. */
export const SET_ASIDE = 'set aside';

const slotOf = ({ pk, number }: Item) => `${pk.replace('CELL#', '')} ${number}`;

/**
 * The record of what happened, the claim on the signup id and the pointer from a lost subdomain to its last tenant are the
 * traces that a failed onboarding leaves; all else is held.
 */
function holdingOf(item: Item): Holding | undefined {
  const { pk, sk, tenantId, status } = item;
  const [kind = ''] = pk.split('#');
  if (['TENANT', 'SIGNUP'].includes(kind) || ['CELL', 'LAST'].includes(sk) || sk.startsWith('FREE#') || item.setAside)
    return undefined;
  return holding(
    `table ${sk.split('#')[0]?.toLowerCase()}${status ? ` ${status}` : ''} of ${kind}`,
    `${pk} ${sk}`,
    [],
    tenantId,
  );
}

export async function tableContents(aws: AwsAccess, TableName: string): Promise<TableContents> {
  const dynamo = new DynamoDBClient(aws);
  const client = DynamoDBDocumentClient.from(dynamo);
  const found = await everyItem(paginateScan({ client }, { TableName, ConsistentRead: true }), (page) => page.Items);
  dynamo.destroy();
  const items = found.map((item) => ItemSchema.parse(item));
  const tenants = items.filter(({ sk }) => sk === 'TENANT');
  const refusals = tenants.flatMap((item) => RefusedSignupSchema.safeParse(item).data ?? []);
  const records = tenants.filter(({ refused }) => !refused).map((item) => TenantRecordSchema.parse(item));
  return {
    holdings: items.flatMap((item) => holdingOf(item) ?? []),
    records: new Map(records.map((record) => [record.tenantId, record])),
    refusals: new Map(refusals.map((refusal) => [refusal.tenantId, refusal])),
    freeSlots: items.filter(({ sk }) => sk.startsWith('FREE#')).map(slotOf),
    takenSlots: new Map(
      items
        .filter(({ sk }) => sk.startsWith('SLOT#'))
        .map((item) => [slotOf(item), item.setAside ? SET_ASIDE : (item.tenantId ?? 'nobody')]),
    ),
  };
}
