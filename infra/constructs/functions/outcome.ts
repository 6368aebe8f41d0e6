import type { Construct } from 'constructs';
import { ONBOARDING_SOURCE } from '../../../functions/contract/events';
import { OnboardingFunction } from '../onboarding-function';
import { type FunctionContext, onTable } from './context';

/** Those that say how an onboarding ended. */
export function outcomeFunctions(scope: Construct, context: FunctionContext) {
  const { config, table, bus } = context;
  const environment = { TABLE_NAME: table.tableName, EVENT_BUS_NAME: bus.eventBusName };
  const publish = {
    actions: ['events:PutEvents'],
    resources: [bus.eventBusArn],
    conditions: { StringEquals: { 'events:source': ONBOARDING_SOURCE } },
  };
  return [
    new OnboardingFunction(scope, 'PublishCompletion', {
      config,
      environment,
      grants: [onTable(context, 'GetItem'), publish],
    }),
    new OnboardingFunction(scope, 'PublishFailure', {
      config,
      environment,
      grants: [onTable(context, 'GetItem', 'PutItem', 'UpdateItem'), publish],
    }),
    new OnboardingFunction(scope, 'ConcludeFailure', { config, environment: {}, grants: [] }),
  ];
}
