import {
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  type Listener,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { targetStates } from '../../compute/target-health';
import { PlatformError } from '../../contract/errors';
import { unlessNamed } from '../../shared/unless';
import type { Subject } from '../subject';
import { readOnce, type Tags, tagsOf } from './reading';

export interface RoutingFacts {
  /** The listener's default actions: those of its default rule ("Listener rules"). */
  readonly listener: () => Promise<Pick<Listener, 'DefaultActions'> | undefined>;
  /** All rules of the listener, the default rule included. */
  readonly rules: () => Promise<readonly Rule[]>;
  readonly tags: () => Promise<Tags>;
  /** The states of each target of a colour's group, e.g. `healthy`. */
  readonly blueTargets: () => Promise<readonly string[]>;
  readonly greenTargets: () => Promise<readonly string[]>;
}

/** "DescribeRules": 1 to 400 rules a page. */
const PAGE_SIZE = 400;
/**
 * Rules of a listener that belong to no tenant: the default rule, and one for each colour, for the
 * checks of a release.
 */
const OWN_RULES = 3;

/**
 * Reads all rules of the listener, because ELB cannot list rules by host. A cell has at most 125
 * tenants (peerings per VPC), so this is one request of at most 400 rules, whatever the number of
 * tenants.
 *
 * @throws PlatformError `UnexpectedFailure` when there are more rules than a cell can have: the
 * rest was not read
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
  const rules = readOnce(() => readRules(client, subject));
  return {
    listener: async () => {
      const defaultRule = (await rules()).find(({ IsDefault }) => IsDefault);
      return defaultRule && { DefaultActions: defaultRule.Actions };
    },
    rules,
    blueTargets: readOnce(() => targetStates(client, cell.targetGroupArns.blue)),
    greenTargets: readOnce(() => targetStates(client, cell.targetGroupArns.green)),
    tags: readOnce(async () => {
      const answer = await unlessNamed(
        client.send(new DescribeTagsCommand({ ResourceArns: [route.ruleArn] })),
        'RuleNotFoundException',
      );
      return tagsOf(answer?.TagDescriptions?.[0]?.Tags);
    }),
  };
}
