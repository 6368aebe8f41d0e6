import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TenantsTable } from '../functions/tenants/tenants-table';
import type { StageConnection } from './stage-connection';

/** The stage's table, as the operator may read it. */
export function tableOf({ aws, tenantsTableName }: StageConnection): TenantsTable {
  return { name: tenantsTableName, client: DynamoDBDocumentClient.from(new DynamoDBClient(aws)) };
}
