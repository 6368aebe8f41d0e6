import { namesAnswered, namesForwarded, namesTold } from '../name-changes';
import type { SharedTechnique } from '../surroundings-target';
import { STRANGER } from '../technique';

const forwarding = (name: string, domain: string, type?: 'SYSTEM'): SharedTechnique => ({
  name,
  check: 'cell.dns',
  detonate: ({ surroundings: { cell }, root: { resolver } }) => namesForwarded(resolver, cell.vpcId, domain, type),
});

const logging = (name: string, destinationArn: string): SharedTechnique => ({
  name,
  check: 'cell.dns',
  detonate: ({ surroundings: { cell }, root: { resolver } }) => namesTold(resolver, cell.vpcId, destinationArn),
});

/** How a cell's hosts are led elsewhere, or listened to, by Route 53 Resolver. */
export const CELL_RESOLVER_TECHNIQUES: readonly SharedTechnique[] = [
  forwarding('forward the databases’ names to a stranger’s name server', 'eu-central-1.rds.amazonaws.com'),
  forwarding('forward every name to a stranger’s name server', '.'),
  forwarding('hide a private zone’s names behind a system rule', 'amazonaws.com', 'SYSTEM'),
  logging('tell a stranger’s bucket what the cell’s hosts ask for', 'arn:aws:s3:::theirs'),
  logging(
    'tell a stranger’s log group what the cell’s hosts ask for',
    `arn:aws:logs:eu-central-1:${STRANGER}:log-group:/theirs`,
  ),
  {
    name: 'let a DNS Firewall answer the cell’s hosts',
    check: 'cell.dns',
    detonate: ({ surroundings: { cell }, root: { resolver } }) => namesAnswered(resolver, cell.vpcId),
  },
];
