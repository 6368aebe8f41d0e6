import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { inAwsWords } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import { unlessNamed } from '../shared/unless';
import type { HostedZone } from './hosted-zone';
import { type Found, type Named, recordsAt, recordsOf } from './name-records';

/** A name that this call has claimed or found to be the tenant's. */
export interface ClaimedName {
  /** Id of Route 53's change, which is PENDING at first. */
  readonly changeId: string | undefined;
  /** False when an earlier attempt has made the records. */
  readonly created: boolean;
}

/** Sends one batch. @returns the id of the change */
async function change(
  { client, id: HostedZoneId }: HostedZone,
  Action: ChangeAction,
  records: readonly ResourceRecordSet[],
): Promise<string | undefined> {
  const Changes = records.map((ResourceRecordSet) => ({ Action, ResourceRecordSet }));
  const { ChangeInfo } = await client.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } }),
  );
  return ChangeInfo?.Id;
}

/** Route 53 refuses a batch as a whole when one record exists already, or is not as the batch says. */
const isRefusedBatch = (thrown: unknown): thrown is Error => isNamed(thrown, 'InvalidChangeBatch');

const occupied = (host: string, { records, owner }: Found, cause?: unknown) => {
  const types = records.map(({ Type }) => Type).join(', ');
  const whose = owner ? `tenant ${owner}` : 'nobody known to the platform';
  return new PlatformError(
    'NameOccupied',
    `the hosted zone has records (${types}) at ${host} that belong to ${whose}`,
    { cause },
  );
};

/**
 * Asks before anything is built whether the tenant can have its name.
 *
 * @throws PlatformError `NameOccupied` when the zone has a record at the host that does not belong to
 * the tenant
 */
export async function requireFreeName(zone: HostedZone | undefined, { host, tenantId }: Named): Promise<void> {
  if (!zone) return;
  const found = await recordsAt(zone, host);
  if (found.records.length > 0 && found.owner !== tenantId) throw occupied(host, found);
}

/**
 * Makes the tenant's records. A record that exists is never overwritten, with one exception: where
 * the TXT record names this tenant, an earlier attempt has made them, and they are led to the cell of
 * now.
 *
 * @returns undefined without a zone, and for a cell of an older release: a record made by hand leads
 * all names to it
 * @throws PlatformError `NameOccupied` when a record at the host does not belong to the tenant
 */
export async function claimName(
  zone: HostedZone | undefined,
  tenant: Named,
  cell: CellDescriptor,
): Promise<ClaimedName | undefined> {
  const records = recordsOf(tenant, cell);
  if (!zone || !records) return undefined;
  try {
    return { changeId: await change(zone, 'CREATE', records), created: true };
  } catch (thrown) {
    if (!isRefusedBatch(thrown)) throw thrown;
    const found = await recordsAt(zone, tenant.host);
    if (found.records.length === 0) throw thrown;
    if (found.owner !== tenant.tenantId) throw occupied(tenant.host, found, thrown);
    return { changeId: await change(zone, 'UPSERT', records), created: false };
  }
}

/** Removes exactly the records that `claimName` makes for this cell. @returns whether they were there */
export async function withdrawName(
  zone: HostedZone | undefined,
  tenant: Named,
  cell: CellDescriptor,
): Promise<boolean> {
  const records = recordsOf(tenant, cell);
  if (!zone || !records) return false;
  try {
    await change(zone, 'DELETE', records);
    return true;
  } catch (thrown) {
    if (isRefusedBatch(thrown)) return false;
    throw thrown;
  }
}

/**
 * Removes all address and TXT records at the host, if the TXT record names the tenant. A load
 * balancer that was replaced, or an address that was changed by hand, does not keep the name.
 * Tolerates that there never was a record. Records of others stay.
 *
 * @returns whether there was a record of the tenant
 */
export async function removeName(zone: HostedZone | undefined, { host, tenantId }: Named): Promise<boolean> {
  if (!zone) return false;
  const { records, owner } = await recordsAt(zone, host);
  if (owner !== tenantId) return false;
  try {
    const own = records.filter(({ Type = '' }) => ['A', 'TXT'].includes(Type));
    await change(zone, 'DELETE', own);
    return true;
  } catch (thrown) {
    if (!isRefusedBatch(thrown)) throw thrown;
    throw new PlatformError('TransientConflict', `the records at ${host} are not deleted: ${inAwsWords(thrown)}`, {
      cause: thrown,
    });
  }
}

/**
 * Asks whether all name servers of Route 53 know the change. The function does not wait: the state
 * machine asks again, 20 times with full jitter: 962 s at most, 481 s on average.
 *
 * "GetChange": PENDING until the change has reached all Route 53 DNS servers, then INSYNC; generally
 * within 60 seconds. A change that Route 53 has forgotten is days old.
 *
 * @throws PlatformError `TransientNotYetVisible` while the change is PENDING
 */
export async function requireResolving(zone: HostedZone | undefined, changeId: string | undefined): Promise<void> {
  if (!zone || !changeId) return;
  const change = await unlessNamed(zone.client.send(new GetChangeCommand({ Id: changeId })), 'NoSuchChange');
  if (!change || change.ChangeInfo?.Status === 'INSYNC') return;
  throw new PlatformError('TransientNotYetVisible', `change ${changeId} has not reached all name servers of Route 53`);
}
