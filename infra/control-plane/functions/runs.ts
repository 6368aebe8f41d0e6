import type { Construct } from 'constructs';
import { STATE_INDEX } from '../../../functions/contract/records';
import { watchedWorkflows } from '../../../functions/contract/workflows';
import { EventFunction } from '../../constructs/event-function';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, listingCells, onAnyTenant, onCellItems, onTable, publishing } from './context';

/**
 * Functions that look for runs that ended without a report, and for waiting tasks whose answer was
 * lost.
 */
export function watchFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table, bus } = context;
  const environment = { TABLE_NAME: table.tableName, EVENT_BUS_NAME: bus.eventBusName };
  const machineArns = watchedWorkflows().map(arns.machine);
  const readRuns: Grant = {
    actions: ['states:DescribeExecution', 'states:GetExecutionHistory'],
    resources: watchedWorkflows().map(arns.executions),
    wildcardBecause: 'Executions that EventBridge starts have random names.',
  };
  const watchdog = new EventFunction(scope, 'Watchdog', {
    config,
    environment,
    grants: [onTable(context, 'GetItem', 'PutItem', 'UpdateItem'), readRuns, publishing(context)],
  });
  const sweep = new PlatformFunction(scope, 'Sweep', {
    config,
    environment: {
      ...environment,
      MACHINE_ARNS: machineArns.join(','),
      MAX_ONBOARDING_MINUTES: String(config.maxOnboardingMinutes),
    },
    grants: [
      onTable(context, 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
      { actions: ['dynamodb:Query'], resources: [`${table.tableArn}/index/${STATE_INDEX}`] },
      onCellItems(context, 'Query'),
      onAnyTenant(
        ['DescribeStacks', 'DescribeStackEvents', 'DescribeEvents'].map((name) => `cloudformation:${name}`),
        arns.tenantStacks,
      ),
      {
        actions: [
          'states:ListExecutions',
          'states:SendTaskFailure',
          'states:SendTaskHeartbeat',
          'states:SendTaskSuccess',
        ],
        resources: machineArns,
      },
      readRuns,
      publishing(context),
      listingCells(context),
      { actions: ['codepipeline:GetPipelineState'], resources: [arns.releasePipeline] },
    ],
  });
  return { watchdog, sweep };
}
