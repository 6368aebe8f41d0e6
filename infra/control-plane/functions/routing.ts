import type { Construct } from 'constructs';
import { ringZeroHost } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import {
  type FunctionContext,
  makingRules,
  NO_RESOURCE,
  OF_ANY_CELL,
  OF_ANY_TENANT,
  onCellItems,
  onNames,
  onTable,
  publishing,
} from './context';

/** Functions that make, change and delete a tenant's route and listener rule. */
export function routingFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const environment = { TABLE_NAME: table.tableName };
  const describeRules: Grant = {
    actions: ['elasticloadbalancing:DescribeRules', 'elasticloadbalancing:DescribeTags'],
    resources: ['*'],
    wildcardBecause: NO_RESOURCE('DescribeRules and DescribeTags'),
  };
  const onRules = (...actions: string[]): Grant => ({
    actions: actions.map((action) => `elasticloadbalancing:${action}`),
    resources: [arns.cellRules],
    wildcardBecause: OF_ANY_CELL,
  });
  const onTenantStacks = (action: string): Grant => ({
    actions: [`cloudformation:${action}`],
    resources: [arns.tenantStacks],
    wildcardBecause: OF_ANY_TENANT,
  });

  const making = onNames(context, (names) => [names.reading(), names.changing('CREATE', 'UPSERT', 'DELETE')]);
  const describeTargets: Grant = {
    actions: ['elasticloadbalancing:DescribeTargetHealth'],
    resources: ['*'],
    wildcardBecause: NO_RESOURCE('DescribeTargetHealth'),
  };

  const registerTenant = new PlatformFunction(scope, 'RegisterTenant', {
    config,
    environment: { ...environment, ...making.environment },
    grants: [
      onTable(context, 'BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem'),
      describeRules,
      makingRules(context),
      onRules('AddTags', 'ModifyRule', 'DeleteRule'),
      { actions: ['ecs:DescribeServices'], resources: [arns.cellServices], wildcardBecause: OF_ANY_CELL },
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
      onTenantStacks('DescribeStacks'),
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
      onTenantStacks('UpdateTerminationProtection'),
      {
        actions: ['rds:ModifyDBInstance'],
        resources: [arns.rds('db')],
        wildcardBecause: OF_ANY_TENANT,
      },
      describeTargets,
      {
        actions: ['sts:AssumeRole', 'sts:TagSession'],
        resources: [arns.assumableTenantRoles],
        wildcardBecause: OF_ANY_TENANT,
      },
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
        actions: ['sts:AssumeRole', 'sts:TagSession'],
        resources: [arns.assumableTenantRoles],
        wildcardBecause: `${OF_ANY_CELL} Only a decoy's role trusts this function; no tenant's does.`,
      },
    ],
  });
  return { registerTenant, deregisterTenant, activateTenant, seedRingZero };
}
