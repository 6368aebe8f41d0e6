import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientOptions } from './clients';
import { env } from './env';

/** The tenants table (contract/records.ts says what is in it). */
export interface TenantsTable {
  readonly name: string;
  readonly client: Pick<DynamoDBDocumentClient, 'send'>;
}

/** The table of this stage. Called at the bottom of a function's file, so that only what uses it bundles its client. */
export function tenantsTable(): TenantsTable {
  return {
    name: env('TABLE_NAME'),
    client: DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions), {
      marshallOptions: { removeUndefinedValues: true },
    }),
  };
}
