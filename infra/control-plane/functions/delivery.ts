import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SERVICE_REPOSITORY } from '../../../functions/contract/naming';
import { STATE_INDEX } from '../../../functions/contract/records';
import { workflowNamed } from '../../../functions/contract/workflows';
import { EventFunction } from '../../constructs/event-function';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import {
  type FunctionContext,
  listingCells,
  makingRules,
  onAnyCell,
  onCellItems,
  onNoResource,
  onTable,
  publishing,
  registeringTasks,
} from './context';

/** Grants on services, target groups and rules of cells. */
function onCells(context: FunctionContext) {
  const { arns } = context;
  const describeServices = onAnyCell(['ecs:DescribeServices'], arns.cellServices);
  const describeTasks: Grant[] = [
    onAnyCell(['ecs:DescribeTasks'], arns.cellTasks),
    // "ListTasks" is authorized on a container instance, which a task of Fargate does not have.
    onNoResource('ecs:ListTasks'),
  ];
  const updateServices = onAnyCell(['ecs:UpdateService'], arns.cellServices);
  const listCells = listingCells(context);
  const answerTasks: Grant = {
    actions: ['states:SendTaskFailure', 'states:SendTaskSuccess'],
    resources: [arns.machine(workflowNamed('TenantRelease'))],
  };
  const moveRules = [
    onAnyCell(['elasticloadbalancing:ModifyRule'], arns.cellRules),
    onNoResource('elasticloadbalancing:DescribeRules', 'elasticloadbalancing:DescribeTargetHealth'),
  ];
  const observe: Grant[] = [
    onNoResource('cloudwatch:GetMetricData'),
    {
      actions: ['cloudwatch:DescribeAlarms'],
      resources: ['*'],
      wildcardBecause: 'CloudWatch tells composite alarms only to a permission on all alarms.',
    },
  ];
  // "IAM permissions required for Amazon ECS service auto scaling": who changes a target must be allowed to change its service.
  const scale: Grant[] = [
    describeServices,
    updateServices,
    {
      actions: ['application-autoscaling:RegisterScalableTarget'],
      resources: [arns.scalableTargets],
      wildcardBecause:
        'Ids of scalable targets are random; who changes one needs ecs:UpdateService on its service, too.',
    },
    onNoResource('application-autoscaling:DescribeScalableTargets'),
  ];
  return { describeServices, describeTasks, scale, listCells, answerTasks, moveRules, observe };
}

/**
 * Functions that release a version of the shared service to the tenants of a cell, or return it.
 */
export function deliveryFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const { account, region, urlSuffix } = Stack.of(scope);
  const environment = { TABLE_NAME: table.tableName };
  const grace = { GRACE_SECONDS: String(config.release.grace.toSeconds()) };
  const bus = { EVENT_BUS_NAME: context.bus.eventBusName };
  const cells = onCells(context);
  const claims = onCellItems(context, 'GetItem', 'PutItem', 'UpdateItem');
  const ofTenants: Grant[] = [
    onTable(context, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'),
    { actions: ['dynamodb:Query'], resources: [`${table.tableArn}/index/${STATE_INDEX}`] },
  ];
  const make = (
    name: string,
    grants: Grant[],
    more: Partial<typeof grace & typeof bus> & Record<string, string> = {},
  ) => new PlatformFunction(scope, name, { config, environment: { ...environment, ...more }, grants });

  make('ClaimRelease', [claims, onCellItems(context, 'ConditionCheckItem'), cells.listCells]);
  make(
    'PrepareTask',
    [claims, { actions: ['ecr:DescribeImages'], resources: [arns.serviceImages] }, ...registeringTasks(context)],
    {
      REPOSITORY_NAME: SERVICE_REPOSITORY,
      REPOSITORY_URI: `${account}.dkr.ecr.${region}.${urlSuffix}/${SERVICE_REPOSITORY}`,
    },
  );
  make(
    'FillColour',
    [
      claims,
      ...cells.describeTasks,
      ...cells.scale,
      cells.answerTasks,
      ...registeringTasks(context).filter(({ actions }) => actions.includes('iam:PassRole')),
    ],
    { PROPAGATION_SECONDS: String(config.release.propagation.toSeconds()) },
  );
  make('ProbeColour', ofTenants, { DOMAIN: config.domain });
  make('ShiftRing', [...ofTenants, onTable(context, 'ConditionCheckItem'), ...cells.moveRules]);
  make('BakeRing', [claims]);
  make('JudgeRing', [...ofTenants, ...cells.moveRules.slice(1), ...cells.observe]);
  make('SettleRelease', [...ofTenants, ...cells.moveRules, ...cells.scale], grace);
  make('ConcludeRelease', [claims, publishing(context)], bus);
  make('ReturnTenants', [...ofTenants, ...cells.moveRules, ...cells.scale], grace);
  make('PublishReturn', [claims, publishing(context)], bus);
  new PlatformFunction(scope, 'ConcludeReturn', { config, environment: {}, grants: [] });
  const deploymentSettled = new EventFunction(scope, 'DeploymentSettled', {
    config,
    environment,
    grants: [claims, cells.listCells, cells.describeServices, ...cells.describeTasks, cells.answerTasks],
  });
  const alarmRaised = new EventFunction(scope, 'AlarmRaised', {
    config,
    environment,
    grants: [
      onCellItems(context, 'GetItem'),
      cells.listCells,
      cells.answerTasks,
      onNoResource('elasticloadbalancing:DescribeTargetHealth'),
      ...cells.observe,
    ],
  });
  const keepCells = make(
    'KeepCells',
    [
      ...ofTenants,
      publishing(context),
      onCellItems(context, 'ConditionCheckItem'),
      {
        actions: ['states:DescribeExecution'],
        resources: [arns.executions(workflowNamed('TenantRelease'))],
        wildcardBecause: 'A stopped release that has a cell has a random name.',
      },
      ...cells.describeTasks,
      ...cells.scale,
      cells.listCells,
      cells.answerTasks,
      ...cells.moveRules,
      makingRules(context),
      ...cells.observe,
    ],
    bus,
  );
  const retryMove = make('RetryMove', [
    onTable(context, 'GetItem', 'BatchGetItem', 'UpdateItem'),
    cells.listCells,
    ...cells.moveRules,
    makingRules(context),
    onAnyCell(['elasticloadbalancing:AddTags'], arns.cellRules),
    onNoResource('elasticloadbalancing:DescribeTags'),
  ]);
  return { deploymentSettled, alarmRaised, keepCells, retryMove };
}
