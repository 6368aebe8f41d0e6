import { settled } from '../../shared/settled';
import type { CellFacts } from './cell-facts';

/** What answers the names of a cell's hosts in place of AWS's own name server and public names, or is told of them. */
export async function dnsViolations(facts: CellFacts): Promise<string[]> {
  const [servers, zones, associations] = await settled([
    facts.strangeNameServers(),
    facts.privateZones(),
    facts.resolverAssociations(),
  ]);
  return [
    ...servers,
    // The zone of an interface endpoint is its service's ("HostedZoneOwner").
    ...zones
      .filter(({ Owner }) => !Owner?.OwningService)
      .map(
        ({ HostedZoneId, Name, Owner }) =>
          `private zone ${HostedZoneId} of ${Owner?.OwningAccount} answers for ${Name}`,
      ),
    ...associations,
  ];
}
