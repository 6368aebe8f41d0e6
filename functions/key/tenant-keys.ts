import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from '@aws-sdk/client-kms';
import { GetResourcesCommand, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG, tenantNames } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { everyItem, pages } from '../shared/paging';

export interface KeyFinder {
  readonly kms: Pick<KMSClient, 'send'>;
  readonly tagging: Pick<ResourceGroupsTaggingAPIClient, 'send'>;
}

/** Works for an alias name too ("DescribeKey"). @returns undefined where there is no such key or alias */
export async function describeKey(kms: KeyFinder['kms'], keyId: string): Promise<KeyMetadata | undefined> {
  try {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    return KeyMetadata;
  } catch (thrown) {
    if (isNamed(thrown, 'NotFoundException')) return undefined;
    throw thrown;
  }
}

export const keyByAlias = (kms: KeyFinder['kms'], tenantId: string) => describeKey(kms, tenantNames.keyAlias(tenantId));

/**
 * The tenant's keys by their tag: what a crash between CreateKey and CreateAlias has left. The number of requests does not
 * depend on the number of tenants. A page may be empty although more follow ("GetResources").
 */
export async function keysByTag({ kms, tagging }: KeyFinder, tenantId: string): Promise<KeyMetadata[]> {
  const wanted = { ResourceTypeFilters: ['kms:key'], TagFilters: [{ Key: TENANT_TAG, Values: [tenantId] }] };
  const ask = (PaginationToken?: string) => tagging.send(new GetResourcesCommand({ ...wanted, PaginationToken }));
  const found = await everyItem(
    pages(ask, (page) => page.PaginationToken),
    (page) => page.ResourceTagMappingList,
  );
  const arns = found.flatMap(({ ResourceARN }) => ResourceARN ?? []);
  const keys = await Promise.all(arns.map((arn) => describeKey(kms, arn)));
  return keys.filter((key) => key !== undefined);
}

/** How long a key may be hidden from the tag index, which is eventually consistent, after it was made; milliseconds. */
export const INDEX_LAG = 30_000;

/**
 * Waits out the index's lag before it is believed that there is no key.
 *
 * @throws PlatformError `TransientNotYetVisible` while a key that was requested then may still be hidden
 */
export function requireIndexed(tenantId: string, requestedAt: Date, now: Date): void {
  if (now.getTime() - requestedAt.getTime() >= INDEX_LAG) return;
  throw new PlatformError(
    'TransientNotYetVisible',
    `tenant ${tenantId} may have a key that the tag index does not show yet`,
  );
}

export const isUsable = ({ KeyState }: KeyMetadata) => KeyState === 'Enabled' || KeyState === 'Disabled';
