import type { Construct } from 'constructs';
import { ringZeroHost } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { PlatformFunction } from '../../constructs/platform-function';
import {
  assumingTenants,
  type FunctionContext,
  makingRules,
  onAnyCell,
  onAnyTenant,
  onCellItems,
  onNames,
  onNoResource,
  onTable,
  publishing,
} from './context';

/** Functions that make, change and delete a tenant's route and listener rule. */
export function routingFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const environment = { TABLE_NAME: table.tableName };
  const describeRules = onNoResource('elasticloadbalancing:DescribeRules', 'elasticloadbalancing:DescribeTags');
  const onRules = (...actions: string[]) =>
    onAnyCell(
      actions.map((action) => `elasticloadbalancing:${action}`),
      arns.cellRules,
    );
  const making = onNames(context, (names) => [names.reading(), names.changing('CREATE', 'UPSERT', 'DELETE')]);
  const registerTenant = new PlatformFunction(scope, 'RegisterTenant', {
    config,
    environment: { ...environment, ...making.environment },
    grants: [
      onTable(context, 'BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem'),
      describeRules,
      makingRules(context),
      onRules('AddTags', 'ModifyRule', 'DeleteRule'),
      onAnyCell(['ecs:DescribeServices'], arns.cellServices),
      ...making.grants,
    ],
  });
  const removing = onNames(context, (names) => [names.reading(), names.changing('DELETE')]);
  const deregisterTenant = new PlatformFunction(scope, 'DeregisterTenant', {
    config,
    environment: { ...environment, ...removing.environment, EVENT_BUS_NAME: context.bus.eventBusName },
    grants: [
      onTable(context, 'GetItem', 'UpdateItem', 'DeleteItem'),
      describeRules,
      onRules('DeleteRule'),
      ...removing.grants,
      onAnyTenant(['cloudformation:DescribeStacks'], arns.tenantStacks),
      publishing(context),
    ],
  });
  const asking = onNames(context, (names) => [names.asking()]);
  const activateTenant = new PlatformFunction(scope, 'ActivateTenant', {
    config,
    environment: { ...environment, ...asking.environment },
    grants: [
      onTable(context, 'GetItem', 'UpdateItem'),
      onRules('ModifyRule'),
      onAnyTenant(['cloudformation:UpdateTerminationProtection'], arns.tenantStacks),
      onAnyTenant(['rds:ModifyDBInstance'], arns.rds('db')),
      onNoResource('elasticloadbalancing:DescribeTargetHealth'),
      assumingTenants(context),
      ...asking.grants,
    ],
  });
  const seedRingZero = new PlatformFunction(scope, 'SeedRingZero', {
    config,
    environment,
    grants: [
      onCellItems(context, 'GetItem'),
      {
        ...onTable(context, 'PutItem', 'DeleteItem'),
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [itemKeys.route(ringZeroHost('*', config.domain)).pk] },
        },
      },
      onRules('ModifyRule'),
      {
        ...assumingTenants(context),
        wildcardBecause: "Any new cell has a decoy, whose role trusts this function; no tenant's does.",
      },
    ],
  });
  return { registerTenant, deregisterTenant, activateTenant, seedRingZero };
}
