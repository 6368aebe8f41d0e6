import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';

/** The tenants table; contract/records.ts lists its items. */
export interface TenantsTable {
  readonly name: string;
  readonly client: Pick<DynamoDBDocumentClient, 'send'>;
}

/**
 * The table of this stage. Its name is read at the first use: a missing variable then fails the
 * call with `ConfigurationInvalid`, and not the loading of the function.
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
