import type { Construct } from 'constructs';
import { DATABASE_MASTER } from '../../../functions/contract/naming';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, OF_ANY_CELL, OF_ANY_TENANT, onCellItems, onTable, telling } from './context';

/**
 * PrepareDatabase, and the functions of a migration besides, which reach no database. The functions that
 * log in to databases are in each cell (cell/database-functions.ts).
 */
export function databaseFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const prepareDatabase = new PlatformFunction(scope, 'PrepareDatabase', {
    config,
    environment: { TABLE_NAME: table.tableName },
    grants: [
      onTable(context, 'GetItem', 'BatchGetItem', 'UpdateItem'),
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
  const environment = { TABLE_NAME: table.tableName };
  new PlatformFunction(scope, 'ClaimMigration', {
    config,
    environment: { ...environment, DOMAIN: config.domain },
    grants: [
      onCellItems(context, 'GetItem', 'UpdateItem', 'ConditionCheckItem'),
      { actions: ['ssm:GetParametersByPath'], resources: [arns.cellParameters] },
    ],
  });
  const planMigration = new PlatformFunction(scope, 'PlanMigration', {
    config,
    environment,
    grants: [onTable(context, 'GetItem', 'Scan')],
  });
  new PlatformFunction(scope, 'StopMigration', {
    config,
    environment,
    grants: [onTable(context, 'GetItem', 'UpdateItem')],
  });
  const operators = telling(context);
  new PlatformFunction(scope, 'SettleMigration', {
    config,
    environment: { ...environment, ...operators.environment },
    grants: [onCellItems(context, 'GetItem', 'UpdateItem'), ...operators.grants],
  });
  return { prepareDatabase, planMigration };
}
