import { Duration } from 'aws-cdk-lib';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './dead-letter-queue';
import { PlatformFunction, type PlatformFunctionProps } from './platform-function';

/**
 * A function that is called by events of the default bus. One queue keeps the events that
 * EventBridge could not deliver and those that the function failed on: EventBridge counts an event
 * as delivered once Lambda has queued it ("Invoking a Lambda function asynchronously").
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

/**
 * Delivery ends after an hour and puts the event on the queue: the waiting state has hours, an
 * operator has not.
 */
export const keptWhenUndelivered = ({ function: { lambda }, undelivered }: EventFunction) =>
  new LambdaFunction(lambda, { deadLetterQueue: undelivered, maxEventAge: Duration.hours(1), retryAttempts: 30 });
