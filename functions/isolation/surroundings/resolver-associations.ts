import {
  paginateListFirewallRuleGroupAssociations,
  paginateListResolverQueryLogConfigAssociations,
  paginateListResolverRuleAssociations,
  type Route53ResolverClient,
} from '@aws-sdk/client-route53resolver';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import type { ResolverAssociation } from '../facts/vpc-names';

const isAlive = ({ Status }: { readonly Status?: string | undefined }) => Status !== 'DELETING' && Status !== 'FAILED';

/** "Rules that Resolver creates for you": Resolver draws the ids of all others. */
const isAwsOwn = (ruleId = '') => ruleId.startsWith('rslvr-autodefined-');

/** What somebody has associated with any VPC of the account, but what AWS gives each VPC and what Firewall Manager places. */
export async function resolverAssociations(client: Route53ResolverClient): Promise<ResolverAssociation[]> {
  const [rules, logs, firewalls] = await settled([
    everyItem(paginateListResolverRuleAssociations({ client }, {}), (page) => page.ResolverRuleAssociations),
    everyItem(
      paginateListResolverQueryLogConfigAssociations({ client }, {}),
      (page) => page.ResolverQueryLogConfigAssociations,
    ),
    everyItem(paginateListFirewallRuleGroupAssociations({ client }, {}), (page) => page.FirewallRuleGroupAssociations),
  ]);
  return [
    ...rules
      .filter((rule) => isAlive(rule) && !isAwsOwn(rule.ResolverRuleId))
      .map(({ VPCId: vpcId = '', ResolverRuleId: id = '', Name = 'no name' }) => ({
        ...{ vpcId, id, what: `Resolver rule ${id} (${Name}) forwards what its hosts ask for` },
      })),
    ...logs.filter(isAlive).map(({ ResourceId: vpcId = '', ResolverQueryLogConfigId: id = '' }) => ({
      ...{ vpcId, id, what: `query log ${id} tells what its hosts ask for` },
    })),
    ...firewalls
      .filter((each) => isAlive(each) && each.ManagedOwnerName === undefined)
      // "Rule actions in DNS Firewall": a rule may answer with another name.
      .map(({ VpcId: vpcId = '', FirewallRuleGroupId: id = '', Name }) => ({
        ...{ vpcId, id, what: `DNS Firewall rule group ${id} (${Name}) answers its hosts` },
      })),
  ];
}
