import type { HostedZone } from '../dns/hosted-zone';
import { everyRecord, hostIn, ownerIn } from '../dns/name-records';
import { removeName } from '../dns/tenant-name';
import type { LeftoverKind } from './leftovers';

/** DNS records whose TXT record names a tenant; all others in the zone are not the platform's. */
export const nameLeftovers = (zone: HostedZone): LeftoverKind => ({
  kind: 'name',
  list: async function* () {
    for await (const record of everyRecord(zone)) {
      const tenantId = ownerIn(record);
      if (tenantId) yield { tenantId, id: hostIn(record) };
    }
  },
  remove: async ({ tenantId, id }) => {
    await removeName(zone, { tenantId, host: id });
  },
});
