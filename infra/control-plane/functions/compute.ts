import type { Construct } from 'constructs';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, OF_ANY_CELL, onCellItems, registeringTasks } from './context';

export function computeFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const seedCell = new PlatformFunction(scope, 'SeedCell', {
    config,
    environment: { TABLE_NAME: table.tableName },
    grants: [
      onCellItems(context, 'GetItem', 'PutItem'),
      { actions: ['ssm:GetParameter'], resources: [`${arns.cellParameters}/*`], wildcardBecause: OF_ANY_CELL },
      {
        actions: ['ecs:DescribeServices', 'ecs:UpdateService'],
        resources: [arns.cellServices],
        wildcardBecause: OF_ANY_CELL,
      },
    ],
  });
  const seedTasks = new PlatformFunction(scope, 'SeedTasks', {
    config,
    environment: {},
    grants: registeringTasks(context),
  });
  return { seedCell, seedTasks };
}
