import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';

/** The tenants table (contract/records.ts says what is in it). */
export interface TenantsTable {
  readonly name: string;
  readonly client: Pick<DynamoDBDocumentClient, 'send'>;
}

/**
 * The table of this stage. Its name is read when it is used: a missing one is then an error of the
 * call, under its own name, and not a function that cannot be loaded.
 */
export function tenantsTable(): TenantsTable {
  return {
    get name() {
      return env('TABLE_NAME');
    },
    client: DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions), {
      marshallOptions: { removeUndefinedValues: true },
    }),
  };
}
