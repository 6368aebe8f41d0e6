import type { SecurityGroup, Tag } from '@aws-sdk/client-ec2';
import { TENANT_TAG } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, finding, Unanswered } from '../check';
import { overlaps } from '../cidr';
import type { Facts } from '../facts/facts';
import { tagsOf } from '../facts/reading';
import { NETWORK_MEMBERS_METADATA } from '../metadata/network-members';
import { refusing } from '../network-acl';
import { propertiesOf } from '../release/expected';
import { type Subject, tenantIdOf, vpcOf } from '../subject';

/** The two rules that EC2 gives a VPC's default group: in from its own members, out to everywhere. */
function changedRules({ GroupId, IpPermissions = [] }: SecurityGroup): string[] {
  return IpPermissions.flatMap(({ IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], UserIdGroupPairs = [] }) => [
    ...IpRanges.map(({ CidrIp }) => CidrIp),
    ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
    ...PrefixListIds.map(({ PrefixListId }) => PrefixListId),
    ...UserIdGroupPairs.map((pair) => pair.GroupId).filter((id) => id !== GroupId),
  ]).map((source) => `the default security group ${GroupId} lets ${source} in`);
}

const meets = (block: string, { cell, tenant }: Subject) =>
  [tenant.slot.cidr, cell.appCidr].some((own) => overlaps(block, own));

interface Tagged {
  /** What CloudFormation calls it. */
  readonly type: string;
  readonly id: string | undefined;
  readonly Tags?: Tag[] | undefined;
}

/** What the network stack has made. */
async function ownResources({ stacks, region }: Subject, { network }: Facts): Promise<Tagged[]> {
  const { VpcId, DatabaseSubnetIds, DatabaseSecurityGroupId, RouteTableId, PeeringConnectionId } =
    stacks.network.outputs;
  const [vpcs, subnets, groups, tables, peerings, endpoints] = await settled([
    network.vpcsInSlot(),
    network.subnets(),
    network.groups(),
    network.routeTables(),
    network.peerings(),
    network.endpoints(),
  ]);
  const own = [VpcId, ...DatabaseSubnetIds.split(','), DatabaseSecurityGroupId, RouteTableId, PeeringConnectionId];
  const ofS3 = endpoints.filter(({ ServiceName }) => ServiceName === `com.amazonaws.${region}.s3`);
  return [
    ...vpcs.map(({ VpcId: id, Tags }) => ({ type: 'VPC', id, Tags })),
    ...subnets.map(({ SubnetId: id, Tags }) => ({ type: 'Subnet', id, Tags })),
    ...groups.map(({ GroupId: id, Tags }) => ({ type: 'SecurityGroup', id, Tags })),
    ...tables.map(({ RouteTableId: id, Tags }) => ({ type: 'RouteTable', id, Tags })),
    ...peerings.map(({ VpcPeeringConnectionId: id, Tags }) => ({ type: 'VPCPeeringConnection', id, Tags })),
  ]
    .filter(({ id = '' }) => own.includes(id))
    .concat(ofS3.map(({ VpcEndpointId: id, Tags }) => ({ type: 'VPCEndpoint', id, Tags })));
}

export const NETWORK_MEMBERS_CHECKS: readonly Check[] = checksOf(NETWORK_MEMBERS_METADATA, {
  'network.acls': async (subject, { facts }) => {
    const acls = await facts.network.acls();
    const governing = acls.filter(({ IsDefault, Associations = [] }) => IsDefault || Associations.length > 0);
    if (governing.length === 0) throw new Unanswered(`EC2 knows no network ACL of ${vpcOf(subject)}`);
    return finding(
      // An ACL lets nobody in whom the security groups keep out. Firewall Manager may place its own ("Network ACL policies").
      // Whom an operator refuses beside tenant and cell never comes here: an attacker's addresses.
      governing.flatMap((acl) =>
        refusing(acl, ({ CidrBlock }) => CidrBlock !== undefined && meets(CidrBlock, subject)),
      ),
      `${governing.map(({ NetworkAclId }) => NetworkAclId).join(', ')} let all traffic of tenant and cell pass`,
    );
  },
  'network.groups': async ({ stacks }, { facts }) => {
    const [groups, endpoints] = await settled([facts.network.groups(), facts.network.endpoints()]);
    const own = stacks.network.outputs.DatabaseSecurityGroupId;
    // network.endpoints judges the endpoints of the VPC: the group of one that it accepts is as good.
    const ofEndpoints = endpoints.flatMap(({ Groups = [] }) => Groups.map(({ GroupId }) => GroupId));
    const others = groups.filter(
      ({ GroupId, GroupName }) => GroupId !== own && GroupName !== 'default' && !ofEndpoints.includes(GroupId),
    );
    return finding(
      [
        ...others.map(({ GroupId, GroupName }) => `security group ${GroupId} (${GroupName}) is in the VPC`),
        ...groups.filter(({ GroupName }) => GroupName === 'default').flatMap(changedRules),
      ],
      `only ${own} and the VPC’s default group`,
    );
  },
  'network.tags': async (subject, { facts }) => {
    const [resources, own] = await settled([facts.release.network(), ownResources(subject, facts)]);
    // The release tags each type that can have tags; an earlier one, fewer.
    const tagged = own.filter(({ type }) => propertiesOf(resources, `AWS::EC2::${type}`).Tags !== undefined);
    return finding(
      tagged.flatMap(({ id, Tags }) =>
        expectEqual(`the tag ${TENANT_TAG} of ${id}`, tagsOf(Tags)[TENANT_TAG], tenantIdOf(subject)),
      ),
      `${tagged.length} resources of the network have the tag ${tenantIdOf(subject)}`,
    );
  },
});
