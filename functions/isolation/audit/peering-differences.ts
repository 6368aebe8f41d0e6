import type { VpcPeeringConnection } from '@aws-sdk/client-ec2';
import type { CellDescriptor } from '../../contract/cell';
import type { Registered } from './census';

/**
 * Holds the living peerings of cells against the slots of tenants. `cell.network` asks whether a peering is with a block of
 * the tenants' range: a stranger's VPC may have taken the block of a slot that no tenant has.
 *
 * @param peerings of the account
 * @returns a sentence for each peering with a block of no tenant, or with a block that another peering has
 */
export function peeringDifferences(
  peerings: readonly VpcPeeringConnection[],
  cells: readonly Pick<CellDescriptor, 'vpcId' | 'name'>[],
  registered: readonly Registered[],
): string[] {
  const blocks = new Set(registered.flatMap(({ cidr }) => cidr ?? []));
  const taken = new Set<string | undefined>();
  return peerings.flatMap(({ VpcPeeringConnectionId: id, Status, RequesterVpcInfo, AccepterVpcInfo }) => {
    const cell = cells.find(({ vpcId }) => vpcId === AccepterVpcInfo?.VpcId);
    if (!cell || Status?.Code !== 'active') return [];
    const { CidrBlock: block, VpcId: vpc } = RequesterVpcInfo ?? {};
    const isSecond = taken.has(block);
    taken.add(block);
    if (isSecond) return [`peering ${id} of cell ${cell.name} is a second one with the block ${block}, of ${vpc}`];
    return block !== undefined && blocks.has(block)
      ? []
      : [`peering ${id} of cell ${cell.name} is with the block ${block} of ${vpc}, which no tenant has`];
  });
}
