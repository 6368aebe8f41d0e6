import { Duration } from 'aws-cdk-lib';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './dead-letter-queue';
import { PlatformFunction, type PlatformFunctionProps } from './platform-function';

/**
 * A function that events of the default bus call. One queue keeps what EventBridge could not deliver, and what the function
 * failed on: for EventBridge an event is delivered once Lambda has queued it ("Invoking a Lambda function asynchronously").
 */
export class EventFunction extends Construct {
  readonly function: PlatformFunction;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: PlatformFunctionProps) {
    super(scope, `${id}Events`);
    this.undelivered = new DeadLetterQueue(this, 'Undelivered').queue;
    this.function = new PlatformFunction(scope, id, { ...props, deadLetters: this.undelivered });
  }
}

/** A state waits for hours, the operator should not: what an hour of tries cannot deliver is for the queue. */
export const keptWhenUndelivered = ({ function: { lambda }, undelivered }: EventFunction) =>
  new LambdaFunction(lambda, { deadLetterQueue: undelivered, maxEventAge: Duration.hours(1), retryAttempts: 30 });
