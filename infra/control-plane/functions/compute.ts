import type { Construct } from 'constructs';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, onAnyCell, onCellItems, registeringTasks } from './context';

export function computeFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const seedCell = new PlatformFunction(scope, 'SeedCell', {
    config,
    environment: { TABLE_NAME: table.tableName },
    grants: [
      onCellItems(context, 'GetItem', 'PutItem'),
      onAnyCell(['ssm:GetParameter'], `${arns.cellParameters}/*`),
      onAnyCell(['ecs:DescribeServices', 'ecs:UpdateService'], arns.cellServices),
    ],
  });
  const seedTasks = new PlatformFunction(scope, 'SeedTasks', {
    config,
    environment: {},
    grants: registeringTasks(context),
  });
  return { seedCell, seedTasks };
}
