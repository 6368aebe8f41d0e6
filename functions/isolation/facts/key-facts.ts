import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type GrantListEntry,
  type KeyMetadata,
  type KMSClient,
  ListResourceTagsCommand,
  paginateListAliases,
  paginateListGrants,
} from '@aws-sdk/client-kms';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import { organizationOf } from '../../key/organization';
import { everyItem } from '../../shared/paging';
import { parsePolicy, type Statement } from '../policy-document';
import type { Subject } from '../subject';
import { readOnce, type Tags, tagsOf } from './reading';

export interface Rotation {
  readonly enabled: boolean;
  /** 365 unless somebody has chosen another period. */
  readonly periodDays: number | undefined;
}

export interface KeyFacts {
  readonly metadata: () => Promise<KeyMetadata | undefined>;
  readonly tags: () => Promise<Tags>;
  readonly rotation: () => Promise<Rotation>;
  readonly policy: () => Promise<readonly Statement[]>;
  readonly grants: () => Promise<readonly GrantListEntry[]>;
  readonly aliases: () => Promise<readonly (string | undefined)[]>;
  /** Id of the account's organization; undefined where it is in none. */
  readonly organization: () => Promise<string | undefined>;
}

/** The organization is asked for once in the life of a process, as CreateTenantKey does. */
const organizations = new WeakMap<OrganizationsClient, () => Promise<string | undefined>>();

function organizationBy(client: OrganizationsClient, configured?: string): () => Promise<string | undefined> {
  const asked = organizations.get(client) ?? organizationOf(client, configured);
  organizations.set(client, asked);
  return asked;
}

export function keyFacts(
  client: KMSClient,
  organizationsClient: OrganizationsClient,
  { key, organizationId }: Subject,
): KeyFacts {
  const KeyId = key.keyArn;
  return {
    metadata: readOnce(async () => (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata),
    tags: readOnce(async () => {
      const { Tags } = await client.send(new ListResourceTagsCommand({ KeyId }));
      return tagsOf(Tags?.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })));
    }),
    rotation: readOnce(async () => {
      const { KeyRotationEnabled, RotationPeriodInDays } = await client.send(
        new GetKeyRotationStatusCommand({ KeyId }),
      );
      return { enabled: KeyRotationEnabled === true, periodDays: RotationPeriodInDays };
    }),
    policy: readOnce(async () => {
      const { Policy = '' } = await client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
      return parsePolicy(Policy);
    }),
    grants: readOnce(() => everyItem(paginateListGrants({ client }, { KeyId }), (page) => page.Grants)),
    aliases: readOnce(async () => {
      const aliases = await everyItem(paginateListAliases({ client }, { KeyId }), (page) => page.Aliases);
      return aliases.map(({ AliasName }) => AliasName);
    }),
    organization: readOnce(organizationBy(organizationsClient, organizationId)),
  };
}
