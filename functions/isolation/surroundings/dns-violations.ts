import type { PlacedByOrganization } from '../../contract/placed-by-organization';
import { settled } from '../../shared/settled';
import { answeredBy } from '../facts/private-zones';
import { associatedWith, nameServersOf } from '../facts/vpc-names';
import type { CellFacts } from './cell-facts';

/** What answers the names of a cell's hosts in place of AWS's own name server and public names, or is told of them. */
export async function dnsViolations(facts: CellFacts, placed: PlacedByOrganization): Promise<string[]> {
  const [strange, zones, associations] = await settled([
    facts.strangeOptions(),
    facts.privateZones(),
    facts.resolverAssociations(),
  ]);
  return [...nameServersOf(strange, placed), ...answeredBy(zones, placed), ...associatedWith(associations, placed)];
}
