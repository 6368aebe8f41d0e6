import { ListResourceRecordSetsCommand, type ListResourceRecordSetsResponse } from '@aws-sdk/client-route-53';
import type { HostedZone } from '../dns/hosted-zone';
import { hostIn, ownerIn } from '../dns/name-records';
import { removeName } from '../dns/tenant-name';
import { pages } from '../shared/paging';
import type { LeftoverKind } from './leftovers';

/** Where a page of records begins: the next name and type. */
type From = Pick<ListResourceRecordSetsResponse, 'NextRecordName' | 'NextRecordType'>;

/** DNS records whose TXT record names a tenant; all others in the zone are not the platform's. */
export const nameLeftovers = (zone: HostedZone): LeftoverKind => ({
  kind: 'name',
  list: async function* () {
    const ask = (from?: From) =>
      zone.client.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: zone.id,
          StartRecordName: from?.NextRecordName,
          StartRecordType: from?.NextRecordType,
        }),
      );
    for await (const { ResourceRecordSets = [] } of pages<ListResourceRecordSetsResponse, From>(ask, (page) =>
      page.IsTruncated ? page : undefined,
    )) {
      for (const record of ResourceRecordSets) {
        const tenantId = ownerIn(record);
        if (tenantId) yield { tenantId, id: hostIn(record) };
      }
    }
  },
  remove: async ({ tenantId, id }) => {
    await removeName(zone, { tenantId, host: id });
  },
});
