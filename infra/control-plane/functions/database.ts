import type { Construct } from 'constructs';
import { DATABASE_MASTER } from '../../../functions/contract/naming';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, OF_ANY_CELL, OF_ANY_TENANT, onTable } from './context';

/**
 * PrepareDatabase. The functions that log in to databases are in each cell
 * (cell/database-functions.ts).
 */
export function databaseFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const prepareDatabase = new PlatformFunction(scope, 'PrepareDatabase', {
    config,
    environment: { TABLE_NAME: table.tableName },
    grants: [
      onTable(context, 'GetItem', 'UpdateItem'),
      {
        actions: ['sts:AssumeRole', 'sts:TagSession'],
        resources: [arns.assumableTenantRoles],
        wildcardBecause: OF_ANY_TENANT,
      },
      { actions: ['lambda:InvokeFunction'], resources: [arns.databaseSetups], wildcardBecause: OF_ANY_CELL },
      {
        actions: ['rds-db:connect'],
        resources: [arns.databaseUser(DATABASE_MASTER)],
        wildcardBecause: OF_ANY_TENANT,
      },
    ],
  });
  return { prepareDatabase };
}
