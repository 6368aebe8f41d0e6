import type { Construct } from 'constructs';
import { workflowsCalling } from '../../../functions/contract/workflows';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, onTable } from './context';

export function reservationFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const TABLE_NAME = table.tableName;
  return [
    new PlatformFunction(scope, 'ReserveTenant', {
      config,
      environment: {
        TABLE_NAME,
        DOMAIN: config.domain,
        URL_SCHEME: config.urlScheme,
      },
      grants: [
        onTable(context, 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
        { actions: ['ssm:GetParametersByPath'], resources: [arns.cellParameters] },
        {
          actions: ['states:DescribeExecution'],
          resources: workflowsCalling('ReserveTenant').map(arns.executions),
          wildcardBecause: 'An execution that may have lost its claim has a random name.',
        },
      ],
    }),
    new PlatformFunction(scope, 'ReleaseReservation', {
      config,
      environment: { TABLE_NAME },
      grants: [onTable(context, 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem')],
    }),
  ];
}
