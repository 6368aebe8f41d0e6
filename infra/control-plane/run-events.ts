import { Rule } from 'aws-cdk-lib/aws-events';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type EventFunction, keptWhenUndelivered } from '../constructs/event-function';

/** Brings each end of these machines' runs that have not succeeded, which Step Functions puts on the default bus, to the watchdog. */
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
