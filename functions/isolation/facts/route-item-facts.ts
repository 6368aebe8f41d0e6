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

export function routeItemFacts(client: DynamoDBClient, { tenant, tableName }: Subject): RouteItemFacts {
  const documents = DynamoDBDocumentClient.from(client);
  return {
    item: readOnce(async () => {
      const request = { TableName: tableName, Key: itemKeys.route(tenant.host), ConsistentRead: true };
      const { Item } = await documents.send(new GetCommand(request));
      return Item && parseAt(`route of ${tenant.host}`, RouteRecordSchema, Item);
    }),
  };
}
