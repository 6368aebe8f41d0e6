import { EC2Client } from '@aws-sdk/client-ec2';
import { Route53ResolverClient } from '@aws-sdk/client-route53resolver';
import { VPC_NAMES_CHECKS } from '../../../functions/isolation/checks/vpc-names';
import { strangeDhcpOptions } from '../../../functions/isolation/facts/vpc-names';
import { vpcOf } from '../../../functions/isolation/subject';
import { resolverAssociations } from '../../../functions/isolation/surroundings/resolver-associations';
import { ask, testBreaches } from '../../support/breaches';
import { REGION } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

testBreaches(VPC_NAMES_CHECKS, [
  [
    'network.dns',
    'a stranger’s name server',
    ({ facts }) => Object.assign(facts.network.vpcsInSlot[0], { DhcpOptionsId: 'dopt-0theirs' }),
    'options dopt-0theirs name the name server 198.51.100.53',
  ],
  [
    'network.dns',
    'a private zone of a stranger',
    ({ facts }) =>
      facts.network.privateZones.push({
        ...{ HostedZoneId: 'Z0THEIRS', Name: 'rds.amazonaws.com.', Owner: { OwningAccount: '999999999999' } },
      }),
    'private zone Z0THEIRS of 999999999999 answers for rds.amazonaws.com.',
  ],
  [
    'network.resolver',
    'a rule of a stranger',
    ({ facts }) =>
      facts.lists.resolver.push({
        ...{ vpcId: vpcOf(aSubject()), id: 'rslvr-rr-1' },
        what: 'Resolver rule rslvr-rr-1',
      }),
    'Resolver rule rslvr-rr-1',
  ],
]);

test.each(VPC_NAMES_CHECKS.map((check) => [check.id, check] as const))(
  '%s passes what the organization lists',
  async (_, check) => {
    const finding = ask(check, ({ facts }) => {
      facts.lists.resolver.push({ ...{ vpcId: vpcOf(aSubject()), id: 'rslvr-rr-0organization' }, what: 'a rule' });
      facts.lists.dhcpOptions.push({ optionsId: 'dopt-0organization', servers: ['10.0.0.2'] });
      facts.network.privateZones.push({ HostedZoneId: 'rslvr-rr-0organization', Name: 'corp.', Owner: {} });
      Object.assign(facts.network.vpcsInSlot[0], { DhcpOptionsId: 'dopt-0organization' });
    });
    expect(await finding).toMatchObject({ passed: true });
  },
);

test('keeps of DHCP options those that name another name server than AWS’s', async () => {
  const options = (DhcpOptionsId: string, ...servers: string[]) => ({
    DhcpOptionsId,
    DhcpConfigurations: [{ Key: 'domain-name-servers', Values: servers.map((Value) => ({ Value })) }],
  });
  const fake = new FakeClient({
    DescribeDhcpOptionsCommand: { DhcpOptions: [options('a', 'AmazonProvidedDNS'), options('b', '198.51.100.53')] },
  });
  const ec2 = Object.assign(new EC2Client({ region: REGION }), { send: fake.send });
  expect(await strangeDhcpOptions(ec2)).toEqual([{ optionsId: 'b', servers: ['198.51.100.53'] }]);
});

test('keeps of Resolver’s associations what somebody has made, and neither AWS nor Firewall Manager', async () => {
  const fake = new FakeClient({
    ListResolverRuleAssociationsCommand: {
      ResolverRuleAssociations: [
        { VPCId: 'vpc-1', ResolverRuleId: 'rslvr-autodefined-rr-internet-resolver' },
        { VPCId: 'vpc-1', ResolverRuleId: 'rslvr-rr-1', Name: 'x' },
        { VPCId: 'vpc-1', ResolverRuleId: 'rslvr-rr-2', Status: 'DELETING' },
      ],
    },
    ListResolverQueryLogConfigAssociationsCommand: {
      ResolverQueryLogConfigAssociations: [{ ResourceId: 'vpc-2', ResolverQueryLogConfigId: 'rqlc-1' }],
    },
    ListFirewallRuleGroupAssociationsCommand: {
      FirewallRuleGroupAssociations: [
        { VpcId: 'vpc-3', FirewallRuleGroupId: 'rslvr-frg-1', Name: 'x' },
        { VpcId: 'vpc-3', FirewallRuleGroupId: 'rslvr-frg-2', ManagedOwnerName: 'Firewall Manager' },
      ],
    },
  });
  const client = Object.assign(new Route53ResolverClient({ region: REGION }), { send: fake.send });
  expect((await resolverAssociations(client)).map(({ vpcId, what }) => `${vpcId}: ${what}`)).toEqual([
    'vpc-1: Resolver rule rslvr-rr-1 (x) forwards what its hosts ask for',
    'vpc-2: query log rqlc-1 tells what its hosts ask for',
    'vpc-3: DNS Firewall rule group rslvr-frg-1 (x) answers its hosts',
  ]);
});
