import type { Construct } from 'constructs';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, onTable, publishing } from './context';

/** Functions that publish how an onboarding ended. */
export function outcomeFunctions(scope: Construct, context: FunctionContext) {
  const { config, table, bus } = context;
  const environment = { TABLE_NAME: table.tableName, EVENT_BUS_NAME: bus.eventBusName };
  const publish = publishing(context);
  return [
    new PlatformFunction(scope, 'PublishCompletion', {
      config,
      environment,
      grants: [onTable(context, 'GetItem', 'UpdateItem'), publish],
    }),
    new PlatformFunction(scope, 'PublishFailure', {
      config,
      environment,
      grants: [onTable(context, 'GetItem', 'PutItem', 'UpdateItem'), publish],
    }),
    new PlatformFunction(scope, 'ConcludeFailure', { config, environment: {}, grants: [] }),
  ];
}
