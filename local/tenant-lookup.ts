import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { TENANT_ID_PATTERN, tenantIdOf } from '../functions/contract/naming';
import { itemKeys, type RefusedSignup, type TenantRecord } from '../functions/contract/records';
import { findRefusal, findTenant } from '../functions/shared/claim-guard';
import type { TenantsTable } from '../functions/shared/tenants-table';
import type { StageConnection } from './stage-connection';

export function tableOf({ aws, tenantsTableName }: StageConnection): TenantsTable {
  return { name: tenantsTableName, client: DynamoDBDocumentClient.from(new DynamoDBClient(aws)) };
}

const PointerSchema = z.object({ tenantId: z.string() });

async function pointedAtBy(table: TenantsTable, Key: { pk: string; sk: string }): Promise<string[]> {
  const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key, ConsistentRead: true }));
  const tenantId = PointerSchema.safeParse(Item).data?.tenantId;
  return tenantId ? [tenantId] : [];
}

/**
 * Finds a tenant by what a person calls it, without a scan: a subdomain it has, else one it was the last to lose; its id; the
 * id of its signup.
 *
 * @throws Error that names what was tried, when there is none
 */
export async function lookUpTenant(table: TenantsTable, name: string): Promise<TenantRecord | RefusedSignup> {
  const candidates = [
    () => pointedAtBy(table, itemKeys.subdomain(name)),
    () => pointedAtBy(table, itemKeys.lastOf(name)),
    async () => (TENANT_ID_PATTERN.test(name) ? [name] : []),
    async () => [tenantIdOf(name)],
  ];
  for (const candidate of candidates) {
    for (const tenantId of await candidate()) {
      const record = (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId));
      if (record) return record;
    }
  }
  throw new Error(`no tenant has, or had, the subdomain, the tenant id or the signup id ${name}`);
}
