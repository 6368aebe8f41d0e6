import { NETWORK_MEMBERS_CHECKS } from '../../../functions/isolation/checks/network-members';
import { ask, testBreaches } from '../../support/breaches';

const CELL = '10.0.0.0/16';
const deny = (RuleNumber: number) => ({
  RuleNumber,
  Egress: false,
  Protocol: '-1',
  RuleAction: 'deny',
  CidrBlock: CELL,
});

testBreaches(NETWORK_MEMBERS_CHECKS, [
  [
    'network.tags',
    'a VPC of another tenant without one',
    ({ facts }) => (facts.network.vpcsInSlot[0].Tags = []),
    'the tag tenantId of',
  ],
  ['network.tags', 'a subnet without one', ({ facts }) => (facts.network.subnets[1].Tags = []), 'the tag tenantId of'],
  [
    'network.tags',
    'the database’s group without one',
    ({ facts }) => (facts.network.groups[0].Tags = []),
    'the tag tenantId of',
  ],
  [
    'network.tags',
    'the route table without one',
    ({ facts }) => (facts.network.routeTables[0].Tags = []),
    'the tag tenantId of',
  ],
  [
    'network.tags',
    'the peering without one',
    ({ facts }) => (facts.network.peerings[0].Tags = []),
    'the tag tenantId of',
  ],
  [
    'network.tags',
    'the endpoint without one',
    ({ facts }) => (facts.network.endpoints[0].Tags = []),
    'the tag tenantId of',
  ],
  [
    'network.acls',
    'the cell is denied first',
    ({ facts }) => facts.network.acls[0].Entries.push(deny(50)),
    `denies inbound traffic with ${CELL}`,
  ],
  [
    'network.acls',
    'the database’s port denied',
    ({ facts }) =>
      facts.network.acls[0].Entries.push({ ...deny(51), Protocol: '6', PortRange: { From: 22, To: 5432 } }),
    `denies inbound traffic with ${CELL}`,
  ],
  [
    'network.acls',
    'another one governs a subnet, and lets nothing pass',
    ({ facts }) => facts.network.acls.push({ NetworkAclId: 'acl-0x', Entries: [], Associations: [{ SubnetId: 's' }] }),
    'network ACL acl-0x does not let all inbound traffic pass',
  ],
  [
    'network.acls',
    'nothing passes',
    ({ facts }) => facts.network.acls[0].Entries.shift(),
    'does not let all inbound traffic pass',
  ],
  [
    'network.groups',
    'a further one',
    ({ facts }) => facts.network.groups.push({ GroupId: 'sg-0x', GroupName: 'open' }),
    'security group sg-0x (open) is in the VPC',
  ],
  [
    'network.groups',
    'the default one opened',
    ({ facts }) => facts.network.groups[1].IpPermissions.push({ IpRanges: [{ CidrIp: '0.0.0.0/0' }] }),
    'the default security group sg-0default lets 0.0.0.0/0 in',
  ],
]);

test.each(NETWORK_MEMBERS_CHECKS)(
  '$id accepts denials of addresses and ports that nobody uses, ACL entries behind the entry for all traffic, further ACLs that let it pass, and the group of an endpoint',
  async (check) => {
    const { passed } = await ask(check, ({ facts }) => {
      facts.network.acls[0].Entries.push(
        deny(200),
        { ...deny(1), CidrBlock: '198.51.100.7/32' },
        ...[22, 3389].map((port) => ({
          ...{ ...deny(port), Protocol: '6', CidrBlock: '0.0.0.0/0' },
          PortRange: { From: port, To: port },
        })),
      );
      const { Entries, Associations } = facts.network.acls[0];
      facts.network.acls.push({ NetworkAclId: 'acl-0firewall-manager', Entries: Entries.slice(), Associations });
      facts.network.acls.push({ NetworkAclId: 'acl-0unused', Entries: [], Associations: [] });
      facts.network.endpoints[0].Groups = [{ GroupId: 'sg-0endpoint' }];
      facts.network.groups.push({ GroupId: 'sg-0endpoint', GroupName: 'GuardDutyManagedSecurityGroup' });
    });
    expect(passed).toBe(true);
  },
);
