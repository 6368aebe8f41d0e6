import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys, type RouteRecord, RouteRecordSchema } from '../../contract/records';
import { parseAt } from '../../shared/parse-at';
import type { Subject } from '../subject';
import { readOnce } from './reading';

export interface RouteItemFacts {
  /** What the shared service reads to serve the tenant's host; undefined when there is no such item. */
  readonly item: () => Promise<RouteRecord | undefined>;
}

/** @param read the item as the caller reads it, with others; without that it is asked for */
export function routeItemFacts(
  client: DynamoDBClient,
  { tenant, tableName }: Subject,
  read?: () => Promise<unknown>,
): RouteItemFacts {
  const ask = async () => {
    const request = { TableName: tableName, Key: itemKeys.route(tenant.host), ConsistentRead: true };
    return (await DynamoDBDocumentClient.from(client).send(new GetCommand(request))).Item;
  };
  return {
    item: readOnce(async () => {
      const item = await (read ?? ask)();
      return item === undefined ? undefined : parseAt(`route of ${tenant.host}`, RouteRecordSchema, item);
    }),
  };
}
