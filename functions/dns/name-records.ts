import {
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsResponse,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import type { CellDescriptor } from '../contract/cell';
import type { Tenant } from '../contract/tenant';
import { pages } from '../shared/paging';
import type { HostedZone } from './hosted-zone';

export type Named = Pick<Tenant, 'tenantId' | 'host'>;

/** Begins the value of the TXT record that says whose name it is. */
const OWNER = 'tenant-onboarding tenantId=';
const OWNER_VALUE = new RegExp(`^"${OWNER}([0-9a-z]+)"$`);

/** Seconds that a resolver may keep the TXT record, which no visitor asks for. */
const OWNER_TTL = 300;

const addressOf = (cell: CellDescriptor) => {
  const { loadBalancerDnsName: DNSName, loadBalancerZoneId: HostedZoneId } = cell;
  // A name whose targets are all unhealthy must still lead to the load balancer and its error page.
  return DNSName && HostedZoneId ? { DNSName, HostedZoneId, EvaluateTargetHealth: false } : undefined;
};

/**
 * The two records of a tenant's name: an alias to the load balancer of its cell, and a TXT record
 * with the tenant's id. Records have no tags, so the TXT record says whose name it is. Both are made
 * and removed in one batch, which Route 53 applies as a whole or not at all
 * ("ChangeResourceRecordSets").
 *
 * @returns undefined for a cell whose descriptor is of an older release
 */
export function recordsOf({ host, tenantId }: Named, cell: CellDescriptor): ResourceRecordSet[] | undefined {
  const AliasTarget = addressOf(cell);
  if (!AliasTarget) return undefined;
  return [
    { Name: host, Type: 'A', AliasTarget },
    { Name: host, Type: 'TXT', TTL: OWNER_TTL, ResourceRecords: [{ Value: `"${OWNER}${tenantId}"` }] },
  ];
}

/** @returns the id of the tenant whose name it is, if this is the TXT record that says so */
export function ownerIn({ Type, ResourceRecords = [] }: ResourceRecordSet): string | undefined {
  if (Type !== 'TXT') return undefined;
  return ResourceRecords.map(({ Value = '' }) => OWNER_VALUE.exec(Value)?.[1]).find(Boolean);
}

/** Names of Route 53 end with a dot. */
export const hostIn = ({ Name = '' }: ResourceRecordSet): string => Name.replace(/\.$/, '');

/** What the zone has under a name. `owner`: the tenant whose name it is, if a TXT record says so. */
export interface Found {
  readonly records: readonly ResourceRecordSet[];
  readonly owner: string | undefined;
}

/** More than the types of record that one name can have in practice. */
const OF_ONE_NAME = 20;

/** Reads the records of one name. The list begins at that name and goes on with the next ones. */
export async function recordsAt(zone: HostedZone, host: string): Promise<Found> {
  const { ResourceRecordSets = [] } = await zone.client.send(
    new ListResourceRecordSetsCommand({ HostedZoneId: zone.id, StartRecordName: host, MaxItems: OF_ONE_NAME }),
  );
  const records = ResourceRecordSets.filter((record) => hostIn(record) === host);
  return { records, owner: records.map(ownerIn).find(Boolean) };
}

/** A page that is not the last one says where the next one begins. */
type Page = ListResourceRecordSetsResponse;

/** All records of the zone, page by page. */
export async function* everyRecord({ client, id: HostedZoneId }: HostedZone): AsyncGenerator<ResourceRecordSet> {
  const ask = async (before?: Page) => {
    const page = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId,
        StartRecordName: before?.NextRecordName,
        StartRecordType: before?.NextRecordType,
      }),
    );
    return { records: page.ResourceRecordSets ?? [], next: page.IsTruncated ? page : undefined };
  };
  for await (const { records } of pages(ask, 'next')) yield* records;
}
