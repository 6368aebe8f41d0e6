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
import { everyItem } from '../../shared/paging';
import { parsePolicy, type Statement } from '../policy-document';
import type { Subject } from '../subject';
import { readOnce, type Tags, tagsOf } from './reading';

export interface KeyFacts {
  readonly metadata: () => Promise<KeyMetadata | undefined>;
  readonly tags: () => Promise<Tags>;
  readonly rotates: () => Promise<boolean>;
  readonly policy: () => Promise<readonly Statement[]>;
  readonly grants: () => Promise<readonly GrantListEntry[]>;
  readonly aliases: () => Promise<readonly (string | undefined)[]>;
}

export function keyFacts(client: KMSClient, { key }: Subject): KeyFacts {
  const KeyId = key.keyArn;
  return {
    metadata: readOnce(async () => (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata),
    tags: readOnce(async () => {
      const { Tags } = await client.send(new ListResourceTagsCommand({ KeyId }));
      return tagsOf(Tags?.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })));
    }),
    rotates: readOnce(
      async () => (await client.send(new GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled === true,
    ),
    policy: readOnce(async () => {
      const { Policy = '' } = await client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
      return parsePolicy(Policy);
    }),
    grants: readOnce(() => everyItem(paginateListGrants({ client }, { KeyId }), (page) => page.Grants)),
    aliases: readOnce(async () => {
      const aliases = await everyItem(paginateListAliases({ client }, { KeyId }), (page) => page.Aliases);
      return aliases.map(({ AliasName }) => AliasName);
    }),
  };
}
