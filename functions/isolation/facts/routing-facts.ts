import {
  DescribeListenersCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  type Listener,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PlatformError } from '../../contract/errors';
import type { Subject } from '../subject';
import { once, type Tags, tagsOf, unlessAbsent } from './reading';

export interface RoutingFacts {
  readonly listener: () => Promise<Listener | undefined>;
  /** All rules of the listener, the default rule included. */
  readonly rules: () => Promise<readonly Rule[]>;
  readonly tags: () => Promise<Tags>;
}

/** "DescribeRules": 1 to 400 rules a page. */
const PAGE_SIZE = 400;
/** Rules of a listener that are no tenant's: the default one, and each colour's way in for a release's own check. */
const OWN_RULES = 3;

/**
 * Whether a second rule takes this host's requests cannot be asked for one host: ELB lists rules by listener, or by an ARN
 * that one must know. So the listener is read, up to as many pages as its cell has room for. That is one request on AWS,
 * where 125 peerings a VPC bound a cell, whatever the number of tenants: rules of other tenants are in the answer,
 * and no request is made on their account.
 *
 * @throws PlatformError `UnexpectedFailure` when there are more rules than a cell can have: then nothing is known of them
 */
async function readRules(client: ElasticLoadBalancingV2Client, { cell }: Subject): Promise<Rule[]> {
  const rules: Rule[] = [];
  let Marker: string | undefined;
  for (let page = 0; page < Math.ceil((cell.capacity + OWN_RULES) / PAGE_SIZE); page++) {
    const answer = await client.send(
      new DescribeRulesCommand({ ListenerArn: cell.listenerArn, PageSize: PAGE_SIZE, Marker }),
    );
    rules.push(...(answer.Rules ?? []));
    Marker = answer.NextMarker;
    if (!Marker) return rules;
  }
  throw new PlatformError(
    'UnexpectedFailure',
    `listener ${cell.listenerArn} has more rules than its cell has room for`,
  );
}

export function routingFacts(client: ElasticLoadBalancingV2Client, subject: Subject): RoutingFacts {
  const { cell, route } = subject;
  return {
    listener: once(async () => {
      const { Listeners } = await client.send(new DescribeListenersCommand({ ListenerArns: [cell.listenerArn] }));
      return Listeners?.[0];
    }),
    rules: once(() => readRules(client, subject)),
    tags: once(async () => {
      const answer = await unlessAbsent(
        client.send(new DescribeTagsCommand({ ResourceArns: [route.ruleArn] })),
        'RuleNotFoundException',
      );
      return tagsOf(answer?.TagDescriptions?.[0]?.Tags);
    }),
  };
}
