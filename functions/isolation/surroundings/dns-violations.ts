import type { ResolverRuleAssociation } from '@aws-sdk/client-route53resolver';
import { settled } from '../../shared/settled';
import { type CellFacts, strangeNameServersOf } from './cell-facts';
import type { ResolverFacts } from './resolver-facts';

const isAlive = ({ Status }: { readonly Status?: string | undefined }) => Status !== 'DELETING' && Status !== 'FAILED';

const ruleInWords = ({ ResolverRuleId, Name = 'no name' }: ResolverRuleAssociation) =>
  `Resolver rule ${ResolverRuleId} (${Name}) forwards questions of the cell’s hosts`;

/** What answers the names of a cell's hosts in place of AWS's own name server and public names, or is told of them. */
export async function dnsViolations(facts: CellFacts, resolver: ResolverFacts): Promise<string[]> {
  const [options, zones, rules, logs, firewalls] = await settled([
    facts.strangeDhcpOptions(),
    facts.privateZones(),
    resolver.rules(),
    resolver.queryLogs(),
    resolver.firewalls(),
  ]);
  return [
    ...(options ? strangeNameServersOf(options) : []).map(
      (server) => `options ${options?.DhcpOptionsId} name the name server ${server}`,
    ),
    // The zone of an interface endpoint is its service's ("HostedZoneOwner").
    ...zones
      .filter(({ Owner }) => !Owner?.OwningService)
      .map(
        ({ HostedZoneId, Name, Owner }) =>
          `private zone ${HostedZoneId} of ${Owner?.OwningAccount} answers for ${Name}`,
      ),
    ...rules.filter(isAlive).map(ruleInWords),
    ...logs
      .filter(isAlive)
      .map(
        ({ ResolverQueryLogConfigId }) => `query log ${ResolverQueryLogConfigId} tells what the cell’s hosts ask for`,
      ),
    ...firewalls
      .filter(isAlive)
      // One of Firewall Manager is the organization's.
      .filter(({ ManagedOwnerName }) => ManagedOwnerName === undefined)
      .map(
        ({ FirewallRuleGroupId, Name }) =>
          `DNS Firewall rule group ${FirewallRuleGroupId} (${Name}) answers the cell’s hosts`,
      ),
  ];
}
