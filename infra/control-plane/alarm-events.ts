import { Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { cellStackName } from '../config/stack-names';
import { type EventFunction, keptWhenUndelivered } from '../constructs/event-function';

/**
 * CloudWatch publishes each change of an alarm's state on the default bus. This rule calls AlarmRaised when an alarm
 * of a cell's stack begins to ring. CloudFormation names it, and begins with the name of the stack.
 */
export class AlarmEvents extends Construct {
  constructor(scope: Construct, id: string, props: { readonly alarmRaised: EventFunction }) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'An alarm that begins to ring ends the bake of a release',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        detail: { alarmName: [{ prefix: cellStackName('') }], state: { value: ['ALARM'] } },
      },
      targets: [keptWhenUndelivered(props.alarmRaised)],
    });
  }
}
