import { settled } from '../../shared/settled';
import { type Check, checksOf, finding } from '../check';
import { answeredBy } from '../facts/private-zones';
import { associatedWith, nameServersOf } from '../facts/vpc-names';
import { VPC_NAMES_METADATA } from '../metadata/vpc-names';
import { vpcOf } from '../subject';

/** Who answers the names that the database asks for, and who is told of them. */
export const VPC_NAMES_CHECKS: readonly Check[] = checksOf(VPC_NAMES_METADATA, {
  'network.dns': async (subject, { facts }) => {
    const [vpcs, strange, zones] = await settled([
      facts.network.vpcsInSlot(),
      facts.lists.dhcpOptions(),
      facts.network.privateZones(),
    ]);
    const { DhcpOptionsId } = vpcs.find(({ VpcId }) => VpcId === vpcOf(subject)) ?? {};
    const itsOwn = strange.filter(({ optionsId }) => optionsId === DhcpOptionsId);
    return finding(
      [...nameServersOf(itsOwn, subject.placed), ...answeredBy(zones, subject.placed)],
      `the VPC has the DHCP options ${DhcpOptionsId}, and no private zone`,
    );
  },
  'network.resolver': async (subject, { facts }) => {
    const itsOwn = (await facts.lists.resolver()).filter(({ vpcId }) => vpcId === vpcOf(subject));
    return finding(
      associatedWith(itsOwn, subject.placed),
      'Route 53 Resolver answers the VPC as it answers every other',
    );
  },
});
