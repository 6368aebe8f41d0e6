import type { Subscription } from '@aws-sdk/client-sns';
import * as z from 'zod';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType } from './expected-of';
import type { PlatformSurroundings } from './surroundings';

const SubscriptionSchema = z.object({ TopicArn: z.string(), Protocol: z.string(), Endpoint: z.string() });
type Expected = z.output<typeof SubscriptionSchema>;

/** Letter case makes no other mailbox of an address, and somebody may have written another one. */
const addressOf = ({ Protocol = '', Endpoint = '' }: Pick<Subscription, 'Protocol' | 'Endpoint'>) =>
  Protocol.startsWith('email') ? Endpoint.toLowerCase() : Endpoint;

const isSame = (one: Subscription) => (other: Expected) =>
  one.Protocol === other.Protocol && addressOf(one) === addressOf(other);

const domainOf = (address = '') => address.split('@')[1]?.toLowerCase();

/** A colleague of those whom the template tells: an e-mail address of the same domain. */
const isColleague = ({ Protocol, Endpoint }: Subscription, expected: readonly Expected[]) =>
  Protocol?.startsWith('email') === true &&
  expected.some((other) => other.Protocol.startsWith('email') && domainOf(other.Endpoint) === domainOf(Endpoint));

/**
 * Who is told of alarms besides those of the foundation's template, and who is not any more. A queue, a function or a
 * stream of this account may be told by anybody who works in it. An address, whoever subscribed it, is a stranger's
 * unless the stage lists it (`alarmListeners`): AWS says of it only that somebody of this account asked for it.
 */
export function subscriptionViolations(
  subscriptions: readonly Subscription[],
  resources: readonly ExpectedResource[],
  { accountId, topicArn, placed }: PlatformSurroundings,
): string[] {
  const expected = ofType(resources, 'AWS::SNS::Subscription')
    .map(({ properties }) => SubscriptionSchema.parse(properties))
    .filter(({ TopicArn }) => TopicArn === topicArn);
  const living = subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn !== 'Deleted');
  const strangers = living.filter((each) => {
    const { Owner = accountId, Endpoint = '', Protocol } = each;
    const listed = placed.alarmListeners.map((listener) => addressOf({ Protocol, Endpoint: listener }));
    if (expected.some(isSame(each)) || listed.includes(addressOf(each))) return false;
    const isOfAccount = Endpoint.startsWith('arn:') && Endpoint.split(':')[4] === accountId;
    return Owner !== accountId || !(isOfAccount || isColleague(each, expected));
  });
  return [
    ...strangers.map(({ Protocol, Endpoint, Owner }) => `${Protocol} ${Endpoint} of ${Owner} hears the alarms`),
    ...expected
      .filter((each) => !living.some((other) => isSame(other)(each)))
      .map(({ Protocol, Endpoint }) => `${Protocol} ${Endpoint} does not hear the alarms any more`),
  ];
}
