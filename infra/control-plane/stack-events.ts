import { Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { TELLING_STATUSES } from '../../functions/contract/stacks';
import { type EventFunction, keptWhenUndelivered } from '../constructs/event-function';

/**
 * CloudFormation publishes each status change of a stack on the default bus. This rule calls
 * StackSettled when a tenant's stack has settled, or begins to roll back.
 */
export class StackEvents extends Construct {
  constructor(scope: Construct, id: string, props: { readonly stackSettled: EventFunction }) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    new Rule(this, 'Rule', {
      description: 'The end of a tenant stack completes the task that waits for the stack',
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: {
          'stack-id': [{ prefix: `arn:${partition}:cloudformation:${region}:${account}:stack/tenant-` }],
          'status-details': { status: [...TELLING_STATUSES] },
        },
      },
      targets: [keptWhenUndelivered(props.stackSettled)],
    });
  }
}
