import { type EventPattern, type IEventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ONBOARDING_SOURCE } from '../../functions/contract/events';
import { SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE } from '../../functions/contract/signup';
import { DeadLetterQueue } from '../constructs/dead-letter-queue';

/** EventBridge compares exactly: source `Billing` does not match `billing` ("Event patterns"). */
const PATTERNS: Readonly<Record<string, { readonly description: string; readonly pattern: EventPattern }>> = {
  OtherSources: {
    description: 'Keeps events that are neither from the billing system nor from the platform',
    pattern: { source: Match.anythingBut(SIGNUP_SOURCE, ONBOARDING_SOURCE) },
  },
  OtherTypes: {
    description: 'Keeps events of the billing system that are not signups',
    pattern: { source: [SIGNUP_SOURCE], detailType: Match.anythingBut(SIGNUP_DETAIL_TYPE) },
  },
};

/**
 * Keeps every event of the platform's bus that is neither a signup nor the platform's own. Without
 * this rule EventBridge drops an event with a misspelled source or detail-type, and no operator
 * learns of the customer.
 */
export class UnmatchedEvents extends Construct {
  readonly queue: Queue;
  /** Events that EventBridge could not put on the queue within a day. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: { readonly bus: IEventBus }) {
    super(scope, id);
    this.queue = new DeadLetterQueue(this, 'Kept').queue;
    this.undelivered = new DeadLetterQueue(this, 'Undelivered').queue;
    for (const [name, { description, pattern }] of Object.entries(PATTERNS))
      new Rule(this, name, {
        description,
        eventBus: props.bus,
        eventPattern: pattern,
        targets: [new SqsQueue(this.queue, { deadLetterQueue: this.undelivered })],
      });
  }
}
