import {
  type HostedZoneSummary,
  ListHostedZonesByVPCCommand,
  type Route53Client,
  VPCRegion,
} from '@aws-sdk/client-route-53';
import type { PlacedByOrganization } from '../../contract/placed-by-organization';
import { everyItem, pages } from '../../shared/paging';
import { Unanswered } from '../check';

/**
 * Hosted zones that answer a VPC's hosts in place of the public ones, of whichever account ("ListHostedZonesByVPC").
 *
 * @throws Unanswered in a Region that Route 53 does not know
 */
export async function privateZonesOf(
  client: Route53Client,
  { vpcId, region }: { readonly vpcId: string; readonly region: string },
): Promise<HostedZoneSummary[]> {
  const known = Object.values(VPCRegion).find((each) => each === region);
  if (!known) throw new Unanswered(`Route 53 lists no private zones of ${region}`);
  const ask = (NextToken?: string) =>
    client.send(new ListHostedZonesByVPCCommand({ VPCId: vpcId, VPCRegion: known, NextToken }));
  return await everyItem(pages(ask, 'NextToken'), (page) => page.HostedZoneSummaries);
}

/** Violations by such zones. That of an interface endpoint is its service's ("HostedZoneOwner"). */
export const answeredBy = (zones: readonly HostedZoneSummary[], { nameServices }: PlacedByOrganization): string[] =>
  zones
    .filter(({ Owner, HostedZoneId = '' }) => !Owner?.OwningService && !nameServices.includes(HostedZoneId))
    .map(
      ({ HostedZoneId, Name, Owner }) => `private zone ${HostedZoneId} of ${Owner?.OwningAccount} answers for ${Name}`,
    );
