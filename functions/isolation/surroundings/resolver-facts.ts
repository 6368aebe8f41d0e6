import {
  type FirewallRuleGroupAssociation,
  ListFirewallRuleGroupAssociationsCommand,
  ListResolverQueryLogConfigAssociationsCommand,
  ListResolverRuleAssociationsCommand,
  type ResolverQueryLogConfigAssociation,
  type ResolverRuleAssociation,
  type Route53ResolverClient,
} from '@aws-sdk/client-route53resolver';
import { everyItem, pages } from '../../shared/paging';
import { readOnce } from '../facts/reading';

/** What changes how Route 53 Resolver answers a VPC's hosts, or tells others what they ask for. */
export interface ResolverFacts {
  /** Rules that forward questions to other name servers, without those that AWS gives each VPC. */
  readonly rules: () => Promise<readonly ResolverRuleAssociation[]>;
  readonly queryLogs: () => Promise<readonly ResolverQueryLogConfigAssociation[]>;
  /** Rule groups of DNS Firewall: a rule may answer with another name ("Rule actions in DNS Firewall": override). */
  readonly firewalls: () => Promise<readonly FirewallRuleGroupAssociation[]>;
}

/** "Rules that Resolver creates for you": Resolver draws the ids of all others. */
const isAwsOwn = ({ ResolverRuleId = '' }: ResolverRuleAssociation) => ResolverRuleId.startsWith('rslvr-autodefined-');

export function resolverFacts(client: Route53ResolverClient, vpcId: string): ResolverFacts {
  return {
    rules: readOnce(async () => {
      const Filters = [{ Name: 'VPCId', Values: [vpcId] }];
      const ask = (NextToken?: string) =>
        client.send(new ListResolverRuleAssociationsCommand({ Filters, ...(NextToken && { NextToken }) }));
      const found = await everyItem(
        pages(ask, (page) => page.NextToken),
        (page) => page.ResolverRuleAssociations,
      );
      return found.filter((each) => !isAwsOwn(each));
    }),
    queryLogs: readOnce(() => {
      const Filters = [{ Name: 'ResourceId', Values: [vpcId] }];
      const ask = (NextToken?: string) =>
        client.send(new ListResolverQueryLogConfigAssociationsCommand({ Filters, ...(NextToken && { NextToken }) }));
      return everyItem(
        pages(ask, (page) => page.NextToken),
        (page) => page.ResolverQueryLogConfigAssociations,
      );
    }),
    firewalls: readOnce(() => {
      const ask = (NextToken?: string) =>
        client.send(new ListFirewallRuleGroupAssociationsCommand({ VpcId: vpcId, ...(NextToken && { NextToken }) }));
      return everyItem(
        pages(ask, (page) => page.NextToken),
        (page) => page.FirewallRuleGroupAssociations,
      );
    }),
  };
}
