import { Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './dead-letter-queue';
import type { OnboardingFunction } from './onboarding-function';

/** Brings each status change of a tenant's stack, which CloudFormation puts on the default bus, to StackSettled. */
export class StackEvents extends Construct {
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: { readonly stackSettled: OnboardingFunction }) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    this.undelivered = new DeadLetterQueue(this, 'Undelivered').queue;
    new Rule(this, 'Rule', {
      description: "The end of a tenant's stack answers the task that waits for it",
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: { 'stack-id': [{ prefix: `arn:${partition}:cloudformation:${region}:${account}:stack/tenant-` }] },
      },
      targets: [
        new LambdaFunction(props.stackSettled.lambda, {
          deadLetterQueue: this.undelivered,
          // A state waits for hours, the operator should not: what an hour of tries cannot deliver is for the queue.
          maxEventAge: Duration.hours(1),
          retryAttempts: 30,
        }),
      ],
    });
  }
}
