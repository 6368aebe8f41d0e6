import type { Construct } from 'constructs';
import { OnboardingFunction } from '../onboarding-function';
import { type FunctionContext, onTable, publishing } from './context';

/** Those that say how an onboarding ended. */
export function outcomeFunctions(scope: Construct, context: FunctionContext) {
  const { config, table, bus } = context;
  const environment = { TABLE_NAME: table.tableName, EVENT_BUS_NAME: bus.eventBusName };
  const publish = publishing(context);
  return [
    new OnboardingFunction(scope, 'PublishCompletion', {
      config,
      environment,
      grants: [onTable(context, 'GetItem', 'UpdateItem'), publish],
    }),
    new OnboardingFunction(scope, 'PublishFailure', {
      config,
      environment,
      grants: [onTable(context, 'GetItem', 'PutItem', 'UpdateItem'), publish],
    }),
    new OnboardingFunction(scope, 'ConcludeFailure', { config, environment: {}, grants: [] }),
  ];
}
