import { type EventPattern, type IEventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EVENT_CATALOGUE } from '../../functions/contract/event-catalogue';
import { ONBOARDING_SOURCE } from '../../functions/contract/events';
import { SIGNUP_SOURCE } from '../../functions/contract/signup';
import { DeadLetterQueue } from '../constructs/dead-letter-queue';

/** What the contract does not know of this source. */
const otherTypesOf = (source: string) => {
  const known = EVENT_CATALOGUE.filter((event) => event.source === source).map(({ type }) => type);
  return { source: [source], 'detail-type': [{ 'anything-but': known }] };
};

/** The CDK's type lacks `$or` ("Using OR matching in event patterns", Amazon EventBridge User Guide). */
type Pattern = EventPattern & { readonly $or?: readonly object[] };

/** EventBridge compares exactly: source `Billing` does not match `billing` ("Event patterns"). */
const PATTERNS: Readonly<Record<string, { readonly description: string; readonly pattern: Pattern }>> = {
  OtherSources: {
    description: 'Keeps events that are neither from the billing system nor from the platform',
    pattern: { source: Match.anythingBut(SIGNUP_SOURCE, ONBOARDING_SOURCE) },
  },
  OtherTypes: {
    description: 'Keeps events with the source of the billing system or of the platform that neither of them sends',
    pattern: { $or: [otherTypesOf(SIGNUP_SOURCE), otherTypesOf(ONBOARDING_SOURCE)] },
  },
};

/**
 * Keeps every event of the platform's bus that is neither a signup nor the platform's own. Without
 * this rule EventBridge drops an event with a misspelled source or detail-type, or with the source of the other side, and no
 * operator learns of the customer.
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
