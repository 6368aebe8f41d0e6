import { paginateGetResources, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { TENANT_TAG } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce } from './reading';

export interface TaggedFacts {
  /**
   * ARNs of the resources with the tenant's tag, whatever service they are of. The index of tags
   * learns of a resource late, and knows no roles and users ("GetResources"): what is missing here
   * may exist.
   */
  readonly arns: () => Promise<readonly string[]>;
}

export const taggedFacts = (client: ResourceGroupsTaggingAPIClient, subject: Subject): TaggedFacts => ({
  arns: readOnce(async () => {
    const TagFilters = [{ Key: TENANT_TAG, Values: [tenantIdOf(subject)] }];
    const found = await everyItem(
      paginateGetResources({ client }, { TagFilters }),
      (page) => page.ResourceTagMappingList,
    );
    return found.flatMap(({ ResourceARN }) => ResourceARN ?? []);
  }),
});
