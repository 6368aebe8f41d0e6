import { Rule } from 'aws-cdk-lib/aws-events';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type EventFunction, keptWhenUndelivered } from '../constructs/event-function';

/**
 * Step Functions publishes the end of each execution on the default bus. This rule calls the
 * watchdog for executions of these machines that did not succeed.
 */
export class RunEvents extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly machines: readonly IStateMachine[]; readonly watchdog: EventFunction },
  ) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'The watchdog checks whether an ended run has recorded its failure itself',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: props.machines.map(({ stateMachineArn }) => stateMachineArn),
          status: ['FAILED', 'ABORTED', 'TIMED_OUT'],
        },
      },
      targets: [keptWhenUndelivered(props.watchdog)],
    });
  }
}
