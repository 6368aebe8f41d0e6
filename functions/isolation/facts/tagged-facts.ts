import { DescribeKeyCommand, type KeyMetadata, type KMSClient } from '@aws-sdk/client-kms';
import { paginateGetResources, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { TENANT_TAG } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce } from './reading';

export interface TaggedFacts {
  /**
   * ARNs of the resources with the tenant's tag, whatever service they are of. The index of tags
   * learns of a resource late, and knows no roles and users ("GetResources"): what is missing here
   * may exist.
   */
  readonly arns: () => Promise<readonly string[]>;
  /** The keys among them that are not the tenant's own. */
  readonly keys: () => Promise<readonly KeyMetadata[]>;
}

export function taggedFacts(client: ResourceGroupsTaggingAPIClient, kms: KMSClient, subject: Subject): TaggedFacts {
  const arns = readOnce(async () => {
    const TagFilters = [{ Key: TENANT_TAG, Values: [tenantIdOf(subject)] }];
    const found = await everyItem(
      paginateGetResources({ client }, { TagFilters }),
      (page) => page.ResourceTagMappingList,
    );
    return found.flatMap(({ ResourceARN }) => ResourceARN ?? []);
  });
  return {
    arns,
    keys: readOnce(async () => {
      const others = (await arns()).filter((arn) => /^arn:aws:kms:.*:key\//.test(arn) && arn !== subject.key.keyArn);
      const described = await settled(others.map((KeyId) => kms.send(new DescribeKeyCommand({ KeyId }))));
      return described.flatMap(({ KeyMetadata }) => KeyMetadata ?? []);
    }),
  };
}
