import type { Construct } from 'constructs';
import { workflowsCalling } from '../../../functions/contract/workflows';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, listingCells, onNames, onNoResource, onTable } from './context';

export function reservationFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const TABLE_NAME = table.tableName;
  const asking = onNames(context, (names) => [names.reading()]);
  return [
    new PlatformFunction(scope, 'ReserveTenant', {
      config,
      environment: {
        TABLE_NAME,
        DOMAIN: config.domain,
        URL_SCHEME: config.urlScheme,
        ...(config.urlPort && { URL_PORT: String(config.urlPort) }),
        ...asking.environment,
      },
      grants: [
        onTable(context, 'BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
        listingCells(context),
        onNoResource('elasticloadbalancing:DescribeRules'),
        {
          actions: ['states:DescribeExecution'],
          resources: workflowsCalling('ReserveTenant').map(arns.executions),
          wildcardBecause: 'An execution that may have lost its claim has a random name.',
        },
        ...asking.grants,
      ],
    }),
    new PlatformFunction(scope, 'ReleaseReservation', {
      config,
      environment: { TABLE_NAME },
      grants: [onTable(context, 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem')],
    }),
  ];
}
