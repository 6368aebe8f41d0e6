import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from '@aws-sdk/client-kms';
import { GetResourcesCommand, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { TENANT_TAG, tenantNames } from '../../contract/naming';

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
    if (thrown instanceof Error && thrown.name === 'NotFoundException') return undefined;
    throw thrown;
  }
}

export const keyByAlias = (kms: KeyFinder['kms'], tenantId: string) => describeKey(kms, tenantNames.keyAlias(tenantId));

/**
 * The tenant's keys by their tag: what a crash between CreateKey and CreateAlias has left. One request, whatever the number
 * of tenants; the index behind it is eventually consistent ("GetResources").
 */
export async function keysByTag({ kms, tagging }: KeyFinder, tenantId: string): Promise<KeyMetadata[]> {
  const { ResourceTagMappingList } = await tagging.send(
    new GetResourcesCommand({
      ResourceTypeFilters: ['kms:key'],
      TagFilters: [{ Key: TENANT_TAG, Values: [tenantId] }],
    }),
  );
  const arns = (ResourceTagMappingList ?? []).flatMap(({ ResourceARN }) => ResourceARN ?? []);
  const keys = await Promise.all(arns.map((arn) => describeKey(kms, arn)));
  return keys.filter((key) => key !== undefined);
}
