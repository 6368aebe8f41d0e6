import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { PlatformError } from '../contract/errors';
import { HolderSchema, itemKeys, type RouteRecord, RouteRecordSchema } from '../contract/records';
import { parseAt } from '../shared/parse-at';
import { isConditionFailure } from './condition-failure';
import { unlessChanged } from './guarded-write';
import type { TenantsTable } from './tenants-table';

/** @returns the route of the host (strongly consistent read), if it has one */
export async function findRoute(table: TenantsTable, host: string): Promise<RouteRecord | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.route(host), ConsistentRead: true }),
  );
  return Item && parseAt(`route of ${host}`, RouteRecordSchema, Item);
}

/**
 * Why a write of a tenant's record and route was refused, although the record permits it.
 *
 * @param remedy what makes the route again that the tenant should have by now; without it, the tenant may have none yet
 * @returns undefined when the route is no reason
 */
export async function routeLost(
  { name: TableName, client }: TenantsTable,
  { host, tenantId }: Pick<RouteRecord, 'host' | 'tenantId'>,
  remedy: string | undefined,
): Promise<PlatformError | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: itemKeys.route(host), ConsistentRead: true }));
  if (!Item)
    return remedy === undefined
      ? undefined
      : new PlatformError('UnexpectedFailure', `somebody has deleted the route of ${host}; ${remedy}`);
  const { tenantId: holder } = parseAt(`route of ${host}`, HolderSchema, Item);
  if (holder === tenantId) return undefined;
  return new PlatformError('SubdomainTaken', `somebody has led ${host} to another tenant, ${holder}, by its route`);
}

/** Writes a route that no onboarding makes, unless the host belongs to another tenant. @throws PlatformError `TransientConflict` */
export async function putRoute({ name: TableName, client }: TenantsTable, route: RouteRecord): Promise<void> {
  const write = client.send(
    new PutCommand({
      TableName,
      Item: { ...itemKeys.route(route.host), ...route },
      ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
      ExpressionAttributeValues: { ':tenant': route.tenantId },
    }),
  );
  await unlessChanged(`the route of ${route.host} belongs to another tenant`, write);
}

/** Deletes the route, unless it belongs to another tenant. @returns whether a route was deleted */
export async function deleteRoute(
  table: TenantsTable,
  { host, tenantId }: Pick<RouteRecord, 'host' | 'tenantId'>,
): Promise<boolean> {
  try {
    const { Attributes } = await table.client.send(
      new DeleteCommand({
        TableName: table.name,
        Key: itemKeys.route(host),
        ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
        ExpressionAttributeValues: { ':tenant': tenantId },
        ReturnValues: 'ALL_OLD',
      }),
    );
    return Attributes !== undefined;
  } catch (thrown) {
    if (isConditionFailure(thrown)) return false;
    throw thrown;
  }
}
