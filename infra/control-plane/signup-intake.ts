import { Duration, Stack } from 'aws-cdk-lib';
import { CfnEventBus, EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE } from '../../functions/contract/signup';
import { DeadLetterQueue } from '../constructs/dead-letter-queue';
import { EVENT_BUS_NAME } from '../constructs/platform-names';

/**
 * The platform's own bus. Its policy admits the billing account with events of source `billing`
 * only. Functions of this account have grants of their own.
 */
export class PlatformBus extends Construct {
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, props: { readonly billingAccountId: string }) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    const bus = new CfnEventBus(this, 'Bus', {
      name: EVENT_BUS_NAME,
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            sid: 'SignupsOfTheBillingAccount',
            principals: [new AccountPrincipal(props.billingAccountId)],
            actions: ['events:PutEvents'],
            resources: [`arn:${partition}:events:${region}:${account}:event-bus/${EVENT_BUS_NAME}`],
            conditions: { StringEquals: { 'events:source': SIGNUP_SOURCE } },
          }),
        ],
      }).toJSON(),
    });
    this.bus = EventBus.fromEventBusAttributes(this, 'Reference', {
      eventBusArn: bus.attrArn,
      eventBusName: bus.ref,
      eventBusPolicy: '',
    });
  }
}

export interface SignupIntakeProps {
  readonly bus: IEventBus;
  readonly machine: IStateMachine;
}

/**
 * Starts one execution per signup. Events that cannot be delivered within a day go to the
 * dead-letter queue.
 */
export class SignupIntake extends Construct {
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: SignupIntakeProps) {
    super(scope, id);
    this.undelivered = new DeadLetterQueue(this, 'Undelivered').queue;
    new Rule(this, 'Rule', {
      description: 'Starts an onboarding for each signup of the billing system',
      eventBus: props.bus,
      eventPattern: { source: [SIGNUP_SOURCE], detailType: [SIGNUP_DETAIL_TYPE] },
      targets: [
        new SfnStateMachine(props.machine, {
          deadLetterQueue: this.undelivered,
          // The longest that EventBridge allows: 185 tries with backoff and jitter in 24 hours
          // ("Retrying event delivery").
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
  }
}
