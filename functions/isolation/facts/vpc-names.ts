import { type EC2Client, paginateDescribeDhcpOptions } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { PlacedByOrganization } from '../../contract/placed-by-organization';
import { everyItem } from '../../shared/paging';

/** DHCP options by which hosts ask another name server than AWS's own. */
export const StrangeOptionsSchema = z.object({ optionsId: z.string(), servers: z.array(z.string()) });
export type StrangeOptions = z.output<typeof StrangeOptionsSchema>;

/** What changes how Route 53 Resolver answers a VPC's hosts, or tells others what they ask for, as a part of a sentence. */
export const ResolverAssociationSchema = z.object({ vpcId: z.string(), id: z.string(), what: z.string() });
export type ResolverAssociation = z.output<typeof ResolverAssociationSchema>;

/** Violations by associations with a VPC. @param nameServices what the organization places, by id */
export const associatedWith = (
  associations: readonly ResolverAssociation[],
  { nameServices }: PlacedByOrganization,
): string[] => associations.filter(({ id }) => !nameServices.includes(id)).map(({ what }) => what);

const DNS_OF_AWS = 'AmazonProvidedDNS';

/** Such options of the account, whichever VPC has them: few accounts have others than AWS's default. */
export async function strangeDhcpOptions(client: EC2Client): Promise<StrangeOptions[]> {
  const all = await everyItem(paginateDescribeDhcpOptions({ client }, {}), (page) => page.DhcpOptions);
  return all
    .map(({ DhcpOptionsId: optionsId = '', DhcpConfigurations = [] }) => ({
      optionsId,
      servers: DhcpConfigurations.filter(({ Key }) => Key === 'domain-name-servers')
        .flatMap(({ Values = [] }) => Values.map(({ Value = '' }) => Value))
        .filter((server) => server !== DNS_OF_AWS),
    }))
    .filter(({ servers }) => servers.length > 0);
}

/** Violations where a VPC has such options. @param nameServices what the organization places, by id */
export const nameServersOf = (options: readonly StrangeOptions[], { nameServices }: PlacedByOrganization): string[] =>
  options
    .filter(({ optionsId }) => !nameServices.includes(optionsId))
    .flatMap(({ optionsId, servers }) =>
      servers.map((server) => `options ${optionsId} name the name server ${server}`),
    );
