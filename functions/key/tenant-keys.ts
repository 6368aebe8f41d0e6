import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from '@aws-sdk/client-kms';
import { GetResourcesCommand, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG, tenantNames } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { everyItem, pages } from '../shared/paging';
import { settled } from '../shared/settled';
import { unlessNamed } from '../shared/unless';

export interface KeyFinder {
  readonly kms: Pick<KMSClient, 'send'>;
  readonly tagging: Pick<ResourceGroupsTaggingAPIClient, 'send'>;
}

/**
 * @param keyId a key's id, ARN or alias ("DescribeKey")
 * @returns undefined when there is no such key
 */
export async function describeKey(kms: KeyFinder['kms'], keyId: string): Promise<KeyMetadata | undefined> {
  const described = kms.send(new DescribeKeyCommand({ KeyId: keyId }));
  return (await unlessNamed(described, 'NotFoundException'))?.KeyMetadata;
}

export const keyByAlias = (kms: KeyFinder['kms'], tenantId: string) => describeKey(kms, tenantNames.keyAlias(tenantId));

/**
 * The tenant's keys, found by their tag. A crash between CreateKey and CreateAlias leaves a key
 * without an alias. The number of requests does not depend on the number of tenants. A page may be
 * empty although more pages follow ("GetResources").
 */
export async function keysByTag({ kms, tagging }: KeyFinder, tenantId: string): Promise<KeyMetadata[]> {
  const wanted = { ResourceTypeFilters: ['kms:key'], TagFilters: [{ Key: TENANT_TAG, Values: [tenantId] }] };
  const ask = (PaginationToken?: string) => tagging.send(new GetResourcesCommand({ ...wanted, PaginationToken }));
  const found = await everyItem(pages(ask, 'PaginationToken'), (page) => page.ResourceTagMappingList);
  const arns = found.flatMap(({ ResourceARN }) => ResourceARN ?? []);
  const keys = await settled(arns.map((arn) => describeKey(kms, arn)));
  return keys.filter((key) => key !== undefined);
}

/**
 * What KMS answers while it does not show everywhere what was just changed ("AWS KMS eventual
 * consistency"): it does not know a new key, takes an enabled key for disabled, or does not know a
 * principal of a policy, because IAM shows a new role later.
 */
const NOT_YET = ['NotFoundException', 'DisabledException', 'MalformedPolicyDocumentException'];

/**
 * For calls about the tenant's own key, which this execution has made or found.
 *
 * @throws PlatformError `TransientNotYetVisible` in KMS's own words: what does not pass fails the run
 * with them
 */
export async function onceKnown<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (!isNamed(thrown, ...NOT_YET)) throw thrown;
    throw new PlatformError('TransientNotYetVisible', `${thrown.name}: ${thrown.message}`, { cause: thrown });
  }
}

/**
 * How long the tag index may not show a new key, milliseconds. AWS names no bound. A second key that
 * comes of a longer lag is an orphan, and reported.
 */
export const INDEX_LAG = 120_000;

/**
 * Checks that the tag index has had the time to show a key that was requested.
 *
 * @throws PlatformError `TransientNotYetVisible` while the index may not show the key yet
 */
export function requireIndexed(tenantId: string, requestedAt: Date, now: Date): void {
  if (now.getTime() - requestedAt.getTime() >= INDEX_LAG) return;
  throw new PlatformError(
    'TransientNotYetVisible',
    `tenant ${tenantId} may have a key that the tag index does not show yet`,
  );
}

export const isUsable = ({ KeyState }: KeyMetadata) => KeyState === 'Enabled' || KeyState === 'Disabled';
